//! Queues as Python's own tests want them: limits, counts, forks, refusals, tasks.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use parcell::{Barrier, Event, JoinableQueue, Process, Queue, QueueError};
use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::support::{kill, until};

const SOON: Duration = Duration::from_millis(5);
/// Longer than any test takes.
const LATE: Duration = Duration::from_secs(50);

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_bounded_queue_holds_what_it_was_made_for(#[values(1, 2, 6, 1000)] capacity: usize) {
    let queue = Queue::bounded(capacity);
    let filled = || (0..).find(|n| queue.try_put(*n) == Err(QueueError::Full)).unwrap();
    // Whoever fills it, and whoever looks.
    assert_eq!(Process::spawn(filled).join(), Ok(capacity));
    assert_eq!((queue.len(), queue.capacity()), (capacity, Some(capacity)));
    assert_eq!(queue.put_timeout(0, Duration::ZERO), Err(QueueError::TimedOut));
    let taken = Process::spawn(|| (0..capacity.div_ceil(2)).all(|n| queue.get() == Ok(n)));
    assert_eq!(taken.join(), Ok(true));
    assert_eq!(filled(), capacity.div_ceil(2));
    assert_eq!(queue.len(), capacity);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn what_was_put_before_a_fork_comes_first() {
    let queue = Queue::new();
    (0..10).for_each(|n| queue.put(n).unwrap());
    let process = Process::spawn(|| {
        (10..20).for_each(|n| queue.put(n).unwrap());
        Process::spawn(|| (20..30).for_each(|n| queue.put(n).unwrap())).join()
    });
    assert_eq!(process.join(), Ok(Ok(())));
    assert!((0..30).all(|n| queue.get() == Ok(n)));
    assert_eq!(queue.try_get(), Err(QueueError::Empty));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn the_count_is_the_same_for_everyone() {
    let queue = Queue::new();
    let seen_by_another = || Process::spawn(|| (queue.len(), queue.is_empty())).join().unwrap();
    for len in 0..3 {
        assert_eq!((queue.len(), seen_by_another()), (len, (len, len == 0)));
        queue.put(len).unwrap();
    }
    for len in (0..3).rev() {
        queue.get().unwrap();
        assert_eq!((queue.len(), seen_by_another()), (len, (len, len == 0)));
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_empty_message_is_a_message() {
    let (units, texts) = (Queue::new(), Queue::new());
    let process = Process::spawn(|| {
        (0..3).for_each(|_| units.put(()).unwrap());
        ["", "a", "", ""]
            .into_iter()
            .for_each(|text| texts.put(text.to_owned()).unwrap());
    });
    process.join().unwrap();
    assert_eq!((units.len(), texts.len()), (3, 4));
    assert_eq!([units.get(), units.get(), units.get()], [Ok(()), Ok(()), Ok(())]);
    assert_eq!(
        (0..4).map(|_| texts.get().unwrap()).collect::<Vec<_>>(),
        ["", "a", "", ""]
    );
    assert_eq!(
        (units.try_get(), texts.try_get()),
        (Err(QueueError::Empty), Err(QueueError::Empty))
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_limit_is_waited_for_and_a_long_one_is_no_trouble() {
    let limit = Duration::from_millis(30);
    let (queue, tasks) = (Queue::new(), JoinableQueue::new());
    tasks.put(0).unwrap();
    let elapsed = |wait: &dyn Fn() -> QueueError| {
        let start = Instant::now();
        assert_eq!(wait(), QueueError::TimedOut);
        start.elapsed()
    };
    assert!(elapsed(&|| queue.get_timeout(limit).unwrap_err()) >= limit);
    assert!(elapsed(&|| tasks.join_timeout(limit).unwrap_err()) >= limit);
    assert!(elapsed(&|| queue.get_timeout(Duration::ZERO).unwrap_err()) < LATE);
    let process = Process::spawn(|| (queue.get_timeout(Duration::MAX), tasks.join_timeout(Duration::MAX)));
    queue.put(7).unwrap();
    tasks.get().unwrap();
    tasks.task_done().unwrap();
    assert_eq!(process.join(), Ok((Ok(7), Ok(()))));
}

/// Can be read, and refuses to be written.
#[derive(Debug, PartialEq, Deserialize)]
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not to be written"))
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn who_puts_what_cannot_be_written_is_told_and_takes_no_room() {
    // Python's queue prints a traceback from a thread, and whoever waits for the message waits for ever.
    let queue = Queue::bounded(1);
    let error = queue.put(Err(Unwritable)).unwrap_err();
    assert!(
        matches!(&error, QueueError::Codec { error } if error.contains("not to be written")),
        "{error}"
    );
    assert!(queue.is_empty());
    queue.try_put(Ok(1)).unwrap();
    assert_eq!((queue.len(), queue.get()), (1, Ok(Ok(1))));
    let tasks = JoinableQueue::new();
    assert!(tasks.put(Unwritable).is_err());
    assert_eq!(
        (tasks.join(), tasks.task_done()),
        (Ok(()), Err(QueueError::TooManyTasksDone))
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn threads_and_processes_take_each_message_once() {
    let queue = Queue::new();
    let processes: Vec<_> = (0..2)
        .map(|_| Process::spawn(|| queue.iter().collect::<Vec<u32>>()))
        .collect();
    let mut taken: Vec<u32> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| queue.iter().collect::<Vec<u32>>()))
            .collect();
        (0..2000).for_each(|n| queue.put(n).unwrap());
        queue.close();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    taken.extend(processes.iter().flat_map(|process| process.join().unwrap()));
    taken.sort_unstable();
    assert!(taken.into_iter().eq(0..2000));
}

/// A queue in a queue, itself for instance.
#[derive(Serialize, Deserialize)]
struct Nested(Queue<Nested>);

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_queue_may_contain_itself() {
    let queue = Queue::new();
    queue.put(Nested(queue.clone())).unwrap();
    let Nested(inner) = queue.get().unwrap();
    inner.put(Nested(Queue::new())).unwrap();
    assert_eq!((queue.len(), inner.len()), (1, 1));
    assert!(queue.get().unwrap().0.is_empty());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_handle_goes_with_the_process_that_is_killed_before_it_has_arrived() {
    let (queue, never) = (Queue::new(), Event::new());
    let process = Process::spawn(|| {
        queue.put(Queue::<i32>::new()).unwrap();
        never.wait();
    });
    until(|| queue.len() == 1);
    kill(&process);
    let error = queue.get().unwrap_err();
    assert!(
        matches!(&error, QueueError::Codec { error } if error.contains("the queue that was sent cannot be opened")),
        "{error}"
    );
}

extern "C" fn note_nothing(_: libc::c_int) {}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_signal_ends_no_wait() {
    let (queue, full, ready) = (Queue::new(), Queue::bounded(1), Barrier::new(3));
    full.put(0).unwrap();
    let handle_signals = || {
        // SAFETY: the handler does nothing.
        unsafe { libc::signal(libc::SIGUSR1, note_nothing as *const () as libc::sighandler_t) };
        ready.wait().unwrap();
    };
    let processes = [
        Process::spawn(|| {
            handle_signals();
            queue.get()
        }),
        Process::spawn(|| {
            handle_signals();
            full.put(7).map(|()| 7)
        }),
    ];
    ready.wait().unwrap();
    for _ in 0..50 {
        for process in &processes {
            let pid = Pid::from_raw(process.pid().cast_signed()).unwrap();
            kill_process(pid, Signal::USR1).unwrap();
            assert_eq!(process.join_timeout(Duration::from_micros(100)), None);
        }
    }
    queue.put(7).unwrap();
    assert_eq!(full.get(), Ok(0));
    assert!(processes.iter().all(|process| process.join() == Ok(Ok(7))));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn joining_a_queue_that_is_closed_waits_for_what_is_in_it() {
    let tasks = JoinableQueue::bounded(2);
    tasks.close();
    assert_eq!((tasks.join(), tasks.put(0)), (Ok(()), Err(QueueError::Closed)));

    let tasks = JoinableQueue::bounded(2);
    tasks.put(1).unwrap();
    let joining = Process::spawn(|| tasks.join());
    tasks.close();
    assert_eq!(tasks.try_put(2), Err(QueueError::Closed));
    assert_eq!(joining.join_timeout(SOON), None);
    assert_eq!((tasks.get(), tasks.get()), (Ok(1), Err(QueueError::Closed)));
    assert_eq!(joining.join_timeout(SOON), None);
    tasks.task_done().unwrap();
    assert_eq!(joining.join(), Ok(Ok(())));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn everyone_who_joins_is_woken_and_new_tasks_are_waited_for_again() {
    let tasks = JoinableQueue::new();
    for round in 0..20 {
        tasks.put(round).unwrap();
        tasks.put(round).unwrap();
        let joining: Vec<_> = (0..3).map(|_| Process::spawn(|| tasks.join())).collect();
        for _ in 0..2 {
            assert!(joining.iter().all(Process::is_alive));
            assert_eq!(tasks.get(), Ok(round));
            tasks.task_done().unwrap();
        }
        assert!(joining.iter().all(|process| process.join() == Ok(Ok(()))));
    }
    assert_eq!(tasks.task_done(), Err(QueueError::TooManyTasksDone));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_task_that_another_process_did_is_done() {
    let tasks = JoinableQueue::new();
    (0..2).for_each(|task| tasks.put(task).unwrap());
    let taken = Event::new();
    let taker = Process::spawn(|| {
        tasks.get().unwrap();
        taken.set();
        std::thread::sleep(LATE);
    });
    taken.wait();
    assert_eq!(Process::spawn(|| tasks.task_done()).join(), Ok(Ok(())));
    kill(&taker);
    // The task that nobody has taken is not lost with who took the other.
    assert_eq!(
        tasks.join_timeout(Duration::from_millis(500)),
        Err(QueueError::TimedOut)
    );
    assert_eq!(tasks.get(), Ok(1));
    tasks.task_done().unwrap();
    assert_eq!(tasks.join(), Ok(()));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn producers_that_come_and_go_are_all_heard() {
    let queue = Queue::bounded(3);
    let (producers, each) = (20, 25);
    let running: Vec<_> = (0..producers)
        .map(|producer| {
            let queue = queue.clone();
            Process::spawn(move || (0..each).for_each(|n| queue.put(producer * each + n).unwrap()))
        })
        .collect();
    let taken: BTreeSet<_> = (0..producers * each).map(|_| queue.get().unwrap()).collect();
    assert!(taken.into_iter().eq(0..producers * each));
    assert!(running.iter().all(|process| process.join() == Ok(())));
    until(|| queue.is_empty());
    // Nobody is left who could put anything in.
    assert_eq!(queue.get(), Err(QueueError::Disconnected));
}
