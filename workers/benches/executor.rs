//! What a call of a standing worker costs: its latency, its throughput, large arguments and results, and the start.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "it prints its measurements, and ends where one fails"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use parcell::{ProcessPoolExecutor, Queue};

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn timed(mut run: impl FnMut()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn main() {
    parcell::init();
    start();
    let executor = ProcessPoolExecutor::new();
    latency(&executor);
    throughput(&executor);
    large(&executor);
    queue();
}

fn start() {
    let first_call = |_| {
        let executor = ProcessPoolExecutor::with_workers(1);
        timed(|| drop(black_box(executor.submit(|n: u32| n, 1).result())))
    };
    println!(
        "start of a worker to its first result      {:>10.1?}",
        median((0..20).map(first_call).collect())
    );
}

fn latency(executor: &ProcessPoolExecutor) {
    let call = |_| timed(|| drop(black_box(executor.submit(|n: u32| n, 1).result())));
    let mut times: Vec<_> = (0..5000).map(call).collect();
    times.sort_unstable();
    println!(
        "submit and result, median                  {:>10.1?}",
        times[times.len() / 2]
    );
    println!(
        "submit and result, 99 of 100 within        {:>10.1?}",
        times[times.len() * 99 / 100]
    );
}

fn throughput(executor: &ProcessPoolExecutor) {
    let count = 20_000;
    let run = |_| {
        timed(|| {
            let futures: Vec<_> = (0..count).map(|n: u32| executor.submit(|n: u32| n, n)).collect();
            futures.iter().for_each(|future| drop(black_box(future.result())));
        })
    };
    println!(
        "{count} calls at once, each                 {:>10.1?}",
        median((0..5).map(run).collect()) / count
    );
}

fn large(executor: &ProcessPoolExecutor) {
    let bytes = vec![1u8; 64 << 20];
    let numbers = vec![1.5f64; 8 << 20];
    let speed = |took: Duration| (64 << 20) as f64 / took.as_secs_f64() / 1e9;
    let argument = |_| {
        timed(|| {
            assert_eq!(
                executor.submit(|bytes: Vec<u8>| bytes.len(), bytes.clone()).result(),
                Ok(64 << 20)
            )
        })
    };
    report(
        "argument of 64 MiB, Vec<u8>",
        speed(median((0..7).map(argument).collect())),
    );
    let argument = |_| {
        timed(|| {
            assert_eq!(
                executor
                    .submit(|numbers: Vec<f64>| numbers.len(), numbers.clone())
                    .result(),
                Ok(8 << 20)
            )
        })
    };
    report(
        "argument of 64 MiB, Vec<f64>",
        speed(median((0..7).map(argument).collect())),
    );
    let result = |_| {
        timed(|| {
            assert_eq!(
                executor
                    .submit(|n: usize| vec![1.5f64; n], 8 << 20)
                    .result()
                    .map(|v| v.len()),
                Ok(8 << 20)
            )
        })
    };
    report(
        "result of 64 MiB, Vec<f64>",
        speed(median((0..7).map(result).collect())),
    );
    let copy = |_| timed(|| drop(black_box(numbers.clone())));
    report(
        "a copy of 64 MiB in one process",
        speed(median((0..7).map(copy).collect())),
    );
}

fn report(what: &str, gigabytes: f64) {
    println!("{what:<42} {gigabytes:>8.2} GB/s");
}

fn queue() {
    let (there, back) = (Queue::new(), Queue::new());
    let echo = parcell::Process::spawn(|| there.iter().for_each(|n: u32| back.put(n).unwrap()));
    let round = |n| {
        timed(|| {
            there.put(n).unwrap();
            assert_eq!(back.get(), Ok(n));
        })
    };
    println!(
        "queue, there and back, median              {:>10.1?}",
        median((0..5000).map(round).collect())
    );
    there.close();
    echo.join().unwrap();
}
