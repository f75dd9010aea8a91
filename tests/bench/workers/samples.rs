//! Times of several runs of the same.

use std::time::{Duration, Instant};

use serde::Serialize;

/// In seconds, ascending; never empty.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    /// None where there are none.
    pub(crate) fn new(mut seconds: Vec<f64>) -> Option<Samples> {
        seconds.sort_unstable_by(f64::total_cmp);
        (!seconds.is_empty()).then_some(Samples(seconds))
    }

    /// Of `runs` runs, after one that does not count.
    pub(crate) fn of(runs: usize, mut run: impl FnMut()) -> Samples {
        run();
        Samples::timed(runs, |_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
    }

    /// Of runs that say themselves how long they took.
    pub(crate) fn timed(runs: usize, run: impl FnMut(usize) -> Duration) -> Samples {
        let seconds = (0..runs.max(1)).map(run).map(|time| time.as_secs_f64()).collect();
        Samples::new(seconds).expect("there is one at least")
    }

    /// Of two that take turns, so that whatever else the machine does falls on both.
    pub(crate) fn of_both(runs: usize, mut one: impl FnMut(), mut other: impl FnMut()) -> (Samples, Samples) {
        one();
        other();
        let (mut ones, mut others) = (Vec::new(), Vec::new());
        for _ in 0..runs.max(1) {
            for (run, times) in [(&mut one as &mut dyn FnMut(), &mut ones), (&mut other, &mut others)] {
                let start = Instant::now();
                run();
                times.push(start.elapsed().as_secs_f64());
            }
        }
        let samples = |times| Samples::new(times).expect("there is one at least");
        (samples(ones), samples(others))
    }

    pub(crate) fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    pub(crate) fn least(&self) -> f64 {
        self.0[0]
    }

    pub(crate) fn greatest(&self) -> f64 {
        self.0[self.0.len() - 1]
    }
}
