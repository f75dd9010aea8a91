//! Which workers there are, and what they are doing, as a program is told.

use std::collections::BTreeSet;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::time::Duration;

use parcell::{Manager, Pool, Process, WorkerInfo, WorkerKind, WorkerState, workers};
use rstest::rstest;

use crate::notebook::connect;
use crate::support::{is_program, program, until};

/// Runs the body of the test `name` as a program, whose workers are its own; what it has printed.
fn run(name: &str) -> Vec<u8> {
    let output = program(name).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

fn of_pid(pid: u32) -> WorkerInfo {
    workers().into_iter().find(|worker| worker.pid == pid).unwrap()
}

fn ended(exit_code: i32, stopped: bool) -> WorkerState {
    WorkerState::Ended {
        exit_code: Some(exit_code),
        stopped,
    }
}

const ITEMS: &str = "workers::the_workers_of_a_map_are_seen_with_their_items_and_in_the_end_with_what_they_used";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn the_workers_of_a_map_are_seen_with_their_items_and_in_the_end_with_what_they_used() {
    if !is_program(ITEMS) {
        run(ITEMS);
        return;
    }
    assert!(workers().is_empty());
    let (reader, writer) = pipe().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| watch_items(writer));
        let pool = Pool::builder().workers(2).chunk_size(1).allow_threads(true).build();
        pool.for_each(
            |item: u32| {
                while item == 2 && !has_more(&reader) {
                    std::hint::spin_loop();
                }
                (&reader).read_exact(&mut [0]).unwrap();
            },
            0..3,
        );
    });
    let done = workers();
    assert_eq!(done.len(), 2);
    assert_eq!(done.iter().map(|worker| worker.tasks.unwrap()).sum::<u64>(), 3);
    for worker in &done[..] {
        assert_eq!((worker.kind, worker.state), (WorkerKind::Pool, ended(0, false)));
        assert!(
            worker.name.starts_with("PoolWorker-") && worker.memory > 64 * 1024,
            "{worker:?}"
        );
    }
    assert!(done.iter().any(|worker| worker.cpu > Duration::ZERO));
    // Those of the next map take their places.
    Pool::builder()
        .workers(1)
        .allow_threads(true)
        .build()
        .for_each(|_| (), 0..1);
    assert_eq!(workers().len(), 1);
}

/// Sees what two workers of a map over three items do, each of which waits for a byte.
fn watch_items(mut writer: PipeWriter) {
    let items = |state: fn(&WorkerState) -> Option<usize>| -> BTreeSet<usize> {
        workers().iter().filter_map(|worker| state(&worker.state)).collect()
    };
    // Both wait for a byte.
    until(|| {
        let waiting = items(|state| match state {
            WorkerState::Waiting { item } => *item,
            _ => None,
        });
        waiting == BTreeSet::from([0, 1])
    });
    writer.write_all(&[1]).unwrap();
    // One goes on with the next, and computes until there is another byte.
    until(|| {
        let running = items(|state| match state {
            WorkerState::Running { item } => *item,
            _ => None,
        });
        running == BTreeSet::from([2])
    });
    assert_eq!(workers().iter().map(|worker| worker.tasks.unwrap()).sum::<u64>(), 1);
    writer.write_all(&[2, 3]).unwrap();
}

fn has_more(reader: &PipeReader) -> bool {
    let mut fds = [rustix::event::PollFd::new(reader, rustix::event::PollFlags::IN)];
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    rustix::event::poll(&mut fds, Some(&now)).unwrap() > 0
}

const ENDS: &str = "workers::how_a_worker_has_ended_is_told";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn how_a_worker_has_ended_is_told() {
    if !is_program(ENDS) {
        run(ENDS);
        return;
    }
    let pool = Pool::builder().workers(2).chunk_size(1).build();
    let results = pool.map_results(|item: u32| if item == 1 { std::process::abort() } else { item }, 0..2);
    assert!(results[1].is_err());
    let states: Vec<_> = workers().iter().map(|worker| worker.state).collect();
    assert!(
        states.contains(&ended(-libc::SIGABRT, false)) && states.contains(&ended(0, false)),
        "{states:?}"
    );
    // The worker that waits is stopped with the map.
    let stopped = pool.try_map(
        |item: u32| {
            if item == 1 {
                Err("no")
            } else {
                loop {
                    std::thread::park()
                }
            }
        },
        0..2,
    );
    let stopped: Result<Vec<()>, _> = stopped;
    assert!(stopped.is_err());
    let states: Vec<_> = workers().iter().map(|worker| worker.state).collect();
    assert!(states.contains(&ended(-libc::SIGKILL, true)), "{states:?}");
    assert!(workers().to_string().contains("ended, stopped"));
}

const KINDS: &str = "workers::processes_daemons_and_managers_are_told_apart";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn processes_daemons_and_managers_are_told_apart() {
    if !is_program(KINDS) {
        run(KINDS);
        return;
    }
    let forever = || loop {
        std::thread::park();
    };
    let process: Process<()> = Process::builder().name("sleeper").spawn(forever);
    let daemon: Process<()> = Process::builder().daemon(true).spawn(forever);
    let manager = Manager::new().unwrap();
    let waiting = WorkerState::Waiting { item: None };
    until(|| of_pid(process.pid()).state == waiting && of_pid(daemon.pid()).state == waiting);
    let info = of_pid(process.pid());
    assert_eq!(
        (info.name.as_str(), info.kind, info.tasks),
        ("sleeper", WorkerKind::Process, None)
    );
    assert_eq!(of_pid(daemon.pid()).kind, WorkerKind::Daemon);
    let is_idle = |worker: &WorkerInfo| worker.kind == WorkerKind::Manager && worker.state == WorkerState::Idle;
    until(|| workers().iter().any(is_idle));
    process.kill();
    assert!(process.join().is_err());
    assert_eq!(of_pid(process.pid()).state, ended(-libc::SIGKILL, true));
    // A forked process has none of its parent's.
    let seen = Process::spawn(|| workers().len());
    assert_eq!(seen.join(), Ok(0));
    drop((daemon, manager));
    assert!(workers().iter().all(|worker| worker.state.has_ended()));
}

const SHOWN: &str = "workers::a_notebook_sees_the_table_change_while_it_waits";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_notebook_sees_the_table_change_while_it_waits() {
    if is_program(SHOWN) {
        let _kernel = connect();
        parcell::cell::workers();
        let sleep = |_: u32| std::thread::sleep(Duration::from_millis(1500));
        Pool::new(2).for_each(sleep, 0..2);
        Process::spawn(|| sleep(0)).join().unwrap();
        let queue = parcell::Queue::<u8>::new();
        assert!(queue.get_timeout(Duration::from_millis(700)).is_err());
        return;
    }
    let shown = crate::progress::displays(&run(SHOWN));
    assert!(shown.len() >= 4, "{shown:?}");
    let text = |index: usize| shown[index]["data"]["text/plain"].as_str().unwrap();
    assert_eq!(shown[0]["message"], "display_data");
    assert!(text(0).contains("no worker processes"));
    let has_item = |index: usize| text(index).starts_with("2 workers: ") && text(index).contains("waiting, item 1");
    assert!((1..shown.len()).any(has_item), "{shown:?}");
    for update in &shown[1..] {
        assert_eq!(
            (&update["message"], &update["display_id"]),
            (&"update_display_data".into(), &shown[0]["display_id"])
        );
        assert_eq!(update["metadata"]["parcell"]["transient"], true);
    }
    let last = text(shown.len() - 1);
    assert!(
        last.starts_with("3 workers: 3 ended") && last.contains("process, Process-1"),
        "{last}"
    );
}
