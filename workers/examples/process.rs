//! Five processes, each with its own share of the work, as lessons on multiprocessing begin.
//!
//! `cargo run --example process`
#![allow(clippy::print_stdout, reason = "it is a program, and prints")]

use std::thread::sleep;
use std::time::Duration;

use parcell::prelude::*;

fn worker(number: u64) -> u64 {
    println!("worker {number} starts in process {}", std::process::id());
    sleep(Duration::from_millis(20 * (5 - number)));
    println!("worker {number} is done");
    number * 10
}

fn main() -> Result<(), TaskError> {
    println!("the program is process {}", std::process::id());
    let processes: Vec<_> = (0..5)
        .map(|number| {
            Process::builder()
                .name(format!("worker-{number}"))
                .spawn(move || worker(number))
        })
        .collect();
    for process in &processes {
        let result = process.join()?;
        println!(
            "{} returned {result}, exit code {:?}",
            process.name().unwrap_or_default(),
            process.exit_code()
        );
    }
    Ok(())
}
