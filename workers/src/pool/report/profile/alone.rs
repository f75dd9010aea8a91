//! One worker alone: when a profiled map is over, a single worker runs items of it again with no other beside it, to see
//! how long that takes. What it prints and returns is thrown away, and its failures are nobody's.
//!
//! It runs all items where that takes no longer than the map may be held up. Else it runs them in an order of which
//! every beginning is spread evenly over all of them, as far as it comes.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::process::Signal;

use crate::job::{self, Job, Stage};
use crate::pool::report::tally::Times;
use crate::pool::settings::Settings;
use crate::spawn::{Captured, Child, Conditions, Role, fork_worker};
use crate::sys::clock;
use crate::sys::poll;
use crate::sys::shared::SharedSlice;
use crate::{panics, seeds};

/// How long the second run may take, in nanoseconds: as long as the map did, but within this.
const LEAST: u64 = 2_000_000_000;
const MOST: u64 = 10_000_000_000;
/// How many bytes of results are gathered before they are sent, as in a map.
const GATHERED: usize = 64 * 1024;

/// What the second run has shown, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Alone {
    /// How many items it has run.
    pub(super) items: usize,
    /// How long it took from the worker's start to its end.
    pub(super) wall: u64,
    /// The time of those items of which it is known how long they had taken in the map, and how long that was.
    pub(super) again: u64,
    pub(super) before: u64,
}

/// What of a map is run again, and how.
#[derive(Debug)]
pub(super) struct SecondRun<'a> {
    pub(super) settings: &'a Settings,
    pub(super) seed: u64,
    pub(super) times: &'a Times,
    pub(super) order: Order,
    /// In nanoseconds: no item is begun after the first, and none goes on after the second.
    pub(super) soft_limit: u64,
    pub(super) hard_limit: u64,
}

/// Which items are run, one after the other.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    All(usize),
    Sample(Vec<usize>),
}

/// How long the second run of a map may take that took `wall`.
pub(super) fn limit(wall: u64) -> u64 {
    wall.clamp(LEAST, MOST)
}

impl Order {
    /// These items, the beginning of which is spread over all of them however early it ends.
    pub(super) fn spread(items: &[usize]) -> Self {
        let places = items.len().next_power_of_two();
        let shift = usize::BITS - places.trailing_zeros();
        let mirrored = (0..places).map(|place| place.reverse_bits().checked_shr(shift).unwrap_or(0));
        Self::Sample(mirrored.filter_map(|place| items.get(place).copied()).collect())
    }

    fn iter(&self) -> Box<dyn Iterator<Item = usize> + '_> {
        match self {
            Self::All(items) => Box::new(0..*items),
            Self::Sample(items) => Box::new(items.iter().copied()),
        }
    }
}

/// What the worker tells: see [`Alone`].
#[derive(Debug)]
struct Counters(SharedSlice<AtomicU64>);

impl Counters {
    fn add(&self, index: usize, value: u64) {
        let word = &self.0[index];
        word.store(word.load(Ordering::Relaxed) + value, Ordering::Relaxed);
    }

    fn read(&self, wall: u64) -> Alone {
        let [items, again, before] = [0, 1, 2].map(|index| self.0[index].load(Ordering::Relaxed));
        Alone {
            items: items as usize,
            wall,
            again,
            before,
        }
    }
}

impl SecondRun<'_> {
    /// Runs the items.
    ///
    /// # Errors
    ///
    /// Where no worker can be started.
    pub(super) fn measure(&self, job: &mut Job<'_>) -> io::Result<Alone> {
        let counters = Counters(SharedSlice::new(3)?);
        let nowhere = Captured::nowhere()?;
        let environment = self.settings.thread_counts();
        let conditions = Conditions {
            name: Some("profile"),
            role: Role::PoolWorker(1),
            memory_limit: self.settings.map.memory_limit,
            core: self.settings.pin_cores.then_some(0),
            environment: &environment,
            output: Some(&nowhere),
            allow_threads: self.settings.allow_threads,
            output_style: crate::notebook::OutputStyle::Quiet,
            ..Conditions::default()
        };
        let began = clock::now();
        let (mut child, pipe) = fork_worker(&conditions, |pipe| {
            // It fails only when the parent has gone.
            let _ = self.work(&counters, job, pipe.into());
        })?;
        self.wait(&mut child, &pipe, began);
        child.wait();
        Ok(counters.read(clock::now().saturating_sub(began)))
    }

    /// Takes in what the worker sends, and throws it away, until the worker ends or has had enough time.
    fn wait(&self, child: &mut Child, pipe: &OwnedFd, began: u64) {
        let mut bytes = vec![0; GATHERED];
        let mut is_open = true;
        loop {
            let left = self.hard_limit.saturating_sub(clock::now().saturating_sub(began));
            if left == 0 {
                child.signal(Signal::KILL);
                return;
            }
            let mut fds = [poll::readable(child.pidfd()), poll::readable(pipe)];
            let watched = if is_open { 2 } else { 1 };
            // An interruption by a signal means to look again.
            let _ = poll::wait(&mut fds[..watched], Some(Duration::from_nanos(left)));
            let [has_ended, has_sent] = fds.map(|fd| !fd.revents().is_empty());
            if is_open && has_sent {
                // Reads of this pipe do not block; another error is the end of it.
                is_open = match rustix::io::read(pipe, &mut bytes) {
                    Ok(count) => count > 0,
                    Err(error) => matches!(error, rustix::io::Errno::AGAIN | rustix::io::Errno::INTR),
                };
            } else if has_ended {
                return;
            }
        }
    }

    /// In the worker.
    fn work(&self, counters: &Counters, job: &mut Job<'_>, mut pipe: File) -> io::Result<()> {
        panics::record_panics_of_this_thread();
        seeds::enter(self.seed);
        if let Some(initializer) = &self.settings.initializer
            && panics::catch(|| (initializer.0)()).is_err()
        {
            return Ok(());
        }
        let mut results = Vec::with_capacity(GATHERED);
        let began = clock::now();
        let mut looked_at = began;
        for item in self.order.iter() {
            let stage = Seeded(item);
            stage.begin(item);
            let failed = job::run(item, &stage, job, &mut results);
            let now = clock::now();
            let nanos = now.saturating_sub(looked_at);
            if !failed {
                if let Some(before) = self.times.get(item) {
                    counters.add(1, nanos);
                    counters.add(2, before);
                }
                counters.add(0, 1);
            }
            if now.saturating_sub(began) >= self.soft_limit {
                break;
            }
            looked_at = now;
            if results.len() > GATHERED {
                pipe.write_all(&results)?;
                results.clear();
                results.shrink_to(GATHERED);
                looked_at = clock::now();
            }
        }
        pipe.write_all(&results)
    }
}

/// An item has the seed that it had in the map.
struct Seeded(usize);

impl Stage for Seeded {
    fn begin(&self, item: usize) {
        seeds::begin_item(item);
    }

    fn item(&self) -> Option<usize> {
        Some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(items: &[usize]) -> Vec<usize> {
        Order::spread(items).iter().collect()
    }

    #[test]
    fn every_beginning_of_a_sample_is_spread_evenly() {
        assert!(spread(&[]).is_empty());
        assert_eq!(spread(&[7]), [7]);
        assert_eq!(spread(&[0, 10, 20, 30]), [0, 20, 10, 30]);
        let items: Vec<usize> = (0..1000).collect();
        let order = spread(&items);
        for taken in [8, 50, 333] {
            let mut beginning = order[..taken].to_vec();
            beginning.sort_unstable();
            let gaps = beginning.windows(2).map(|pair| pair[1] - pair[0]);
            assert!(gaps.max().unwrap() <= 2 * 1024 / taken + 1, "{beginning:?}");
        }
        let mut sorted = order;
        sorted.sort_unstable();
        assert_eq!(sorted, items);
    }

    #[test]
    fn the_second_run_takes_about_as_long_as_the_first_but_not_for_ever() {
        assert_eq!(limit(3_000_000_000), 3_000_000_000);
        assert_eq!((limit(5), limit(u64::MAX)), (LEAST, MOST));
    }
}
