//! How well items are handed out: the pool's own chunk sizes beside fixed ones, for costs that are the same, that are
//! very different, and that fall. And what a stream costs. Run it with `cargo bench --bench chunks`.

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

/// Work of about `units` times 100 ns.
fn work(units: u64) -> u64 {
    (0..units * 60).fold(units, |sum, n| black_box(sum.wrapping_mul(31).wrapping_add(n)))
}

struct Costs {
    name: &'static str,
    items: u64,
    /// The units of the item with this index, of so many.
    units: fn(u64, u64) -> u64,
}

const COSTS: [Costs; 4] = [
    Costs {
        name: "uniform, short",
        items: 200_000,
        units: |_, _| 4,
    },
    Costs {
        name: "uniform, long",
        items: 400,
        units: |_, _| 2_000,
    },
    Costs {
        name: "skewed: every 97th is 1000 times as long",
        items: 20_000,
        units: |n, _| if n % 97 == 0 { 2_000 } else { 2 },
    },
    Costs {
        name: "decreasing",
        items: 4_000,
        units: |n, items| (items - n) / 10,
    },
];

fn main() {
    let workers = parcell::cpu_count();
    println!(
        "{workers} workers; the time of one process in the first column, of the pool with each chunk size after it\n"
    );
    for costs in &COSTS {
        let Costs { name, items, units } = *costs;
        let f = move |n: u64| work(units(n, items));
        let alone = best(3, || drop(black_box((0..items).map(f).collect::<Vec<_>>())));
        print!("{name:<42} {alone:>9.1?}");
        let even = usize::try_from(items).unwrap_or(usize::MAX).div_ceil(workers);
        let sizes = [None, Some(1), Some(16), Some(256), Some(even.div_ceil(4)), Some(even)];
        for size in sizes {
            let builder = Pool::builder().workers(workers);
            let pool = size.map_or(builder.clone(), |size| builder.chunk_size(size)).build();
            let took = best(15, || drop(black_box(pool.map(f, 0..items))));
            let label = size.map_or("own".to_owned(), |size| size.to_string());
            print!("   {label} {took:.1?}");
        }
        println!();
    }
    println!();
    for (name, items, units) in [("tiny", 200_000, 0), ("10 us", 20_000, 100), ("1 ms", 500, 10_000)] {
        let pool = Pool::new(workers);
        let f = move |_: u64| work(units);
        let map = best(3, || drop(black_box(pool.map(f, 0..items))));
        let imap = best(3, || pool.imap(f, 0..items).for_each(|result| drop(black_box(result))));
        println!("{items:>7} items of {name:<6} map {map:>9.1?}   imap {imap:>9.1?}");
    }
}
