//! How the time of a map grows with items, with workers, and with the memory that its workers capture.

use std::hint::black_box;

use parcell::Pool;

use crate::median;

pub(crate) fn with_items() {
    println!("a map of tiny items, by their number:");
    let pool = Pool::default();
    for items in [1u32, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000] {
        let time = median(5, || drop(black_box(pool.map(|n: u32| n ^ 1, 0..items))));
        println!("{items:>12} items   {time:>10.2?}   {:>10.2?} each", time / items);
    }
}

pub(crate) fn with_workers() {
    println!("a map of 256 items of about 1 ms, by the number of workers:");
    for workers in [1, 2, 4, 8, 16, 32, 64] {
        let pool = Pool::new(workers);
        let work = |n: u64| (0..300_000).fold(n, |a, b| black_box(a ^ b));
        let time = median(3, || drop(black_box(pool.map(work, 0..256))));
        println!("{workers:>12} workers {time:>10.2?}");
    }
}

pub(crate) fn with_captured_memory() {
    println!("a map of one item a worker, by the memory that this process has:");
    let pool = Pool::default();
    let workers = pool.workers();
    for mebibytes in [0usize, 64, 256, 1024] {
        let memory = vec![1u8; mebibytes << 20];
        let time = median(9, || drop(black_box(pool.map(|n: usize| memory.len() + n, 0..workers))));
        println!("{mebibytes:>12} MiB     {time:>10.2?}");
    }
}
