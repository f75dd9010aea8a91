//! A list divided into one chunk for each core, by hand, and the same by the pool itself.
//!
//! `cargo run --example chunks`
#![allow(clippy::print_stdout, reason = "it is a program, and prints")]

use parcell::prelude::*;

fn process_chunk(chunk: &[u64]) -> Vec<u64> {
    chunk.iter().map(|n| n * n).collect()
}

fn main() {
    let data: Vec<u64> = (0..100).collect();
    let cores = cpu_count();
    println!("{cores} cores");

    let chunks = data.chunks(data.len().div_ceil(cores));
    let squares: Vec<u64> = Pool::new(cores).map(process_chunk, chunks).concat();
    println!("by hand: {:?}", &squares[95..]);

    // Workers take as many items at a time as keep them busy for a moment.
    let same = Pool::default().map(|n: &u64| n * n, &data);
    println!("the same: {}", same == squares);
}
