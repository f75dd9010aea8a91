//! A map on a Dask cluster: `cargo run --example cluster -- tcp://127.0.0.1:8786`, with a scheduler and workers there
//! (`dask scheduler`, `dask worker tcp://127.0.0.1:8786`) and a `python3` that has `distributed`.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "it is a program, and prints")]

use std::process::ExitCode;

use parcell::{Cluster, ClusterError, cpu_count};

fn main() -> ExitCode {
    // In a worker this is as far as it goes.
    parcell::init();
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("which scheduler? For example: cluster tcp://127.0.0.1:8786");
        return ExitCode::FAILURE;
    };
    match count_primes(&address) {
        Ok(primes) => {
            println!("{primes} primes");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn count_primes(address: &str) -> Result<usize, ClusterError> {
    let cluster = Cluster::connect(address)?.progress(true);
    let counts = cluster.map_results(primes_in, (0..10u64).map(|part| (part * 10_000, (part + 1) * 10_000)))?;
    let counts = counts
        .into_iter()
        .map(|count| count.unwrap_or_else(|error| panic!("{error}")));
    println!("counted on a cluster, from a machine with {} cores", cpu_count());
    Ok(counts.sum())
}

fn primes_in((start, end): (u64, u64)) -> usize {
    println!("looking from {start} on");
    (start..end).filter(|&number| is_prime(number)).count()
}

fn is_prime(number: u64) -> bool {
    number > 1
        && (2..)
            .take_while(|divisor| divisor * divisor <= number)
            .all(|divisor| !number.is_multiple_of(divisor))
}
