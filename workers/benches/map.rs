//! What a map costs: many tiny items, items one by one, and starting the workers. Run it with `cargo bench`.

#![allow(clippy::print_stdout, reason = "it prints its measurements")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use parcell::Pool;

/// The shortest of several runs: what the code takes when nothing else disturbs it.
fn best(runs: usize, mut run: impl FnMut()) -> Duration {
    let timed = |_| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..runs).map(timed).min().unwrap_or_default()
}

fn report(name: &str, items: u32, took: Duration) {
    println!("{name:<40} {took:>10.1?}  {:>10.1?} an item", took / items);
}

fn main() {
    let pool = Pool::default();
    let many = 1_000_000;
    let tiny = best(5, || drop(black_box(pool.map(|n: u32| u64::from(n) * 2, 0..many))));
    report("1,000,000 tiny items", many, tiny);

    let one_by_one = Pool::builder().workers(pool.workers()).chunk_size(1).build();
    let few = 100_000;
    let single = best(5, || drop(black_box(one_by_one.map(|n: u32| u64::from(n) * 2, 0..few))));
    report("100,000 tiny items, chunk size 1", few, single);

    let start = best(50, || drop(black_box(pool.map(|n: u32| n, 0..2))));
    report("start and end of a pool, 2 items", 2, start);

    let large = best(3, || drop(black_box(pool.map(|_: u32| vec![1u8; 8 << 20], 0..8))));
    report("results of 8 MiB", 8, large);
}
