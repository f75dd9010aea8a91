//! `Process`: its handle, its life, and what it sees.

use std::collections::BTreeSet;
use std::time::Duration;

use parcell::{Event, Process, TaskError};
use rstest::rstest;

use crate::support::{Survivors, assert_waited_for};

#[rstest]
#[timeout(Duration::from_secs(60))]
fn join_can_be_called_again() {
    let words = ["a".to_owned(), "b".to_owned()];
    let process = Process::spawn(|| words.join("+"));
    assert_eq!(process.join().as_deref(), Ok("a+b"));
    assert_eq!(process.join().as_deref(), Ok("a+b"));
    assert_eq!(process.join_timeout(Duration::ZERO), Some(Ok("a+b".to_owned())));
    assert!(!process.is_alive());
    assert_eq!(process.exit_code(), Some(0));
    assert_waited_for(process.pid());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn five_processes_run_side_by_side() {
    let processes: Vec<_> = (0..5u32)
        .map(|n| Process::spawn(move || (n, std::process::id())))
        .collect();
    let results: Vec<_> = processes.iter().map(|process| process.join().unwrap()).collect();
    assert_eq!(results.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!(results.iter().map(|(_, pid)| *pid).collect::<BTreeSet<_>>().len(), 5);
    assert!(
        processes
            .iter()
            .zip(&results)
            .all(|(process, (_, pid))| process.pid() == *pid)
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
#[case::terminate(Process::terminate, -libc::SIGTERM, "was killed by SIGTERM (termination)")]
#[case::kill(Process::kill, -libc::SIGKILL, "was killed by SIGKILL (kill)")]
fn it_can_be_ended(#[case] end: fn(&Process<()>), #[case] exit_code: i32, #[case] text: &str) {
    let process = Process::builder()
        .name("sleeper")
        .spawn(|| std::thread::sleep(Duration::from_secs(1000)));
    assert!(process.is_alive());
    assert_eq!((process.exit_code(), process.name()), (None, Some("sleeper")));
    assert_eq!(process.join_timeout(Duration::from_millis(1)), None);
    end(&process);
    let error = process.join().unwrap_err();
    assert!(matches!(error, TaskError::Crashed { .. }));
    assert!(error.to_string().ends_with(text), "{error}");
    assert_eq!(process.exit_code(), Some(exit_code));
    // Too late, and no harm to whoever has the PID now.
    process.kill();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_result_larger_than_a_pipe_arrives() {
    let process = Process::spawn(|| vec![7u8; 20 << 20]);
    let result = process.join().unwrap();
    assert_eq!(result.len(), 20 << 20);
    assert!(result.iter().all(|byte| *byte == 7));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_waiting_process_is_not_kept_by_asking_whether_it_is_alive() {
    let process = Process::spawn(|| "x".repeat(1 << 20));
    while process.is_alive() {
        std::thread::yield_now();
    }
    assert_eq!(process.join().unwrap().len(), 1 << 20);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn dropping_the_handle_waits() {
    let (mut read, write) = std::io::pipe().unwrap();
    let survivors = Survivors::watch();
    let process = Process::spawn(|| {
        use std::io::Write;
        std::thread::sleep(Duration::from_millis(20));
        (&write).write_all(b"done").unwrap();
    });
    let pid = process.pid();
    drop(process);
    drop(write);
    assert_waited_for(pid);
    let mut text = [0; 4];
    std::io::Read::read_exact(&mut read, &mut text).unwrap();
    assert_eq!(&text, b"done");
    survivors.assert_none();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_handle_copied_into_another_process_waits_for_nothing() {
    let sleeper = Process::spawn(|| std::thread::sleep(Duration::from_secs(1000)));
    // The second process owns a copy of the handle and drops it.
    let mut moved = Some(sleeper);
    let other = Process::spawn(|| drop(moved.take()));
    assert_eq!(other.join(), Ok(()));
    let sleeper = moved.take().unwrap();
    assert!(sleeper.is_alive());
    sleeper.kill();
    assert!(sleeper.join().is_err());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn standard_input_is_empty() {
    let process = Process::spawn(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map_err(|error| error.to_string())
    });
    assert_eq!(process.join(), Ok(Ok(0)));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_process_outlives_the_thread_that_spawned_it() {
    let (read, write) = std::io::pipe().unwrap();
    let process = std::thread::spawn(move || {
        Process::spawn(move || {
            let mut read = &read;
            let mut byte = [0; 1];
            std::io::Read::read_exact(&mut read, &mut byte)
                .map(|()| byte[0])
                .map_err(|error| error.to_string())
        })
    })
    .join()
    .unwrap();
    // The thread has ended; a signal for its end would have come before this is seen.
    assert!(process.is_alive());
    std::io::Write::write_all(&mut &write, b"7").unwrap();
    assert_eq!(process.join(), Ok(Ok(b'7')));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_function_that_never_returns_needs_no_result() {
    let (started, waits) = (Event::new(), Duration::from_millis(1));
    let process = Process::builder().daemon(true).spawn(|| {
        started.set();
        loop {
            std::thread::sleep(waits);
        }
    });
    started.wait();
    let never: &Process<parcell::Never> = &process;
    assert_eq!(never.join_timeout(Duration::from_millis(10)), None);
    never.kill();
    assert!(never.join().is_err());
    // What is said of a result is still what it was.
    let sum: u64 = Process::spawn(|| (1..=4u64).sum()).join().unwrap();
    assert_eq!(sum, 10);
    let unit: Process<()> = Process::spawn(|| {
        loop {
            std::thread::sleep(waits);
        }
    });
    unit.kill();
    assert!(unit.join().is_err());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_daemon_is_not_waited_for() {
    let survivors = Survivors::watch();
    let daemon = Process::builder()
        .daemon(true)
        .spawn(|| std::thread::sleep(Duration::from_secs(1000)));
    let pid = daemon.pid();
    drop(daemon);
    assert_waited_for(pid);
    survivors.assert_none();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn captured_output_is_kept() {
    let process = Process::builder().capture_output(true).spawn(|| {
        use std::io::Write;
        write!(std::io::stdout(), "one ").unwrap();
        std::io::stdout().flush().unwrap();
        write!(std::io::stderr(), "wrong").unwrap();
        // What it starts writes there as well.
        assert!(
            std::process::Command::new("echo")
                .arg("two")
                .status()
                .unwrap()
                .success()
        );
        write!(std::io::stdout(), "three").unwrap();
    });
    process.join().unwrap();
    let output = process.output();
    assert_eq!(
        (output.stdout.as_slice(), output.stderr.as_slice()),
        (&b"one two\nthree"[..], &b"wrong"[..])
    );
    assert_eq!(process.output(), output);
    let shown = Process::spawn(|| ());
    shown.join().unwrap();
    assert!(shown.output().stdout.is_empty());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_process_has_a_memory_limit() {
    let allocate = |mib: usize| std::hint::black_box(vec![1u8; mib << 20]).len();
    let limited = Process::builder().memory_limit(64 << 20);
    assert_eq!(limited.clone().spawn(|| allocate(16)).join(), Ok(16 << 20));
    let error = limited.spawn(|| allocate(256)).join().unwrap_err();
    assert!(error.to_string().contains("memory had probably run out"), "{error}");
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_signal_from_outside_ends_it_in_spite_of_the_note_on_memory() {
    let process = Process::spawn(|| {
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, rustix::process::Signal::ABORT).unwrap();
        std::thread::sleep(Duration::from_secs(1000));
    });
    let error = process.join().unwrap_err();
    assert!(error.to_string().ends_with("was killed by SIGABRT (abort)"), "{error}");
    assert_eq!(process.exit_code(), Some(-libc::SIGABRT));
}
