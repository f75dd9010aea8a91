//! The other calls of a pool, and the seeds that all of them give.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use parcell::{Pool, Process, SharedArray, item_seed};
use rstest::rstest;

use crate::support::Survivors;

fn panic_message(call: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.unwrap_or_else(|| payload.downcast_ref::<String>().unwrap().clone())
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn tuples_become_arguments() {
    let pool = Pool::new(2);
    assert_eq!(pool.starmap(|a: u32, b: u32| a - b, [(3, 1), (5, 5)]), [2, 0]);
    assert_eq!(
        pool.starmap(|a: u8, b: &str, c: f32| format!("{a}{b}{c}"), [(1, "x", 0.5)]),
        ["1x0.5"]
    );
    assert_eq!(
        pool.starmap(|a: u8, b: u8, c: u8, d: u8| a + b + c + d, [(1, 2, 3, 4)]),
        [10]
    );
    assert_eq!(
        pool.starmap(|a: u8, b: u8, c: u8, d: u8, e: u8| a * b + c * d + e, [(1, 2, 3, 4, 5)]),
        [19]
    );
    assert_eq!(
        pool.starmap(
            |a: i8, b: i8, c: i8, d: i8, e: i8, f: i8| a + b + c - d - e - f,
            [(1, 2, 3, 4, 5, 6)]
        ),
        [-9]
    );
    let message = panic_message(|| drop(pool.starmap(|a: u32, b: u32| a / b, [(1, 1), (1, 0)])));
    assert!(
        message.starts_with("item 1 (pid ") && message.ends_with("attempt to divide by zero"),
        "{message}"
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn one_call_runs_in_a_worker() {
    let here = std::process::id();
    assert_ne!(Pool::new(3).apply(|()| std::process::id(), ()), here);
    let message = panic_message(|| Pool::new(3).apply(|n: u32| assert_eq!(n, 0, "not nothing"), 1));
    assert!(
        message.starts_with("process ") && message.contains("not nothing"),
        "{message}"
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn reducing_equals_the_sequential_fold(
    #[values(0, 1, 2, 1000, 1025, 30_000)] items: u64,
    #[values(1, 3)] workers: usize,
) {
    let pool = Pool::new(workers);
    assert_eq!(
        pool.map_reduce(|n| n * 3, 0..items, 7, |a, b| a + b),
        7 + (0..items).map(|n| n * 3).sum::<u64>()
    );
    // In the items' order, and the first value once.
    let joined = pool.map_reduce(|n| format!("{n},"), 0..items.min(1500), ">".to_owned(), |a, b| a + &b);
    assert_eq!(
        joined,
        (0..items.min(1500)).fold(">".to_owned(), |text, n| text + &format!("{n},"))
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_sum_of_floats_is_the_same_with_any_number_of_workers() {
    let sum = |workers, chunk_size| {
        let pool = Pool::builder().workers(workers).chunk_size(chunk_size).build();
        pool.map_reduce(|n: u32| (f64::from(n) + 0.1).sqrt().sin(), 0..50_000, 0.0, |a, b| a + b)
    };
    let one = sum(1, 1);
    assert!(
        [(2, 1), (3, 7), (8, 100)]
            .iter()
            .all(|(workers, size)| sum(*workers, *size).to_bits() == one.to_bits())
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
#[case::panic(None, || panic!("boom"), "boom")]
#[case::abort(None, || std::process::abort(), "was killed by SIGABRT (abort)")]
#[case::timeout(Some(1000), || loop { std::hint::spin_loop() }, "took longer than the 1s allowed")]
fn a_failure_while_reducing_names_the_item(#[case] limit: Option<u64>, #[case] fail: fn(), #[case] text: &str) {
    let survivors = Survivors::watch();
    let builder = Pool::builder().workers(2);
    let pool = match limit {
        Some(millis) => builder.timeout(Duration::from_millis(millis)).build(),
        None => builder.build(),
    };
    let f = |n: u64| {
        if n == 7654 {
            fail();
        }
        n
    };
    let message = panic_message(|| assert_eq!(pool.map_reduce(f, 0..10_000, 0, |a, b| a + b), 0));
    assert!(
        message.starts_with("item 7654 (pid ") && message.ends_with(text),
        "{message}"
    );
    survivors.assert_none();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn seeds_belong_to_items() {
    let seeds = |workers, chunk_size| {
        let pool = Pool::builder().workers(workers).chunk_size(chunk_size).seed(1).build();
        pool.map(|_: u32| item_seed(), 0..200)
    };
    let expected = seeds(1, 1);
    assert_eq!(expected.iter().collect::<BTreeSet<_>>().len(), 200);
    assert_eq!(seeds(3, 7), expected);
    let seeded = Pool::builder().workers(2).seed(1).build();
    let streamed: Vec<u64> = seeded.imap(|_: u32| item_seed(), 0..200).map(Result::unwrap).collect();
    assert_eq!(streamed, expected);
    // The item's, also within a group, and whatever was tried before.
    let reduced = seeded.map_reduce(|_: u32| vec![item_seed()], 0..200, Vec::new(), |a, b| [a, b].concat());
    assert_eq!(reduced, expected);

    let pool = Pool::new(2);
    assert_ne!(
        pool.map(|_: u32| item_seed(), 0..3),
        pool.map(|_: u32| item_seed(), 0..3)
    );
    let twice = pool.apply(|()| (item_seed(), item_seed()), ());
    assert_eq!(twice.0, twice.1);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn seeds_of_nested_calls_and_processes_differ_and_can_be_had_again() {
    let nested = |_: u32| {
        let first = Pool::new(1).map(|_: u32| item_seed(), 0..2);
        let second = Pool::new(1).map(|_: u32| item_seed(), 0..2);
        let process = Process::spawn(item_seed).join().unwrap();
        [first, second, vec![process, item_seed()]].concat()
    };
    let run = || Pool::builder().workers(2).seed(5).build().map(nested, 0..3).concat();
    let seeds = run();
    assert_eq!(seeds.iter().collect::<BTreeSet<_>>().len(), 18);
    assert_eq!(run(), seeds);
    assert_ne!(Process::spawn(item_seed).join(), Process::spawn(item_seed).join());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_shared_array_is_changed_in_place(#[values(0, 1, 7, 1000)] len: usize, #[values(1, 3, 64, 5000)] chunk_len: usize) {
    let mut array = SharedArray::<u64>::new(len);
    let pool = Pool::new(3);
    for _ in 0..2 {
        pool.for_each_chunk_mut(&mut array, chunk_len, |index, chunk| {
            for (offset, element) in chunk.iter_mut().enumerate() {
                *element += (index * chunk_len + offset + 1) as u64;
            }
        });
    }
    assert!(array.as_slice().iter().zip(1..).all(|(element, n)| *element == 2 * n));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_failure_in_place_names_the_chunk() {
    let mut array = SharedArray::<u8>::new(10);
    let message = panic_message(|| Pool::new(2).for_each_chunk_mut(&mut array, 2, |index, _| assert_ne!(index, 3)));
    assert!(message.starts_with("item 3 (pid "), "{message}");
    let other = array.clone();
    let message = panic_message(|| Pool::new(2).for_each_chunk_mut(&mut array, 2, |_, chunk| chunk.fill(1)));
    assert!(message.contains("has another handle"), "{message}");
    drop(other);
}
