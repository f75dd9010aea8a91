//! An executor: calls handed over now and asked for later, in the order in which they are done, and heavy work on a large
//! array in each process.
//!
//! `cargo run --release --example executor`
#![allow(clippy::print_stdout, reason = "it is a program, and prints")]

use parcell::prelude::*;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

fn heavy_task(n: u64) -> u64 {
    println!("process {} works on {n}", std::process::id());
    (0..n * 1000).fold(0, |a, b| std::hint::black_box(a ^ b));
    n * n
}

fn mean_of_waves((seed, samples): (u64, usize)) -> f64 {
    let mut random = SmallRng::seed_from_u64(seed);
    let numbers: Vec<f64> = (0..samples).map(|_| random.random()).collect();
    numbers.iter().map(|x| x.sin() + x.cos()).sum::<f64>() / samples as f64
}

fn main() -> Result<(), TaskError> {
    // Standing workers are copies of this program: in them, this does not return.
    parcell::init();
    let executor = ProcessPoolExecutor::new();

    let futures: Vec<_> = (0..10).map(|n| executor.submit(heavy_task, n)).collect();
    let mut squares = Vec::new();
    for future in as_completed(&futures) {
        squares.push(future.result()?);
    }
    squares.sort_unstable();
    println!("squares: {squares:?}");

    // A map keeps the order. Each process makes an array of its own; only the mean comes back.
    let samples = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let means: Result<Vec<_>, _> = executor
        .map(mean_of_waves, (0..8).map(|seed| (seed, samples)))
        .collect();
    println!("means: {:.4?}", means?);

    // What fails costs its own call.
    let failed = executor.submit(|n: i32| 100 / n, 0);
    if let Err(error) = failed.result() {
        println!("error: {error}");
    }
    println!("after it: {:?}", executor.submit(|n: i32| 100 / n, 4).result());
    Ok(())
}
