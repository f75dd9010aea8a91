//! Handles that arrive when the process that made them has ended.

use std::time::Duration;

use parcell::{Event, Pool, Process, Queue, SharedArray, Value};
use rstest::rstest;

use crate::support::{Survivors, is_program, program, until};

const ITEMS: u64 = 200;

fn with_one(item: u64) -> Queue<u64> {
    let queue = Queue::new();
    queue.put(item).unwrap();
    queue
}

fn regions_open_here() -> usize {
    let links = std::fs::read_dir("/proc/self/fd").unwrap();
    let links = links.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    links
        .filter(|link| link.to_string_lossy().starts_with("/memfd:parcell "))
        .count()
}

/// Whether the process has ended and has not been waited for.
fn has_ended_unnoticed(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(')').unwrap().1.trim_start().starts_with('Z')
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_map_can_return_handles_that_its_workers_have_made() {
    let pool = Pool::new(2);
    for _ in 0..6 {
        let queues = pool.map(with_one, 0..ITEMS);
        let items: Vec<_> = queues.iter().map(|queue| queue.get().unwrap()).collect();
        assert_eq!(items, (0..ITEMS).collect::<Vec<_>>());
    }
    let queues: Result<Vec<_>, _> = pool.imap(with_one, 0..ITEMS).collect();
    let items: Vec<_> = queues.unwrap().iter().map(|queue| queue.get().unwrap()).collect();
    assert_eq!(items, (0..ITEMS).collect::<Vec<_>>());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_process_can_return_what_it_has_made() {
    let made = Process::spawn(|| {
        let array = SharedArray::from_slice(&[1u32, 2, 3]);
        let event = Event::new();
        event.set();
        (array, event, Value::new(7u8))
    });
    let (array, event, value) = made.join().unwrap();
    assert_eq!(
        (array.as_slice().to_vec(), event.is_set(), value.get()),
        (vec![1, 2, 3], true, 7)
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn what_a_process_s_own_process_has_made_arrives() {
    let queue = Process::spawn(|| Process::spawn(|| with_one(5)).join().unwrap());
    assert_eq!(queue.join().unwrap().get(), Ok(5));
    // Also where the one between has only passed it on unread.
    let way = Queue::new();
    Process::spawn(|| Process::spawn(|| way.put(with_one(6)).unwrap()).join().unwrap())
        .join()
        .unwrap();
    assert_eq!(way.get().unwrap().get(), Ok(6));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn what_waits_in_a_queue_outlives_its_maker(#[values(1, 300)] handles: u64) {
    let way = Queue::new();
    Process::spawn(|| (0..handles).for_each(|item| way.put(with_one(item)).unwrap()))
        .join()
        .unwrap();
    // Those that know of them and have nothing to do with them.
    for _ in 0..12 {
        Process::spawn(|| ()).join().unwrap();
    }
    for item in 0..handles {
        assert_eq!(way.get().unwrap().get(), Ok(item));
    }
}

#[rstest]
#[case::before_the_parent_knows(false)]
#[case::when_the_parent_has_it(true)]
#[timeout(Duration::from_secs(60))]
fn another_process_gets_what_waits_from_one_that_has_ended(#[case] parent_knows: bool) {
    let (way, has_ended) = (Queue::<Queue<u64>>::new(), Event::new());
    let takes = |_: usize| {
        has_ended.wait();
        way.get().unwrap().get().unwrap()
    };
    let survivors = Survivors::watch();
    let takers: Vec<_> = (0..3).map(|n| Process::spawn(move || takes(n))).collect();
    let makers: Vec<_> = (0..3)
        .map(|item| Process::spawn(|| way.put(with_one(item)).unwrap()))
        .collect();
    if parent_knows {
        makers.iter().for_each(|maker| maker.join().unwrap());
    } else {
        // They have ended, and nobody has asked.
        makers
            .iter()
            .for_each(|maker| until(|| has_ended_unnoticed(maker.pid())));
    }
    has_ended.set();
    let mut items: Vec<_> = takers.into_iter().map(|taker| taker.join().unwrap()).collect();
    items.sort_unstable();
    assert_eq!(items, [0, 1, 2]);
    drop(makers);
    survivors.assert_none();
}

const NOTHING_KEPT: &str = "travelling_handles::nothing_is_kept_of_what_has_arrived";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn nothing_is_kept_of_what_has_arrived() {
    if !is_program(NOTHING_KEPT) {
        let output = program(NOTHING_KEPT).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let send = || {
        drop(Pool::new(2).map(with_one, 0..20u64));
        let way = Queue::new();
        Process::spawn(|| way.put(with_one(1)).unwrap()).join().unwrap();
        drop(way.get().unwrap());
    };
    send();
    let before = regions_open_here();
    for _ in 0..20 {
        send();
    }
    assert_eq!(regions_open_here(), before);
}
