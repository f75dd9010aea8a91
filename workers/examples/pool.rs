//! A pool: squares, a function that uses a variable of the program, and items that fail.
//!
//! `cargo run --example pool`
#![allow(clippy::print_stdout, reason = "it is a program, and prints")]

use parcell::prelude::*;

fn square(n: u64) -> u64 {
    println!("process {} squares {n}", std::process::id());
    n * n
}

fn main() {
    let pool = Pool::new(4);

    let squares = pool.map(square, [1, 2, 3, 4, 5]);
    println!("squares: {squares:?}");

    // The workers see the caller's variables; nothing is sent to them.
    let table: Vec<f64> = (0..1_000_000).map(f64::from).collect();
    let sums = pool.map(|part: &[f64]| part.iter().sum::<f64>(), table.chunks(250_000));
    println!("sum: {}", sums.iter().sum::<f64>());

    // A failure costs one item, whether it is a panic or the end of the worker.
    let results = pool.map_results(
        |n: u32| match n {
            1 => panic!("{n} is not welcome"),
            2 => std::process::abort(),
            _ => 100 / n,
        },
        [5, 1, 2, 10],
    );
    for result in results {
        match result {
            Ok(value) => println!("ok: {value}"),
            Err(error) => println!("error: {error}"),
        }
    }

    let parsed = pool.try_map(|text: &str| text.parse::<i32>(), ["1", "2", "three"]);
    println!("parsed: {parsed:?}");
}
