//! Processes as Python's own tests want them: many, nested, ended, joined, and nothing left behind.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use parcell::{Event, Pipe, Pool, Process, Queue, Value, cpu_count};
use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::support::{Survivors, assert_waited_for, is_program, kill, program};

/// Longer than any test takes.
const LATE: Duration = Duration::from_secs(50);

#[rstest]
#[timeout(Duration::from_secs(60))]
fn many_processes_begin_and_end() {
    let survivors = Survivors::watch();
    let processes: Vec<_> = (0..60u32).map(|n| Process::spawn(move || n)).collect();
    for (n, process) in processes.iter().enumerate() {
        assert_eq!(process.join(), Ok(n as u32));
        assert_eq!(process.exit_code(), Some(0));
    }
    // Some of them are ended before they have begun.
    let sleepers: Vec<_> = (0..60).map(|_| Process::spawn(|| std::thread::sleep(LATE))).collect();
    sleepers.iter().for_each(Process::terminate);
    for process in &sleepers {
        assert!(process.join().is_err());
        assert_eq!(process.exit_code(), Some(-libc::SIGTERM));
        assert_waited_for(process.pid());
    }
    survivors.assert_none();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
#[case::success(0)]
#[case::other(8)]
#[case::most(255)]
fn an_exit_code_is_what_the_process_said(#[case] code: i32) {
    let process = Process::spawn(|| -> () { std::process::exit(code) });
    let error = process.join().unwrap_err().to_string();
    assert!(
        error.ends_with(&format!("exit code {code} before it returned")),
        "{error}"
    );
    assert_eq!(process.exit_code(), Some(code));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_limited_join_waits_that_long_and_ends_nothing() {
    let process = Process::spawn(|| std::thread::sleep(LATE));
    for limit in [Duration::ZERO, Duration::from_millis(20)] {
        let start = Instant::now();
        assert_eq!(process.join_timeout(limit), None);
        assert!(start.elapsed() >= limit && process.is_alive());
        assert_eq!(process.exit_code(), None);
    }
    kill(&process);
    let process = Process::spawn(|| 5);
    assert_eq!(process.join_timeout(Duration::MAX), Some(Ok(5)));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn threads_may_join_the_same_process() {
    let go = Event::new();
    let process = Process::spawn(|| {
        go.wait();
        "done".to_owned()
    });
    std::thread::scope(|scope| {
        let joining: Vec<_> = (0..4).map(|_| scope.spawn(|| process.join())).collect();
        go.set();
        for thread in joining {
            assert_eq!(thread.join().unwrap().as_deref(), Ok("done"));
        }
    });
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn what_ignores_termination_can_be_killed() {
    let ready = Event::new();
    let process = Process::spawn(|| {
        // SAFETY: no handler is run.
        unsafe { libc::signal(libc::SIGTERM, libc::SIG_IGN) };
        ready.set();
        std::thread::sleep(LATE);
    });
    ready.wait();
    process.terminate();
    assert_eq!(process.join_timeout(Duration::from_millis(20)), None);
    kill(&process);
}

extern "C" fn note_nothing(_: libc::c_int) {}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_signal_ends_no_join() {
    let (joining, go) = (Event::new(), Event::new());
    let process = Process::spawn(|| {
        // SAFETY: the handler does nothing.
        unsafe { libc::signal(libc::SIGUSR1, note_nothing as *const () as libc::sighandler_t) };
        let inner = Process::spawn(|| go.wait());
        joining.set();
        inner.join()
    });
    joining.wait();
    let pid = Pid::from_raw(process.pid().cast_signed()).unwrap();
    for _ in 0..50 {
        kill_process(pid, Signal::USR1).unwrap();
        assert_eq!(process.join_timeout(Duration::from_micros(100)), None);
    }
    go.set();
    assert_eq!(process.join(), Ok(Ok(())));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_process_ends_with_its_function_whatever_its_threads_do() {
    // Python's waits for threads that are no daemons.
    let (value, survivors) = (Value::new(0), Survivors::watch());
    let process = Process::spawn(|| {
        std::thread::spawn(|| std::thread::sleep(LATE));
        value.set(1);
    });
    assert_eq!(process.join(), Ok(()));
    assert_eq!((value.get(), process.exit_code()), (1, Some(0)));
    survivors.assert_none();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_daemon_may_have_processes_and_they_end_with_it() {
    // Python allows a daemon none, since they would live on.
    let (begun, survivors) = (Event::new(), Survivors::watch());
    let daemon = Process::builder().daemon(true).spawn(|| {
        let child = Process::spawn(|| {
            begun.set();
            std::thread::sleep(LATE);
        });
        Pool::new(2).map(|n: u32| n, 0..4);
        child.join()
    });
    begun.wait();
    drop(daemon);
    survivors.assert_none();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn the_cores_that_a_process_may_use_are_counted() {
    let process = Process::spawn(|| {
        let allowed = sched_getaffinity(None).unwrap();
        let mut one = CpuSet::new();
        one.set((0..CpuSet::MAX_CPU).find(|core| allowed.is_set(*core)).unwrap());
        sched_setaffinity(None, &one).unwrap();
        cpu_count()
    });
    assert_eq!(process.join(), Ok(1));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_process_may_lose_its_standard_streams() {
    let process = Process::spawn(|| {
        print!("nobody reads this");
        for descriptor in 0..3 {
            // SAFETY: nothing here owns the standard descriptors, and the process has one thread.
            unsafe { libc::close(descriptor) };
        }
        7
    });
    assert_eq!((process.join(), process.exit_code()), (Ok(7), Some(0)));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_process_sees_no_change_after_it_was_spawned() {
    let (mut numbers, go) = (vec![1, 2, 3], Event::new());
    let process = Process::spawn(|| {
        go.wait();
        numbers.iter().sum::<i32>()
    });
    numbers.push(4);
    go.set();
    assert_eq!((process.join(), numbers.len()), (Ok(6), 4));
}

const LEFT: &str = "process_semantics::nothing_is_left_of_what_was_used";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn nothing_is_left_of_what_was_used() {
    if is_program(LEFT) {
        // The first of each may open what is kept.
        use_everything();
        let before = (open_descriptors(), mappings());
        (0..20).for_each(|_| use_everything());
        let after = (open_descriptors(), mappings());
        assert_eq!(after.0, before.0, "descriptors");
        assert!(after.1 <= before.1 + 10, "mappings: {before:?}, then {after:?}");
        let children = std::fs::read_to_string("/proc/thread-self/children").unwrap();
        assert_eq!(children, "");
        return;
    }
    let output = program(LEFT).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn use_everything() {
    let (queue, handles) = (Queue::new(), Queue::new());
    let (ours, theirs) = Pipe::new();
    let value = Value::new(0u64);
    let process = Process::spawn(|| {
        queue.put(1).unwrap();
        theirs.send(2).unwrap();
        *value.lock() += 3;
    });
    process.join().unwrap();
    handles.put((queue.clone(), value.clone())).unwrap();
    let (queue, value): (Queue<u64>, Value<u64>) = handles.get().unwrap();
    let sum = queue.get().unwrap() + ours.recv().unwrap() + value.get();
    assert_eq!(Pool::new(2).map(|n: u64| n + sum, [1, 2]), [7, 8]);
    kill(&Process::spawn(|| std::thread::sleep(LATE)));
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn mappings() -> usize {
    let mut text = String::new();
    std::fs::File::open("/proc/self/maps")
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text.lines().count()
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_pipe_of_the_system_works_across_a_fork() {
    let (mut read, mut write) = std::io::pipe().unwrap();
    let process = Process::spawn(|| write.write_all(b"raw").map_err(|error| error.to_string()));
    let mut text = [0; 3];
    read.read_exact(&mut text).unwrap();
    assert_eq!((&text, process.join()), (b"raw", Ok(Ok(()))));
}
