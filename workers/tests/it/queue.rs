//! Queues between processes: nothing is lost, nothing is invented, and nobody waits for who has gone.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use parcell::{JoinableQueue, Pipe, Pool, Process, Queue, QueueError};
use rstest::rstest;
use serde::{Deserialize, Serialize};

use crate::support::{Survivors, is_program, program};

#[rstest]
#[timeout(Duration::from_secs(60))]
fn messages_keep_their_order_and_their_content() {
    let queue = Queue::new();
    let process = Process::spawn(|| {
        for n in 0..1000u32 {
            queue.put((n, "x".repeat(n as usize * 7))).unwrap();
        }
    });
    for n in 0..1000 {
        assert_eq!(queue.get(), Ok((n, "x".repeat(n as usize * 7))));
    }
    assert_eq!(process.join(), Ok(()));
    assert!(queue.is_empty());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_process_may_end_with_messages_that_nobody_has_taken() {
    // Python's queue would let the first join wait for ever.
    let queue = Queue::new();
    Process::spawn(|| queue.put(vec![7u64; 1 << 20]).unwrap())
        .join()
        .unwrap();
    assert_eq!(queue.len(), 1);
    assert_eq!(queue.get().unwrap(), vec![7u64; 1 << 20]);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn every_message_comes_out_once(#[values(1, 2, 5)] producers: u64, #[values(1, 3)] consumers: u64) {
    const EACH: u64 = 2000;
    let queue = Queue::bounded(10);
    let results = Queue::new();
    let consumers: Vec<_> = (0..consumers)
        .map(|_| Process::spawn(|| results.put(queue.iter().collect::<Vec<u64>>()).unwrap()))
        .collect();
    let producers_running: Vec<_> = (0..producers)
        .map(|producer| {
            let queue = queue.clone();
            Process::spawn(move || (0..EACH).for_each(|n| queue.put(producer * EACH + n).unwrap()))
        })
        .collect();
    for process in &producers_running {
        process.join().unwrap();
    }
    queue.close();
    let mut all = Vec::new();
    for consumer in &consumers {
        consumer.join().unwrap();
        let part = results.get().unwrap();
        for producer in 0..producers {
            let from_one: Vec<_> = part.iter().filter(|n| **n / EACH == producer).collect();
            assert!(from_one.is_sorted(), "each producer's messages come in their order");
        }
        all.extend(part);
    }
    all.sort_unstable();
    assert_eq!(all, (0..producers * EACH).collect::<Vec<_>>());
}

#[rstest]
#[timeout(Duration::from_secs(120))]
fn killed_producers_and_consumers_lose_and_invent_nothing_else() {
    for round in 0..30u64 {
        let queue = Queue::new();
        let taken = Queue::new();
        let produce = |producer: u64| {
            let queue = queue.clone();
            Process::spawn(move || {
                for n in 0.. {
                    queue.put((producer, n, "y".repeat(n as usize % 3000))).unwrap();
                }
            })
        };
        let consume = || {
            let (queue, taken) = (queue.clone(), taken.clone());
            Process::spawn(move || {
                while let Ok(message) = queue.get() {
                    taken.put(message).unwrap();
                }
            })
        };
        let doomed = [produce(0), produce(1), consume()];
        let survivor = consume();
        // Until all are at work, and then a little longer each time.
        while taken.len() < 100 * round as usize {
            std::thread::yield_now();
        }
        doomed.iter().for_each(Process::kill);
        for process in &doomed {
            process.join().unwrap_err();
        }
        queue.close();
        survivor.join().unwrap();
        taken.close();
        let mut messages: Vec<(u64, u64, String)> = taken.iter().collect();
        assert!(messages.iter().all(|(_, n, text)| text.len() == *n as usize % 3000));
        messages.sort();
        let count = messages.len();
        messages.dedup();
        assert_eq!(messages.len(), count, "no message comes out twice");
        for producer in 0..2 {
            let numbers: Vec<_> = messages
                .iter()
                .filter(|(p, ..)| *p == producer)
                .map(|(_, n, _)| *n)
                .collect();
            let missing = numbers.last().map_or(0, |last| last + 1 - numbers.len() as u64);
            // What the killed consumer had taken and not passed on.
            assert!(missing <= 1, "{missing} messages are missing");
        }
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn limits_and_refusals_are_told_apart() {
    let queue = Queue::bounded(1);
    assert_eq!(queue.capacity(), Some(1));
    assert_eq!(queue.try_get(), Err(QueueError::Empty));
    assert_eq!(queue.get_timeout(Duration::from_millis(5)), Err(QueueError::TimedOut));
    queue.put(1u8).unwrap();
    assert_eq!(queue.try_put(2), Err(QueueError::Full));
    let start = Instant::now();
    assert_eq!(
        queue.put_timeout(2, Duration::from_millis(30)),
        Err(QueueError::TimedOut)
    );
    assert!(start.elapsed() >= Duration::from_millis(30));
    queue.close();
    assert!(queue.is_closed());
    assert_eq!(queue.put(2), Err(QueueError::Closed));
    assert_eq!((queue.get(), queue.get()), (Ok(1), Err(QueueError::Closed)));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn closing_wakes_those_who_wait() {
    let (queue, full) = (Queue::<u32>::new(), Queue::bounded(1));
    full.put(0u32).unwrap();
    let waiting = [
        Process::spawn(|| matches!(queue.get(), Err(QueueError::Closed))),
        Process::spawn(|| matches!(full.put(1), Err(QueueError::Closed))),
    ];
    queue.close();
    full.close();
    assert!(waiting.iter().all(|process| process.join() == Ok(true)));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_consumer_that_is_gone_is_an_error_and_not_for_ever() {
    let queue = Queue::bounded(2);
    let consumer = Process::spawn(|| -> () {
        queue.get().unwrap();
        std::process::abort();
    });
    let mut sent = 0u32;
    let error = loop {
        match queue.put(sent) {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error, QueueError::Disconnected);
    assert_eq!(sent, 3);
    consumer.join().unwrap_err();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_producer_that_is_gone_is_an_error_when_all_is_taken() {
    let queue = Queue::new();
    let producer = Process::spawn(|| -> () {
        queue.put(1).unwrap();
        std::process::abort();
    });
    assert_eq!(queue.get(), Ok(1));
    assert_eq!(queue.get(), Err(QueueError::Disconnected));
    producer.join().unwrap_err();
}

const ALONE: &str = "queue::who_is_alone_does_not_wait";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn who_is_alone_does_not_wait() {
    if is_program(ALONE) {
        // The test runs in a thread of its own, and the harness waits in another: a process with one thread is needed.
        Process::spawn(|| {
            let queue = Queue::<u8>::new();
            assert_eq!(queue.get(), Err(QueueError::Disconnected));
            let (one, other) = Pipe::<u8>::new();
            assert_eq!(one.recv(), Err(QueueError::Disconnected));
            other.send(1).unwrap();
            assert_eq!(one.recv(), Ok(1));
            drop(other);
        })
        .join()
        .unwrap();
        return;
    }
    assert!(program(ALONE).status().unwrap().success());
}

#[derive(Debug, PartialEq, Serialize)]
struct Unreadable;

impl<'de> Deserialize<'de> for Unreadable {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("not to be read"))
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_message_that_cannot_be_read_costs_itself_only() {
    let queue = Queue::new();
    queue.put(Err(Unreadable)).unwrap();
    queue.put(Ok(5)).unwrap();
    let error = queue.get().unwrap_err();
    assert!(
        matches!(&error, QueueError::Codec { error } if error.contains("not to be read")),
        "{error}"
    );
    assert_eq!(queue.get(), Ok(Ok(5)));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn handles_travel_through_queues() {
    let requests = Queue::<(u32, Queue<u32>)>::new();
    let server = Process::spawn(|| {
        for (number, reply) in &requests {
            reply.put(number * 2).unwrap();
        }
    });
    for n in 0..10 {
        let reply = Queue::new();
        requests.put((n, reply.clone())).unwrap();
        assert_eq!(reply.get(), Ok(n * 2));
    }
    requests.close();
    server.join().unwrap();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn joining_waits_for_the_tasks() {
    let tasks = JoinableQueue::new();
    let done = Queue::new();
    let workers: Vec<_> = (0..3)
        .map(|_| {
            Process::spawn(|| {
                while let Ok(task) = tasks.get() {
                    done.put(task).unwrap();
                    tasks.task_done().unwrap();
                }
            })
        })
        .collect();
    (0..100u32).for_each(|task| tasks.put(task).unwrap());
    tasks.join().unwrap();
    assert_eq!(done.len(), 100);
    assert_eq!(tasks.task_done(), Err(QueueError::TooManyTasksDone));
    tasks.put(100).unwrap();
    tasks.join().unwrap();
    tasks.close();
    workers.iter().for_each(|worker| worker.join().unwrap());
    done.close();
    assert_eq!(done.iter().collect::<BTreeSet<_>>(), (0..=100).collect());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn joining_tells_of_tasks_that_nobody_will_do() {
    let tasks = JoinableQueue::new();
    (0..5u8).for_each(|task| tasks.put(task).unwrap());
    let worker = Process::spawn(|| -> () {
        for _ in 0..3 {
            tasks.get().unwrap();
        }
        tasks.task_done().unwrap();
        std::process::abort();
    });
    worker.join().unwrap_err();
    let lost = QueueError::TasksLost {
        pid: worker.pid(),
        tasks: 2,
    };
    assert_eq!(tasks.join(), Err(lost));
    assert_eq!(tasks.join_timeout(Duration::from_millis(5)), Err(QueueError::TimedOut));
    for task in 3..5 {
        assert_eq!(tasks.get(), Ok(task));
        tasks.task_done().unwrap();
    }
    assert_eq!(tasks.join(), Ok(()));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_pool_fills_a_queue_and_nothing_is_left() {
    let survivors = Survivors::watch();
    let queue = Queue::new();
    Pool::new(3).map(|n: u32| queue.put(n).unwrap(), 0..1000);
    queue.close();
    assert_eq!(queue.iter().collect::<BTreeSet<_>>(), (0..1000).collect());
    survivors.assert_none();
}
