//! What is measured beside the peers.

use std::hint::black_box;
use std::time::Instant;

use parcell::{Pool, ProcessPoolExecutor};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;

use crate::python::Python;
use crate::report::{Figure, Report};
use crate::samples::Samples;

/// How much of everything there is.
pub(crate) struct Sizes {
    pub(crate) runs: usize,
    pub(crate) tiny: u32,
    single: u32,
    calls: usize,
    samples: usize,
    captured: usize,
    payload: usize,
    /// Rows and columns of the Mandelbrot set, and how often a point is looked at.
    mandelbrot: usize,
    iterations: u32,
    pub(crate) most_workers: usize,
    pub(crate) most_memory: usize,
}

impl Sizes {
    pub(crate) const FULL: Sizes = Sizes {
        runs: 7,
        tiny: 1_000_000,
        single: 20_000,
        calls: 5000,
        samples: 10_000_000,
        captured: 1 << 30,
        payload: 64 << 20,
        mandelbrot: 600,
        iterations: 2000,
        most_workers: 256,
        most_memory: 4 << 30,
    };
    pub(crate) const SMALL: Sizes = Sizes {
        runs: 1,
        tiny: 1000,
        single: 100,
        calls: 10,
        samples: 1000,
        captured: 1 << 16,
        payload: 1 << 16,
        mandelbrot: 8,
        iterations: 50,
        most_workers: 4,
        most_memory: 1 << 20,
    };
}

const SEEDS: u64 = 8;
const PARTS: usize = 64;

pub(crate) fn measure_all(sizes: &Sizes, python: &mut Python, report: &mut Report) {
    report.add(tiny_items(sizes, python));
    report.add(single_items(sizes, python));
    report.add(submitted(sizes, python));
    report.add(in_flight(sizes));
    report.add(seeds(sizes, python));
    report.add(mandelbrot(sizes));
    report.add(captured(sizes, python));
    let (argument, result, copy) = payloads(sizes, python);
    report.note(format!(
        "an argument takes {:.2} times as long as a copy, a result {:.2} times",
        argument.ours.median() / copy.ours.median(),
        result.ours.median() / copy.ours.median()
    ));
    report.add(argument);
    report.add(result);
    report.add(copy);
}

fn tiny_items(sizes: &Sizes, python: &mut Python) -> Figure {
    let items = sizes.tiny;
    let pool = Pool::default();
    let (ours, rayon) = Samples::of_both(
        sizes.runs,
        || drop(black_box(pool.map(|n: u32| u64::from(n) * 2, 0..items))),
        || {
            drop(black_box(
                (0..items).into_par_iter().map(|n| u64::from(n) * 2).collect::<Vec<_>>(),
            ));
        },
    );
    Figure::new("a map of tiny items, an item", items as usize, ours)
        .with_rayon(rayon)
        .with_python(python.ask_all("tiny"))
}

fn single_items(sizes: &Sizes, python: &mut Python) -> Figure {
    let items = sizes.single;
    let pool = Pool::builder().chunk_size(1).build();
    let ours = Samples::of(sizes.runs, || {
        drop(black_box(pool.map(|n: u32| u64::from(n) * 2, 0..items)));
    });
    Figure::new("chunks of one item, an item", items as usize, ours).with_python(python.ask_all("single"))
}

fn submitted(sizes: &Sizes, python: &mut Python) -> Figure {
    let executor = ProcessPoolExecutor::new();
    let call = || assert_eq!(black_box(executor.submit(|n: u32| n + 1, 1).result()), Ok(2));
    (0..sizes.calls / 10).for_each(|_| call());
    let ours = Samples::of(sizes.calls, call);
    Figure::new("one call and its result", 1, ours).with_python(python.ask_all("submit"))
}

/// Many calls of which none is waited for before all are there.
fn in_flight(sizes: &Sizes) -> Figure {
    let executor = ProcessPoolExecutor::new();
    let calls = sizes.calls as u32 * 20;
    let ours = Samples::of(sizes.runs, || {
        let futures: Vec<_> = (0..calls).map(|n| executor.submit(|n: u32| n + 1, n)).collect();
        let sum: u64 = futures
            .iter()
            .map(|future| u64::from(future.result().expect("it does not fail")))
            .sum();
        assert_eq!(sum, u64::from(calls) * (u64::from(calls) + 1) / 2);
    });
    Figure::new("many calls at once, a call", calls as usize, ours)
}

fn mean(seed: u64, samples: usize) -> f64 {
    let mut random = SmallRng::seed_from_u64(seed);
    let sum: f64 = (0..samples)
        .map(|_| random.random::<f64>())
        .map(|x| x.sin() + x.cos())
        .sum();
    sum / samples as f64
}

fn seeds(sizes: &Sizes, python: &mut Python) -> Figure {
    let samples = sizes.samples;
    let check = |means: Vec<f64>| assert!(means.iter().all(|mean| (mean - 1.3).abs() < 0.2), "{means:?}");
    let pool = Pool::default();
    let (ours, rayon) = Samples::of_both(
        sizes.runs,
        || check(pool.map(|seed| mean(seed, samples), 0..SEEDS)),
        || {
            check((0..SEEDS).into_par_iter().map(|seed| mean(seed, samples)).collect());
        },
    );
    Figure::new("8 seeds of sin + cos", 1, ours)
        .with_rayon(rayon)
        .with_python(python.ask_all("seeds"))
}

/// Rows of very different lengths, the long ones in the middle.
fn mandelbrot(sizes: &Sizes) -> Figure {
    let (size, iterations) = (sizes.mandelbrot, sizes.iterations);
    let row = |row: usize| -> Vec<u32> {
        let place = |index: usize| 3.0 * index as f64 / size as f64 - 1.5;
        let steps = |column: usize| {
            let (re, im) = (place(column) - 0.5, place(row));
            let (mut x, mut y) = (0.0, 0.0);
            (0..iterations)
                .find(|_| {
                    (x, y) = (x * x - y * y + re, 2.0 * x * y + im);
                    x * x + y * y > 4.0
                })
                .unwrap_or(iterations)
        };
        (0..size).map(steps).collect()
    };
    let pool = Pool::default();
    let (ours, rayon) = Samples::of_both(
        sizes.runs,
        || assert_eq!(black_box(pool.map(row, 0..size)).len(), size),
        || {
            assert_eq!(
                black_box((0..size).into_par_iter().map(row).collect::<Vec<_>>()).len(),
                size
            )
        },
    );
    Figure::new("rows of the Mandelbrot set", 1, ours).with_rayon(rayon)
}

fn captured(sizes: &Sizes, python: &mut Python) -> Figure {
    let bytes = sizes.captured;
    let numbers = vec![1u8; bytes];
    let sum = |part: usize| -> u64 {
        let part = &numbers[part * (bytes / PARTS)..][..bytes / PARTS];
        part.iter().map(|byte| u64::from(*byte)).sum()
    };
    let pool = Pool::default();
    let (ours, rayon) = Samples::of_both(
        sizes.runs.min(5),
        || assert_eq!(pool.map(sum, 0..PARTS).iter().sum::<u64>(), bytes as u64),
        || assert_eq!((0..PARTS).into_par_iter().map(sum).sum::<u64>(), bytes as u64),
    );
    Figure::new("the sum of a GiB that is there, in 64 parts", 1, ours)
        .with_rayon(rayon)
        .with_python(python.ask_all("captured"))
}

/// An argument, a result, and a copy within a process to compare them with.
fn payloads(sizes: &Sizes, python: &mut Python) -> (Figure, Figure, Figure) {
    let executor = ProcessPoolExecutor::with_workers(1);
    let count = sizes.payload / 8;
    let numbers = vec![1.5f64; count];
    let send = |_| {
        let numbers = numbers.clone();
        let start = Instant::now();
        let length = executor.submit(|numbers: Vec<f64>| numbers.len(), numbers).result();
        assert_eq!(length, Ok(count));
        start.elapsed()
    };
    let receive = || {
        let result = executor.submit(|len: usize| vec![1.5f64; len], count).into_result();
        assert_eq!(result.map(|numbers| numbers.len()), Ok(count));
    };
    let argument = Samples::timed(sizes.runs + 2, send);
    let result = Samples::of(sizes.runs + 2, receive);
    let copy = Samples::of(sizes.runs + 2, || drop(black_box(numbers.clone())));
    (
        Figure::new("64 MiB as an argument", 1, argument).with_python(python.ask_all("argument")),
        Figure::new("64 MiB as a result", 1, result).with_python(python.ask_all("result")),
        Figure::new("for comparison: a copy of 64 MiB in one process", 1, copy),
    )
}
