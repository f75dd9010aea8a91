//! How the time of a map grows with items, with workers, and with the memory that its workers capture: each with the
//! exponent that fits the second half best, which is 1 where twice as much takes twice as long.

use std::hint::black_box;

use parcell::Pool;

use crate::figures::Sizes;
use crate::report::{Growth, Report};
use crate::samples::Samples;

pub(crate) fn measure_all(sizes: &Sizes, report: &mut Report) {
    report.add_growth(with_items(sizes));
    report.add_growth(with_workers(sizes));
    report.add_growth(with_captured_memory(sizes));
}

fn with_items(sizes: &Sizes) -> Growth {
    let pool = Pool::default();
    let most = sizes.tiny as usize * 10;
    let counts = std::iter::successors(Some(1), |count| Some(count * 10)).take_while(|count| *count <= most);
    let point = |items: usize| {
        let run = || drop(black_box(pool.map(|n: usize| n ^ 1, 0..items)));
        (items as f64, Samples::of(sizes.runs.min(5), run))
    };
    Growth::new("a map of tiny items", "items", counts.map(point))
}

fn with_workers(sizes: &Sizes) -> Growth {
    let counts =
        std::iter::successors(Some(1), |count| Some(count * 2)).take_while(|count| *count <= sizes.most_workers);
    let steps = u64::from(sizes.tiny) / 4;
    let point = |workers: usize| {
        let pool = Pool::new(workers);
        let work = |n: u64| (0..steps).fold(n, |a, b| black_box(a ^ b));
        let run = || drop(black_box(pool.map(work, 0..512)));
        (workers as f64, Samples::of(sizes.runs.min(3), run))
    };
    Growth::new("a map of 512 items", "workers", counts.map(point))
}

fn with_captured_memory(sizes: &Sizes) -> Growth {
    let pool = Pool::default();
    let workers = pool.workers();
    let counts = std::iter::successors(Some(sizes.most_memory), |bytes| Some(bytes / 4)).take(4);
    let mut counts: Vec<usize> = counts.collect();
    counts.reverse();
    let point = |bytes: usize| {
        let memory = vec![1u8; bytes];
        let run = || drop(black_box(pool.map(|n: usize| memory.len() + n, 0..workers)));
        ((bytes >> 10) as f64 / 1024.0, Samples::of(sizes.runs, run))
    };
    Growth::new(
        "a map of one item a worker",
        "MiB captured",
        counts.into_iter().map(point),
    )
}
