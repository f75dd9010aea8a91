//! Memory that processes share: the lost update without a lock, the same with it, and a large array changed in place.
//!
//! `cargo run --example shared`
#![allow(clippy::print_stdout, reason = "it is a program, and prints")]

use parcell::Array;
use parcell::prelude::*;

const PROCESSES: u64 = 4;
const EACH: u64 = 10_000;

fn main() -> Result<(), TaskError> {
    let counter = Value::new(0u64);
    let lock = Lock::new();
    // Reading and writing are two steps: in between, others do theirs, and their step is lost.
    count(|| counter.set(counter.get() + 1))?;
    println!("without a lock: {} of {}", counter.get(), PROCESSES * EACH);

    counter.set(0);
    count(|| {
        let _guard = lock.lock();
        counter.set(counter.get() + 1);
    })?;
    println!("with a lock: {}", counter.get());

    // A value has a lock of its own.
    counter.set(0);
    count(|| *counter.lock() += 1)?;
    println!("with the value's own: {}", counter.get());

    let totals = Array::<u64>::new(4);
    Pool::new(2).for_each(|n: usize| totals.lock()[n % 4] += n as u64, 0..100);
    println!("totals: {:?}", totals.to_vec());

    let mut numbers = SharedArray::<f64>::new(1_000_000);
    Pool::default().for_each_chunk_mut(&mut numbers, 100_000, |index, chunk| {
        for (at, number) in chunk.iter_mut().enumerate() {
            *number = ((index * 100_000 + at) as f64).sqrt();
        }
    });
    println!("root of 999,999: {:.3}", numbers.as_slice()[999_999]);
    Ok(())
}

/// Runs the step in several processes at once.
fn count(step: impl Fn()) -> Result<(), TaskError> {
    let processes: Vec<_> = (0..PROCESSES)
        .map(|_| Process::spawn(|| (0..EACH).for_each(|_| step())))
        .collect();
    processes.iter().try_for_each(Process::join)
}
