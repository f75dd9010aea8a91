//! `%timeit` and `%%timeit`: what code takes that is too short for a clock, run again and again.
//!
//! The way of measuring, and of telling, is that of IPython's magic of this name and of Python's `timeit`.

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use crate::text::{counted, seconds_text};

/// How long a run takes at least, where the number of its loops is not given.
const LEAST_RUN: Duration = Duration::from_millis(200);
/// From here on what is slowest may have done something else than what is fastest.
const SUSPICIOUS: f64 = 4.0;

/// Runs `work` in `runs` runs of `loops` loops, by default of as many as take 0.2 seconds, and prints the mean and the
/// standard deviation of the runs' times for a loop.
pub fn timeit<T>(loops: Option<usize>, runs: usize, mut work: impl FnMut() -> T) {
    let mut run = |loops: usize| {
        let start = Instant::now();
        for _ in 0..loops {
            black_box(work());
        }
        start.elapsed()
    };
    let loops = loops.unwrap_or_else(|| loops_that_take(LEAST_RUN, &mut run));
    let per_loop: Vec<f64> = (0..runs).map(|_| run(loops).as_secs_f64() / loops as f64).collect();
    // In one piece. Where it cannot be written there is nobody to be told.
    let _ = std::io::stdout().write_all(report(&per_loop, loops).as_bytes());
}

/// The first of 1, 2, 5, 10, 20, 50 and so on that is enough.
fn loops_that_take(least: Duration, run: &mut impl FnMut(usize) -> Duration) -> usize {
    let mut decade = 1;
    loop {
        for loops in [decade, 2 * decade, 5 * decade] {
            if run(loops) >= least {
                return loops;
            }
        }
        decade *= 10;
    }
}

fn report(per_loop: &[f64], loops: usize) -> String {
    let runs = per_loop.len();
    let mean = per_loop.iter().sum::<f64>() / runs as f64;
    let variance = per_loop.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / runs as f64;
    let slowest = per_loop.iter().copied().fold(0.0, f64::max);
    let fastest = per_loop.iter().copied().fold(f64::INFINITY, f64::min);
    let warning = if slowest > SUSPICIOUS * fastest && fastest > 0.0 {
        format!(
            "The slowest run took {:.2} times as long as the fastest: something may be kept from one run for the next.\n",
            slowest / fastest
        )
    } else {
        String::new()
    };
    format!(
        "{warning}{} ± {} per loop (mean ± std. dev. of {}, {} each)\n",
        seconds_text(mean),
        seconds_text(variance.sqrt()),
        counted(runs, "run"),
        counted(loops, "loop"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loops_of_a_run_are_the_first_that_take_long_enough() {
        let mut tried = Vec::new();
        let loops = loops_that_take(Duration::from_millis(70), &mut |loops| {
            tried.push(loops);
            Duration::from_millis(loops as u64)
        });
        assert_eq!((loops, tried), (100, vec![1, 2, 5, 10, 20, 50, 100]));
    }

    #[test]
    fn mean_and_deviation_are_told() {
        assert_eq!(
            report(&[2e-6, 4e-6], 100_000),
            "3.00 µs ± 1.00 µs per loop (mean ± std. dev. of 2 runs, 100,000 loops each)\n"
        );
        assert_eq!(
            report(&[0.5], 1),
            "500 ms ± 0.00 ns per loop (mean ± std. dev. of 1 run, 1 loop each)\n"
        );
        let told = report(&[1e-9, 9e-9], 10);
        assert!(
            told.starts_with("The slowest run took 9.00 times as long as the fastest"),
            "{told}"
        );
    }

    #[test]
    fn everything_is_run_as_often_as_is_said() {
        let mut count = 0;
        timeit(Some(10), 3, || count += 1);
        assert_eq!(count, 30);
    }
}
