//! What maps return when nothing fails, and that they behave as a loop would.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use parcell::{Pool, cpu_count};
use rstest::rstest;

use crate::support::{Survivors, assert_waited_for};

#[rstest]
#[timeout(Duration::from_secs(60))]
fn equals_the_sequential_map(
    #[values(0, 1, 2, 3, 7, 100, 1000, 12345)] items: usize,
    #[values(1, 2, 3, 16)] workers: usize,
    #[values(None, Some(1), Some(3), Some(1000), Some(usize::MAX))] chunk_size: Option<usize>,
) {
    let mut builder = Pool::builder().workers(workers);
    if let Some(size) = chunk_size {
        builder = builder.chunk_size(size);
    }
    let pool = builder.build();
    let f = |n: usize| (n * n, format!("{n}"));
    let expected: Vec<_> = (0..items).map(f).collect();
    assert_eq!(pool.map(f, 0..items), expected);
    assert_eq!(
        pool.map_results(f, 0..items),
        expected.iter().cloned().map(Ok).collect::<Vec<_>>()
    );
    assert_eq!(pool.try_map(|n| Ok::<_, String>(f(n)), 0..items), Ok(expected));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_million_results_come_back_in_order() {
    let results = Pool::new(3).map(|n: u32| n ^ 0x5555, 0..1_000_000);
    assert!(results.iter().zip(0u32..).all(|(result, n)| *result == n ^ 0x5555));
    assert_eq!(results.len(), 1_000_000);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn results_are_written_where_they_are_wanted(#[values(1, 3)] workers: usize) {
    let pool = Pool::new(workers);
    let mut numbers = vec![7u16; 10_002];
    pool.map_into(|n: u16| n ^ 1, 0..10_000, &mut numbers[1..10_001]);
    assert_eq!((numbers[0], numbers[10_001]), (7, 7));
    assert!(numbers[1..10_001].iter().zip(0..).all(|(result, n)| *result == n ^ 1));
    let mut texts = vec!["before".to_owned(); 100];
    pool.map_into(|n: usize| n.to_string(), 0..100, &mut texts);
    assert!(texts.iter().zip(0usize..).all(|(text, n)| *text == n.to_string()));
    pool.map_into(|n: u8| n, [], &mut []);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn each_item_needs_a_place_and_a_failure_ends_it() {
    let pool = Pool::new(2);
    let message = |run: &mut dyn FnMut()| {
        let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        payload.downcast_ref::<String>().unwrap().clone()
    };
    let few = message(&mut || pool.map_into(|n: u8| n, 0..3, &mut [0; 2]));
    assert_eq!(
        few,
        "each item needs a place for its result: there are 3 items and 2 places"
    );
    let mut results = [0u8; 3];
    let failed =
        message(&mut || pool.map_into(|n: u8| if n == 2 { panic!("boom") } else { n + 1 }, 0..3, &mut results));
    assert!(failed.contains("item 2") && failed.ends_with("boom"), "{failed}");
    let written = results;
    assert!(
        written.iter().zip(1..).all(|(result, n)| *result == n || *result == 0),
        "{written:?}"
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn large_results_come_back_whole() {
    let results = Pool::new(2).map(|n: u8| vec![u64::from(n); 1 << 20], 0..6);
    for (result, n) in results.iter().zip(0u64..) {
        assert_eq!(result.len(), 1 << 20);
        assert!(result.iter().all(|word| *word == n));
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn small_and_large_results_mix() {
    let f = |n: usize| "x".repeat(if n.is_multiple_of(7) { 200_000 + n } else { n });
    assert_eq!(Pool::new(3).map(f, 0..200), (0..200).map(f).collect::<Vec<_>>());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn captures_and_items_need_no_trait() {
    struct Opaque<'a>(&'a RefCell<Vec<u32>>);
    let numbers = RefCell::new(vec![1, 2, 3]);
    let shared = Rc::new(Cell::new(10));
    let opaque = [Opaque(&numbers), Opaque(&numbers)];
    let results = Pool::new(2).map(
        |item: &Opaque<'_>| {
            shared.set(shared.get() + 1);
            item.0.borrow_mut().push(4);
            item.0.borrow().iter().sum::<u32>() + shared.get()
        },
        &opaque,
    );
    assert!(results.iter().all(|sum| *sum >= 21), "{results:?}");
    // What the workers changed was theirs.
    assert_eq!((shared.get(), numbers.borrow().len()), (10, 3));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn the_callers_values_are_dropped_once() {
    struct Counted<'a>(&'a Cell<usize>);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let (captures, items) = (Cell::new(0), Cell::new(0));
    let captured = Counted(&captures);
    let list: Vec<_> = (0..10).map(|_| Counted(&items)).collect();
    let before = Pool::new(2).map(
        move |_item: Counted<'_>| std::convert::identity(&captured).0.get(),
        list,
    );
    assert_eq!(before, [0; 10]);
    assert_eq!((captures.get(), items.get()), (1, 10));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn as_many_processes_work_as_were_asked_for() {
    // Each worker waits until all of them have an item.
    let (read, write) = std::io::pipe().unwrap();
    let pids = Pool::builder().workers(4).chunk_size(1).build().map(
        |item: u32| {
            use std::io::{Read, Write};
            if item < 3 {
                (&read).read_exact(&mut [0; 1]).unwrap();
            } else {
                (&write).write_all(b"go!").unwrap();
            }
            std::process::id()
        },
        0..4,
    );
    assert_eq!(pids.iter().collect::<BTreeSet<_>>().len(), 4);
    assert!(!pids.contains(&std::process::id()));
    pids.into_iter().for_each(assert_waited_for);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_nested_pool_has_one_worker_unless_told_otherwise() {
    let nested = |_: u32| {
        let default = Pool::default();
        (
            default.workers(),
            default.map(|n: u32| n + 1, 0..3),
            Pool::new(2).map(|n: u32| n * 2, 0..3),
        )
    };
    let results = Pool::new(2).map(nested, 0..2);
    assert_eq!(results, vec![(1, vec![1, 2, 3], vec![0, 2, 4]); 2]);
    assert_eq!(Pool::default().workers(), cpu_count());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn try_map_stops_at_an_error() {
    let survivors = Survivors::watch();
    // The other items would take far longer than the time limit.
    let f = |n: u64| {
        if n == 1 {
            Err("one is not welcome")
        } else {
            std::thread::sleep(Duration::from_secs(n));
            Ok(n)
        }
    };
    let error = Pool::new(2).try_map(f, [1000, 1, 1000]).unwrap_err();
    assert_eq!(error.item(), Some(1));
    assert!(error.to_string().ends_with("failed: one is not welcome"), "{error}");
    survivors.assert_none();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn maps_in_several_threads_do_not_disturb_each_other() {
    std::thread::scope(|scope| {
        for thread in 0..8u32 {
            scope.spawn(move || {
                let results = Pool::new(2).map(|n: u32| n + thread, 0..100);
                assert_eq!(results, (thread..100 + thread).collect::<Vec<_>>());
            });
        }
    });
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_zero_is_refused_in_words() {
    let message = |call: fn() -> Pool| {
        let payload = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
        payload.downcast_ref::<String>().unwrap().clone()
    };
    assert!(message(|| Pool::new(0)).contains("a pool needs at least one worker"));
    assert!(message(|| Pool::builder().chunk_size(0).build()).contains("a chunk has at least one item"));
}
