//! How a pool runs its items, as its builder was told.

use std::ffi::CString;
use std::fmt;
use std::sync::Arc;

use crate::map;
use crate::sys::cpu::cpu_count;
use crate::sys::environment;

/// How items are run.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) workers: usize,
    /// What is said of all maps, wherever they run.
    pub(super) map: map::Settings,
    pub(super) initializer: Option<Initializer>,
    /// How many items a worker runs before another takes its place.
    pub(super) max_tasks: Option<usize>,
    pub(super) pin_cores: bool,
    pub(super) seed: Option<u64>,
    pub(super) allow_threads: bool,
    pub(super) profiling: Profiling,
}

/// Whether a map is profiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Profiling {
    #[default]
    Off,
    /// As far as that is possible without running items again.
    RunningOnce,
    /// With items run again, in one worker.
    RunningAgain,
}

impl Settings {
    /// The same for at most this many workers.
    pub(super) fn with_at_most(&self, workers: usize) -> Self {
        Self {
            workers: self.workers.min(workers),
            ..self.clone()
        }
    }

    /// The variables that make each worker's libraries start its share of threads, except those that the user has set.
    pub(super) fn thread_counts(&self) -> Vec<CString> {
        let share = (cpu_count() / self.workers).max(1);
        let variable = |(name, value)| CString::new(format!("{name}={value}")).expect("neither has a zero byte");
        environment::thread_limits(share).map(variable).collect()
    }
}

/// What each worker runs first.
#[derive(Clone)]
pub(super) struct Initializer(pub(super) Arc<dyn Fn() + Send + Sync>);

impl fmt::Debug for Initializer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Initializer")
    }
}
