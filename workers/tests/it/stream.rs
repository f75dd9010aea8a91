//! `imap` and `imap_unordered`: results of items that are pulled while they are used.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::{Duration, Instant};

use parcell::{Event, Pool, TaskError};
use rstest::rstest;
use serde::{Deserialize, Deserializer, Serialize};

use crate::support::Survivors;

#[rstest]
#[timeout(Duration::from_secs(60))]
fn equals_the_sequential_map(
    #[values(0, 1, 7, 3000)] items: usize,
    #[values(1, 3)] workers: usize,
    #[values(None, Some(1), Some(100))] chunk_size: Option<usize>,
) {
    let mut builder = Pool::builder().workers(workers);
    if let Some(size) = chunk_size {
        builder = builder.chunk_size(size);
    }
    // A worker for each of thousands of items is not what this is about.
    let items = if chunk_size == Some(1) { items.min(100) } else { items };
    let pool = builder.build();
    let f = |n: usize| format!("{n}");
    let expected: Vec<_> = (0..items).map(f).collect();
    assert_eq!(
        pool.imap(f, 0..items).collect::<Result<Vec<_>, _>>(),
        Ok(expected.clone())
    );
    let mut unordered: Vec<_> = pool.imap_unordered(f, 0..items).map(Result::unwrap).collect();
    unordered.sort_by_key(|text| text.parse::<usize>().unwrap());
    assert_eq!(unordered, expected);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_result_does_not_wait_for_the_workers_next_item() {
    let used = Event::new();
    // One worker runs both items, and the second ends only when the first one's result is here.
    let pool = Pool::builder().workers(1).chunk_size(2).build();
    let mut results = pool.imap(
        |n: u64| {
            if n == 1 {
                used.wait();
            }
            n
        },
        0..2,
    );
    assert_eq!(results.next(), Some(Ok(0)));
    used.set();
    assert_eq!(results.next(), Some(Ok(1)));
    assert_eq!(results.next(), None);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_endless_source_is_pulled_a_bounded_number_ahead(#[values(true, false)] in_order: bool) {
    let pulled = Rc::new(Cell::new(0usize));
    let source = (0usize..).inspect(|_| pulled.set(pulled.get() + 1));
    let survivors = Survivors::watch();
    let pool = Pool::builder().workers(2).chunk_size(5).build();
    let same = |n: usize| n;
    let mut results = if in_order {
        pool.imap(same, source)
    } else {
        pool.imap_unordered(same, source)
    };
    for yielded in 1..=100 {
        let value = results.next().unwrap().unwrap();
        assert!(!in_order || value + 1 == yielded);
        assert!(pulled.get() - yielded <= 4 * 2 * 5, "{} for {yielded}", pulled.get());
    }
    drop(results);
    survivors.assert_none();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_slow_item_holds_up_only_the_ordered_one() {
    let slow = |n: u32| {
        if n == 0 {
            std::thread::sleep(Duration::from_secs(1000));
        }
        n
    };
    let pool = Pool::builder().workers(2).chunk_size(1).build();
    // Far more than may be ahead.
    let rest: Vec<u32> = pool.imap_unordered(slow, 0..).take(50).map(Result::unwrap).collect();
    assert!(!rest.contains(&0) && rest.len() == 50);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn items_need_no_trait_and_are_dropped_once_here() {
    struct Item(Rc<Cell<usize>>, usize);
    impl Drop for Item {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let dropped = Rc::new(Cell::new(0));
    let items: Vec<_> = (0..20).map(|n| Item(Rc::clone(&dropped), n)).collect();
    let results = Pool::new(2).imap(|item: Item| item.1, items);
    assert_eq!(
        results.map(Result::unwrap).collect::<Vec<_>>(),
        (0..20).collect::<Vec<_>>()
    );
    assert_eq!(dropped.get(), 20);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn time_limits_and_retries_hold() {
    let pool = Pool::builder()
        .workers(2)
        .chunk_size(3)
        .timeout(Duration::from_millis(700))
        .retries(1)
        .build();
    let endless = |n: u32| {
        if n == 4 {
            loop {
                std::hint::spin_loop();
            }
        }
        n
    };
    let results: Vec<_> = pool.imap(endless, 0..10).collect();
    assert!(matches!(results[4], Err(TaskError::TimedOut { item: Some(4), .. })));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 9);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn dropping_it_ends_the_workers_at_once() {
    let survivors = Survivors::watch();
    let mut results = Pool::builder()
        .workers(3)
        .chunk_size(1)
        .build()
        .imap(|n: u64| std::thread::sleep(Duration::from_secs(n * 1000)), 0..10);
    assert_eq!(results.next(), Some(Ok(())));
    let started = Instant::now();
    drop(results);
    survivors.assert_none();
    assert!(
        started.elapsed() < Duration::from_millis(250),
        "{:?}",
        started.elapsed()
    );
}

/// A result whose reading panics.
#[derive(Debug, Serialize)]
struct Explosive;

impl<'de> Deserialize<'de> for Explosive {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("in the caller")
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn unwinding_through_a_map_ends_the_workers_at_once() {
    let survivors = Survivors::watch();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let pool = Pool::builder().workers(3).chunk_size(1).build();
    let call = || {
        pool.map(
            |n: u64| {
                if n == 0 {
                    // The others run by now.
                    std::io::Read::read_exact(&mut &reader, &mut [0; 2]).unwrap();
                } else {
                    std::io::Write::write_all(&mut &writer, b"!").unwrap();
                    std::thread::sleep(Duration::from_secs(1000));
                }
                (Explosive, std::time::SystemTime::now())
            },
            0..3,
        )
    };
    let payload = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"in the caller"));
    let started = Instant::now();
    survivors.assert_none();
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    drop(writer);
    assert_eq!(std::io::Read::read(&mut reader, &mut [0; 1]).unwrap(), 0);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn another_process_cannot_use_it() {
    let mut results = Pool::new(1).imap(|n: u32| n, 0..3);
    assert_eq!(results.next(), Some(Ok(0)));
    let error = parcell::Process::spawn(|| results.next()).join().unwrap_err();
    assert!(
        error.to_string().contains("only in the process that started them"),
        "{error}"
    );
    assert_eq!(results.next(), Some(Ok(1)));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_source_that_panics_leaves_nobody_behind() {
    let survivors = Survivors::watch();
    let source = (0u64..).inspect(|n| assert!(*n < 3, "no more"));
    let pool = Pool::builder().workers(4).chunk_size(1).build();
    let call = || {
        pool.imap(|n| std::thread::sleep(Duration::from_secs(n * 1000)), source)
            .count()
    };
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    survivors.assert_none();
}
