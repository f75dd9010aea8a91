//! What can be sent to a worker, and what runs there.

use std::collections::BTreeMap;

use parcell::{ProcessPoolExecutor, Queue, TaskError};
use serde::{Deserialize, Serialize};

use crate::support::trials;

trials![
    named_functions_closures_and_pointers_run,
    arguments_and_results_may_be_anything_that_serde_knows,
    large_arguments_and_results_come_whole,
    the_worker_is_another_process_and_stays,
    handles_travel_to_workers_and_back,
    functions_of_other_crates_run,
    a_pool_in_a_worker_has_one_worker,
];

fn square(n: u64) -> u64 {
    n * n
}

fn generic<T: std::fmt::Display>(value: T) -> String {
    format!("<{value}>")
}

fn named_functions_closures_and_pointers_run() {
    let executor = ProcessPoolExecutor::with_workers(2);
    assert_eq!(executor.submit(square, 12).result(), Ok(144));
    assert_eq!(executor.submit(|n: u64| n + 1, 12).result(), Ok(13));
    let pointers: [fn(u64) -> u64; 2] = [square, |n| n * 1000];
    let results = pointers.map(|pointer| executor.submit(pointer, 3).result());
    assert_eq!(results, [Ok(9), Ok(3000)]);
    assert_eq!(executor.submit(generic::<i8>, -1).result(), Ok("<-1>".to_owned()));
    assert_eq!(
        executor.submit(generic::<String>, "x".to_owned()).result(),
        Ok("<x>".to_owned())
    );
    assert_eq!(executor.submit(|()| (), ()).result(), Ok(()));
    assert_eq!(executor.submit(|(a, b): (u8, u8)| a + b, (3, 4)).result(), Ok(7));
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Circle { radius: f64 },
    Named(BTreeMap<String, Option<Vec<u8>>>),
}

fn arguments_and_results_may_be_anything_that_serde_knows() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let named = Shape::Named(BTreeMap::from([
        ("a".to_owned(), Some(vec![1, 2])),
        ("b".to_owned(), None),
    ]));
    for shape in [Shape::Circle { radius: 0.1 }, named] {
        assert_eq!(executor.submit(|shape: Shape| shape, shape.clone()).result(), Ok(shape));
    }
}

fn large_arguments_and_results_come_whole() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let numbers: Vec<u64> = (0..3_000_000).collect();
    let doubled = executor.submit(
        |numbers: Vec<u64>| numbers.iter().map(|n| n * 2).collect::<Vec<_>>(),
        numbers,
    );
    let result = doubled.result().unwrap();
    assert!(result.iter().zip(0u64..).all(|(result, n)| *result == n * 2));
    assert_eq!(result.len(), 3_000_000);
    // What the receiver's type is made of is the same.
    let set = executor.submit(
        |numbers: std::collections::BTreeSet<u64>| numbers.len(),
        (0..100_000u64).collect(),
    );
    assert_eq!(set.result(), Ok(100_000));
    let boxed = executor.submit(
        |numbers: Box<[[u8; 4]]>| numbers,
        vec![[7; 4]; 100_000].into_boxed_slice(),
    );
    assert_eq!(boxed.result().unwrap().len(), 100_000);
    let boxed = executor.submit(|numbers: Box<[i16]>| numbers, vec![-7; 100_000].into_boxed_slice());
    assert!(*boxed.result().unwrap() == [-7; 100_000]);
}

fn the_worker_is_another_process_and_stays() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let pid = |()| std::process::id();
    let pids: Vec<_> = (0..5).map(|_| executor.submit(pid, ()).result().unwrap()).collect();
    assert!(pids.iter().all(|pid| *pid == pids[0] && *pid != std::process::id()));
    assert_eq!(executor.worker_pids(), [pids[0]]);
}

fn handles_travel_to_workers_and_back() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let queue = Queue::new();
    let put = |(queue, n): (Queue<u32>, u32)| queue.put(n).unwrap();
    let futures: Vec<_> = (0..10).map(|n| executor.submit(put, (queue.clone(), n))).collect();
    futures.iter().for_each(|future| future.result().unwrap());
    queue.close();
    let mut numbers: Vec<_> = queue.iter().collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..10).collect::<Vec<_>>());

    let made_there = executor.submit(|n: u32| Queue::from_iter_of(n), 3).result().unwrap();
    assert_eq!(made_there.iter().collect::<Vec<_>>(), [0, 1, 2]);
}

trait FromIterOf {
    fn from_iter_of(n: u32) -> Self;
}

impl FromIterOf for Queue<u32> {
    fn from_iter_of(n: u32) -> Self {
        let queue = Queue::new();
        (0..n).for_each(|n| queue.put(n).unwrap());
        queue.close();
        queue
    }
}

fn functions_of_other_crates_run() {
    let executor = ProcessPoolExecutor::with_workers(1);
    assert_eq!(executor.submit(u32::leading_zeros, 1).result(), Ok(31));
    let length = executor.submit(|text: String| text.chars().count(), "äöü".to_owned());
    assert_eq!(length.result(), Ok(3));
}

fn a_pool_in_a_worker_has_one_worker() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let nested = |n: u64| -> Result<(usize, Vec<u64>), TaskError> {
        let pool = parcell::Pool::default();
        Ok((
            pool.workers(),
            pool.try_map(|item: u64| Ok::<_, String>(item * n), 0..3)?,
        ))
    };
    assert_eq!(executor.submit(nested, 5).result(), Ok(Ok((1, vec![0, 5, 10]))));
}
