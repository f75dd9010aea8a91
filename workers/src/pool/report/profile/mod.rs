//! What a profile of a map has: how much faster it was than one worker, how busy each worker was, how long items took.

mod alone;
mod hints;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::history::{History, Life};
use super::tally::{SLOWEST, Times};
use crate::display::display;
use crate::job::Job;
use crate::notebook;
use crate::pool::settings::{Profiling, Settings};
use crate::sys::cpu::cpu_count;
use alone::{Alone, Order, SecondRun};
use text::{bundle, measuring, text};

/// What is left of a map that has ended, for a profile to be made of.
#[derive(Debug)]
pub(in crate::pool) struct Profiler {
    pub(in crate::pool) history: Arc<History>,
    pub(in crate::pool) times: Times,
    pub(in crate::pool) settings: Settings,
    pub(in crate::pool) block: usize,
    pub(in crate::pool) seed: u64,
    pub(in crate::pool) is_whole: bool,
}

/// A profile. Times are in nanoseconds.
#[derive(Debug)]
struct Profile {
    /// The items that have an outcome, and how many there were.
    done: usize,
    total: usize,
    /// How many items are run and timed as one.
    block: usize,
    /// How many were timed.
    timed: u64,
    workers: usize,
    cores: usize,
    chunk_size: Option<usize>,
    wall: u64,
    lanes: Vec<Lane>,
    shares: Shares,
    mean: u64,
    /// Of how many items it is the median.
    median: Option<(u64, usize)>,
    slowest: Vec<Slow>,
    one_worker: Result<OneWorker, NotMeasured>,
}

/// One place among the workers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Lane {
    pids: Vec<u32>,
    items: u64,
    /// How long it was on items.
    busy: u64,
    /// How long it took to the first item, and how long there was nothing after the last.
    before_first: u64,
    after_last: u64,
}

/// What the workers' time went into, of 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Shares {
    items: f64,
    starting: f64,
    between: f64,
    waiting: f64,
}

/// An item that took long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slow {
    item: usize,
    nanos: u64,
    pid: u32,
}

/// The time with one worker.
#[derive(Clone, Copy, Debug, PartialEq)]
struct OneWorker {
    nanos: u64,
    /// How many items it has run.
    items: usize,
    /// Whether the rest is extrapolated.
    is_extrapolated: bool,
    /// How many times as long items took beside others as alone, where that is known.
    slowdown: Option<f64>,
}

/// Why the time with one worker is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
enum NotMeasured {
    /// The map has not come to its end.
    Stopped,
    /// Its items are gone.
    Stream,
    /// Its items change shared memory.
    InPlace,
    /// No item has come to its end again.
    Nothing,
    /// No worker could be started.
    Refused(String),
}

impl Profiler {
    /// Makes the profile and shows it. `job` runs items again, where the map has come to its end.
    #[expect(clippy::print_stderr, reason = "in a program, what it asked for is printed")]
    pub(in crate::pool) fn show(&self, job: Option<&mut Job<'_>>) {
        let shown = (self.is_measured(job.is_some()).is_ok() && notebook::is_notebook())
            .then(|| display(measuring(self.limit()).transient()));
        let profile = self.profile(job);
        match shown {
            Some(shown) => shown.update(bundle(&profile)),
            None if notebook::is_notebook() => drop(display(bundle(&profile))),
            None => eprintln!("{}", text(&profile)),
        }
    }

    fn profile(&self, job: Option<&mut Job<'_>>) -> Profile {
        let history = &self.history;
        let lanes = lanes(history);
        let (busy, timed) = (total(&lanes, |lane| lane.busy), total(&lanes, |lane| lane.items));
        let wall = history.ended.saturating_sub(history.began).max(1);
        let one_worker = match (self.is_measured(job.is_some()), job) {
            (Ok(()), Some(job)) => self.measure(busy, job),
            (Err(reason), _) => Err(reason),
            (Ok(()), None) => Err(NotMeasured::Stopped),
        };
        Profile {
            done: history.done,
            total: history.total,
            block: self.block,
            timed,
            workers: history.workers,
            cores: cpu_count(),
            chunk_size: self.settings.map.chunk_size,
            wall,
            shares: shares(&lanes, history.workers, wall),
            mean: busy / timed.max(1),
            median: self.median(),
            slowest: slowest(history, self.block),
            lanes: lanes.into_values().collect(),
            one_worker,
        }
    }

    /// Whether the time with one worker is measured.
    fn is_measured(&self, is_complete: bool) -> Result<(), NotMeasured> {
        match self.settings.profiling {
            _ if !self.is_whole => Err(NotMeasured::Stream),
            Profiling::RunningAgain if is_complete => Ok(()),
            Profiling::RunningAgain => Err(NotMeasured::Stopped),
            _ => Err(NotMeasured::InPlace),
        }
    }

    fn limit(&self) -> u64 {
        alone::limit(self.history.ended.saturating_sub(self.history.began))
    }

    fn measure(&self, busy: u64, job: &mut Job<'_>) -> Result<OneWorker, NotMeasured> {
        let (history, limit) = (&self.history, self.limit());
        let items = history.total / self.block;
        let is_clean = history.failed == 0 && history.retried == 0;
        let order = if is_clean && busy <= limit {
            Order::All(items)
        } else {
            Order::spread(&self.times.known())
        };
        let run = SecondRun {
            settings: &self.settings,
            seed: self.seed,
            times: &self.times,
            order,
            soft_limit: limit,
            // No item took longer than the map.
            hard_limit: limit.saturating_add(history.ended.saturating_sub(history.began)),
        };
        let alone = run
            .measure(job)
            .map_err(|error| NotMeasured::Refused(error.to_string()))?;
        one_worker(alone, items, busy)
    }

    fn median(&self) -> Option<(u64, usize)> {
        let known = self.times.known();
        let mut times: Vec<u64> = known.iter().filter_map(|item| self.times.get(*item)).collect();
        times.sort_unstable();
        Some((*times.get(times.len() / 2)?, times.len()))
    }
}

impl Profile {
    /// How many times as fast the map was as one worker is.
    fn speed_up(&self) -> Option<f64> {
        let one_worker = self.one_worker.as_ref().ok()?;
        Some(one_worker.nanos as f64 / self.wall as f64)
    }
}

/// The time with one worker: what it took, if it has run all; else what the items took together in the map, so many
/// times as much as those took that have been run again.
fn one_worker(alone: Alone, items: usize, busy: u64) -> Result<OneWorker, NotMeasured> {
    if alone.items == 0 {
        return Err(NotMeasured::Nothing);
    }
    let is_known = alone.before > 0 && alone.again > 0;
    let is_extrapolated = alone.items < items;
    if is_extrapolated && !is_known {
        return Err(NotMeasured::Nothing);
    }
    let nanos = if is_extrapolated {
        (busy as f64 * alone.again as f64 / alone.before as f64) as u64
    } else {
        alone.wall
    };
    Ok(OneWorker {
        nanos,
        items: alone.items,
        is_extrapolated,
        slowdown: is_known.then(|| alone.before as f64 / alone.again as f64),
    })
}

fn lanes(history: &History) -> BTreeMap<usize, Lane> {
    let wall = history.ended.saturating_sub(history.began);
    let mut lanes: BTreeMap<usize, Lane> = BTreeMap::new();
    for life in &history.lives {
        let lane = lanes.entry(life.slot).or_insert_with(|| Lane {
            before_first: wall,
            after_last: wall,
            ..Lane::default()
        });
        lane.pids.push(life.pid);
        lane.items += life.tally.items;
        lane.busy += life.tally.nanos;
        if let (Some(first), Some(last)) = (life.spans.first(), life.spans.last()) {
            lane.before_first = lane.before_first.min(first.began.saturating_sub(history.began));
            lane.after_last = lane.after_last.min(history.ended.saturating_sub(last.ended));
        }
    }
    lanes
}

fn total(lanes: &BTreeMap<usize, Lane>, of: impl Fn(&Lane) -> u64) -> u64 {
    lanes.values().map(of).sum()
}

fn shares(lanes: &BTreeMap<usize, Lane>, workers: usize, wall: u64) -> Shares {
    let all = workers.max(lanes.len()) as f64 * wall as f64;
    let idle = |lane: &&Lane| lane.items == 0 && lane.busy == 0;
    let share = |of: &dyn Fn(&Lane) -> u64| {
        let lanes = lanes.values().filter(|lane| !idle(lane));
        (lanes.map(of).sum::<u64>() as f64 / all).min(1.0)
    };
    let (items, starting) = (share(&|lane| lane.busy), share(&|lane| lane.before_first));
    // A worker that has had no item has waited for the others.
    let without_items = workers.saturating_sub(lanes.values().filter(|lane| !idle(lane)).count());
    let waiting = share(&|lane| lane.after_last) + without_items as f64 * wall as f64 / all;
    Shares {
        items,
        starting,
        waiting,
        between: (1.0 - items - starting - waiting).max(0.0),
    }
}

fn slowest(history: &History, block: usize) -> Vec<Slow> {
    let of_life = |life: &Life| {
        let pid = life.pid;
        let slow = life.tally.slowest.clone().into_iter();
        slow.map(move |(item, nanos)| Slow {
            item: item * block,
            nanos,
            pid,
        })
    };
    let mut all: Vec<Slow> = history.lives.iter().flat_map(of_life).collect();
    all.sort_by_key(|slow| (std::cmp::Reverse(slow.nanos), slow.item));
    all.truncate(SLOWEST);
    all
}

#[cfg(test)]
mod tests {
    use super::super::history::End;
    use super::super::tally::Tally;
    use super::super::trace::Span;
    use super::*;

    pub(super) const MS: u64 = 1_000_000;

    /// A map of 100 items of 10 ms by 2 workers, each of which starts within 5 ms.
    pub(super) fn profile() -> Profile {
        let history = history();
        let lanes = lanes(&history);
        let wall = history.ended - history.began;
        Profile {
            done: 100,
            total: 100,
            block: 1,
            timed: 100,
            workers: 2,
            cores: 2,
            chunk_size: None,
            wall,
            shares: shares(&lanes, 2, wall),
            mean: 10 * MS,
            median: Some((10 * MS, 100)),
            slowest: slowest(&history, 1),
            lanes: lanes.into_values().collect(),
            one_worker: Ok(OneWorker {
                nanos: 1_000 * MS,
                items: 100,
                is_extrapolated: false,
                slowdown: Some(1.0),
            }),
        }
    }

    fn history() -> History {
        let mut history = History::new(2);
        let began = history.began;
        for slot in 0..2 {
            let first = began + 5 * MS;
            history.add(Life {
                slot,
                pid: 4711 + slot as u32,
                began,
                ended: began + 510 * MS,
                spans: vec![Span {
                    first: slot,
                    items: 50,
                    failed: 0,
                    began: first,
                    ended: first + 500 * MS,
                }],
                tally: Tally {
                    items: 50,
                    nanos: 490 * MS,
                    slowest: vec![(slot + 7, (12 - slot as u64) * MS)],
                },
                end: End::Done,
            });
        }
        (history.total, history.done, history.ended) = (100, 100, began + 520 * MS);
        history
    }

    #[test]
    fn time_is_divided_without_a_rest() {
        let shares = profile().shares;
        assert!((shares.items - 490.0 / 520.0).abs() < 1e-9);
        assert!((shares.starting - 5.0 / 520.0).abs() < 1e-9);
        assert!((shares.waiting - 15.0 / 520.0).abs() < 1e-9);
        assert!((shares.items + shares.starting + shares.between + shares.waiting - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_slowest_are_those_of_all_workers() {
        let slow: Vec<_> = profile().slowest.iter().map(|slow| (slow.item, slow.pid)).collect();
        assert_eq!(slow, [(7, 4711), (8, 4712)]);
    }

    #[test]
    fn a_worker_without_items_has_waited() {
        let shares = shares(&BTreeMap::new(), 2, 100);
        assert_eq!((shares.items, shares.waiting, shares.between), (0.0, 1.0, 0.0));
    }

    #[test]
    fn a_part_is_extrapolated_as_much_as_its_items_took() {
        let alone = Alone {
            items: 10,
            wall: 105,
            again: 80,
            before: 100,
        };
        let all = one_worker(alone, 10, 1000).unwrap();
        assert_eq!((all.nanos, all.is_extrapolated, all.slowdown), (105, false, Some(1.25)));
        let part = one_worker(alone, 100, 1000).unwrap();
        assert_eq!((part.nanos, part.items, part.is_extrapolated), (800, 10, true));
        let unknown = Alone { before: 0, ..alone };
        assert_eq!(one_worker(unknown, 100, 1000), Err(NotMeasured::Nothing));
        assert_eq!(one_worker(Alone::default(), 100, 1000), Err(NotMeasured::Nothing));
    }
}
