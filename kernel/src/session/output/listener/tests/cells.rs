//! Which cell what is printed belongs to, and what is said before a cell ends.

use super::*;

fn unattended(pid: u32) -> Worker {
    Worker {
        unattended: true,
        ..worker(pid)
    }
}

fn begin(session: &mut Session, cell: u64) {
    session.drain();
    session.listener.transcript.begin_cell(CellId(cell));
}

fn belongs<const COUNT: usize>(said: [(u64, &str); COUNT]) -> Vec<(u64, String)> {
    said.map(|(cell, text)| (cell, text.to_owned())).into()
}

#[test]
fn all_that_was_written_is_said_when_the_cell_ends() {
    let mut session = Session::new();
    let [out, _] = session.start(7);
    let [held, _] = session.start_as(grouped(8));
    session.print(out, "part");
    session.print(held, &(mark(9) + "nine\n"));
    session.print(OUT, "EVCXR_INPUT_REQUEST:no question\n");
    session.print(ERR, "a \u{e9}");
    session.drain();
    assert_eq!(
        session.said(),
        "a \u{e9}\n[pid 7] part\n[pid 8] nine\nEVCXR_INPUT_REQUEST:no question\n"
    );
    session.drain();
    assert_eq!(session.said(), "");
}

#[test]
fn a_worker_that_ends_while_the_cell_is_drained_has_everything_said() {
    let mut session = Session::new();
    let [out, err] = session.start(7);
    session.listener.hear_workers();
    session.print(OUT, "after\n");
    session.print(out, "of the worker\n");
    session.print(err, "its end");
    session.exit(7);
    // The news comes when news has been heard, and pipes are about to be read.
    session.listener.drain();
    assert_eq!(session.said(), "[pid 7] of the worker\n[pid 7] its end\nafter\n");
}

#[test]
fn a_process_of_an_earlier_cell_prints_for_the_cell_that_started_it() {
    let mut session = Session::new();
    let [out, _] = session.start(7);
    session.print(out, "1\nbeg");
    begin(&mut session, 2);
    assert_eq!(session.said_in_cells(), belongs([(1, "[pid 7] 1\n[pid 7] beg\n")]));
    session.print(out, "un\n");
    session.print(OUT, "2\n");
    session.turn();
    assert_eq!(session.said_in_cells(), belongs([(2, "2\n"), (1, "[pid 7] un\n")]));
    session.print(out, "the rest");
    session.exit(7);
    session.turn();
    assert_eq!(session.said_in_cells(), belongs([(1, "[pid 7] the rest\n")]));
}

#[test]
fn a_standing_worker_prints_for_the_cell_whose_task_it_has() {
    let mut session = Session::new();
    let [out, err] = session.start(7);
    begin(&mut session, 2);
    let moves = "EVCXR_BEGIN_CONTENT application/vnd.parcell.cell+json\n2\nEVCXR_END_CONTENT\n";
    session.print(out, &format!("first\npart{moves}second\n"));
    session.print(err, "still the first\n");
    session.turn();
    let expected = belongs([
        (1, "[pid 7] first\n[pid 7] part\n"),
        (2, "[pid 7] second\n"),
        (1, "[pid 7] still the first\n"),
    ]);
    assert_eq!(session.said_in_cells(), expected);
}

#[test]
fn the_end_of_a_process_that_nobody_waits_for_is_told_after_its_output_and_where_it_was_started() {
    let mut session = Session::new();
    let [out, _] = session.start_as(unattended(7));
    begin(&mut session, 2);
    session.print(out, "last");
    session.listener.inputs.ends.push((7, Some(Ending::Exited { code: 3 })));
    session.turn();
    let told = "[pid 7] last\n[pid 7] ended with exit code 3\n";
    assert_eq!(session.said_in_cells(), belongs([(1, told)]));
    // The notebook process comes to wait for it.
    let ending = Some(Ending::Exited { code: 3 });
    session.send(WorkerEvent::WorkerExited { pid: 7, ending });
    session.turn();
    assert_eq!(session.said(), "");
}

#[test]
fn a_process_that_somebody_waits_for_is_not_reported() {
    let mut session = Session::new();
    session.start(7);
    let ending = Some(Ending::Killed { signal: libc::SIGKILL });
    session.send(WorkerEvent::WorkerExited { pid: 7, ending });
    session.turn();
    assert_eq!(session.said(), "");
}

#[test]
fn what_a_process_that_nobody_waits_for_prints_for_days_is_left_out_and_told() {
    let mut session = Session::new();
    let [out, _] = session.start_as(unattended(7));
    session.turn();
    session.print(out, &"x\n".repeat(1 << 20));
    session.print(out, "more\n");
    session.turn();
    let said = session.said();
    assert!(said.contains("parcell: more than 1 MiB from a process"), "{said}");
    session.listener.inputs.ends.push((7, None));
    session.turn();
    let said = session.said();
    assert!(said.contains("not shown"), "{said}");
}
