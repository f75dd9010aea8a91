//! Measures the library beside its peers, in one run: `cargo bench -p parcell-tests --bench workers`.
//!
//! The peers are rayon, in this program, and Python's `multiprocessing.Pool`, `ProcessPoolExecutor`, joblib and ipyparallel
//! (a cluster of as many engines as there are cores, balancing load), in one Python program (`peers.py`) that this one asks for one figure after the other, so that whatever else the machine does
//! falls on all. Python is `python3`, or what PARCELL_BENCH_PYTHON names; what it cannot import is left out. Figures are
//! medians.

#![allow(clippy::print_stdout, reason = "it prints its measurements")]

mod growth;
mod python;

use std::hint::black_box;
use std::time::{Duration, Instant};

use parcell::{Pool, ProcessPoolExecutor};
use python::{Python, Times};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;

const SAMPLES: usize = 10_000_000;
const SEEDS: u64 = 8;
const GIGABYTE: usize = 1 << 30;
const PAYLOAD: usize = 64 << 20;

fn main() {
    parcell::init();
    let mut python = Python::start();
    println!("{} cores", parcell::cpu_count());
    println!(
        "{:<44}{:>14}{:>14}{:>14}{:>14}{:>14}{:>14}",
        "", "parcell", "rayon", "Pool", "Executor", "joblib", "ipyparallel"
    );
    tiny_items(&mut python);
    single_items(&mut python);
    submitted(&mut python);
    seeds(&mut python);
    captured(&mut python);
    payloads(&mut python);
    println!();
    growth::with_items();
    growth::with_workers();
    growth::with_captured_memory();
}

/// One row: this library, rayon, and what Python says, each divided by `count`.
fn row(name: &str, count: u32, parcell: Duration, rayon: Option<Duration>, python: Times) {
    let cells = [Some(parcell), rayon].into_iter().chain(python);
    let cells: String = cells
        .map(|time| time.map_or("-".to_owned(), |time| format!("{:.2?}", time / count)))
        .map(|text| format!("{text:>14}"))
        .collect();
    println!("{name:<44}{cells}");
}

fn tiny_items(python: &mut Python) {
    let items = 1_000_000;
    let pool = Pool::default();
    let ours = median(7, || drop(black_box(pool.map(|n: u32| u64::from(n) * 2, 0..items))));
    let rayon = median(7, || {
        drop(black_box(
            (0..items).into_par_iter().map(|n| u64::from(n) * 2).collect::<Vec<_>>(),
        ));
    });
    row(
        "map of 1,000,000 tiny items, an item",
        items,
        ours,
        Some(rayon),
        python.ask_all("tiny"),
    );
}

fn single_items(python: &mut Python) {
    let items = 20_000;
    let pool = Pool::builder().chunk_size(1).build();
    let ours = median(7, || drop(black_box(pool.map(|n: u32| u64::from(n) * 2, 0..items))));
    row(
        "map, chunk size 1, an item",
        items,
        ours,
        None,
        python.ask_all("single"),
    );
}

fn submitted(python: &mut Python) {
    let executor = ProcessPoolExecutor::new();
    let call = || assert_eq!(black_box(executor.submit(|n: u32| n + 1, 1).result()), Ok(2));
    (0..500).for_each(|_| call());
    let ours = median(5000, call);
    row("submit and result", 1, ours, None, python.ask_all("submit"));
}

fn mean(seed: u64) -> f64 {
    let mut random = SmallRng::seed_from_u64(seed);
    let sum: f64 = (0..SAMPLES)
        .map(|_| random.random::<f64>())
        .map(|x| x.sin() + x.cos())
        .sum();
    sum / SAMPLES as f64
}

fn seeds(python: &mut Python) {
    let check = |means: Vec<f64>| assert!(means.iter().all(|mean| (mean - 1.3012).abs() < 0.001), "{means:?}");
    let pool = Pool::default();
    let (mut ours, mut rayon) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        ours.push(timed(|| check(pool.map(mean, 0..SEEDS))));
        rayon.push(timed(|| check((0..SEEDS).into_par_iter().map(mean).collect())));
    }
    row(
        "8 seeds, 10,000,000 sin + cos each",
        1,
        middle(ours),
        Some(middle(rayon)),
        python.ask_all("seeds"),
    );
}

fn captured(python: &mut Python) {
    let numbers = vec![1u8; GIGABYTE];
    let parts: Vec<usize> = (0..64).collect();
    let sum = |part: usize| -> u64 {
        let part = &numbers[part * (GIGABYTE / 64)..][..GIGABYTE / 64];
        part.iter().map(|byte| u64::from(*byte)).sum()
    };
    let pool = Pool::default();
    let (mut ours, mut rayon) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        ours.push(timed(|| {
            assert_eq!(
                pool.map(sum, parts.iter().copied()).iter().sum::<u64>(),
                GIGABYTE as u64
            )
        }));
        rayon.push(timed(|| {
            assert_eq!(parts.par_iter().map(|part| sum(*part)).sum::<u64>(), GIGABYTE as u64)
        }));
    }
    row(
        "sum of a captured GiB in 64 parts",
        1,
        middle(ours),
        Some(middle(rayon)),
        python.ask_all("captured"),
    );
}

fn payloads(python: &mut Python) {
    let executor = ProcessPoolExecutor::with_workers(1);
    let numbers = vec![1.5f64; PAYLOAD / 8];
    let argument = |_| {
        let numbers = numbers.clone();
        let start = Instant::now();
        let length = executor.submit(|numbers: Vec<f64>| numbers.len(), numbers).result();
        assert_eq!(length, Ok(PAYLOAD / 8));
        start.elapsed()
    };
    let ours = middle((0..9).map(argument).collect());
    row("argument of 64 MiB", 1, ours, None, python.ask_all("argument"));
    rate(ours);
    let result = |_| {
        timed(|| {
            assert_eq!(
                executor
                    .submit(|len: usize| vec![1.5f64; len], PAYLOAD / 8)
                    .result()
                    .map(|v| v.len()),
                Ok(PAYLOAD / 8)
            )
        })
    };
    let ours = middle((0..9).map(result).collect());
    row("result of 64 MiB", 1, ours, None, python.ask_all("result"));
    rate(ours);
    let copy = median(9, || drop(black_box(numbers.clone())));
    row("for comparison: a copy in one process", 1, copy, None, Times::default());
    rate(copy);
}

fn rate(time: Duration) {
    println!(
        "{:<44}{:>9.2} GB/s",
        "  that is",
        PAYLOAD as f64 / time.as_secs_f64() / 1e9
    );
}

/// The median time of several runs, after one that does not count.
pub(crate) fn median(runs: usize, mut run: impl FnMut()) -> Duration {
    run();
    middle((0..runs).map(|_| timed(&mut run)).collect())
}

fn timed(mut run: impl FnMut()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
