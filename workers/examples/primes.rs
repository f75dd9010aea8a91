//! Prime numbers, counted in blocks: what `notebooks/from-notebook-to-program.ipynb` writes.
//!
//! `cargo run --example primes`
#![allow(clippy::print_stdout, reason = "it is a program, and prints")]

use parcell::prelude::*;

const BLOCK: u64 = 10_000;

fn is_prime(n: u64) -> bool {
    n >= 2 && (2..).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d))
}

fn count_primes(block: u64) -> usize {
    (block * BLOCK..(block + 1) * BLOCK).filter(|n| is_prime(*n)).count()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Standing workers are copies of this program: those of the executor go no further than here.
    parcell::init();

    let counts = Pool::default().map(count_primes, 0..10);
    println!("in each block: {counts:?}");

    let executor = ProcessPoolExecutor::new();
    let futures: Vec<_> = (0..10).map(|block| executor.submit(count_primes, block)).collect();
    let mut total = 0;
    for future in as_completed(&futures) {
        total += future.result()?;
    }
    println!("below {}: {total}", 10 * BLOCK);
    Ok(())
}
