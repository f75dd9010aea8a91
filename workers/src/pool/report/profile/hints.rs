//! What a profile says where something is clearly off, and what can be done about it.

use std::time::Duration;

use super::{OneWorker, Profile};
use crate::text::{counted, duration_text, grouped};

/// An item that takes this share of the whole time decides how long the map takes.
const LONG: f64 = 0.5;
/// Waiting for the last worker is worth a hint from this share of the workers' time on.
const WAITING: f64 = 0.2;
/// Starting workers is.
const STARTING: f64 = 0.2;
/// How many times as long items may take beside others as alone before that is worth a hint.
const SLOWDOWN: f64 = 1.25;
/// What a shorter map shows, in nanoseconds, may be chance.
const LONG_ENOUGH: u64 = 100_000_000;
/// Items are tiny where a chunk of them takes less than this many nanoseconds.
const TINY: u64 = 20_000;

/// All that is to be said.
pub(super) fn hints(profile: &Profile) -> Vec<String> {
    let long = long_item(profile);
    let starting = starting(profile);
    let tiny = tiny_chunks(profile).or_else(|| starting.is_none().then(|| tiny_items(profile))?);
    let waiting = long.is_none().then(|| long_chunks(profile)).flatten();
    let cores = too_many_workers(profile);
    let contention = cores.is_none().then(|| contention(profile)).flatten();
    [long, waiting, tiny, starting, cores, contention]
        .into_iter()
        .flatten()
        .collect()
}

fn long_item(profile: &Profile) -> Option<String> {
    let slowest = profile.slowest.first()?;
    let share = slowest.nanos as f64 / profile.wall as f64;
    (is_long_enough(profile) && profile.timed > 1 && share >= LONG).then(|| {
        let what = match profile.block {
            1 => format!("item {}", grouped(slowest.item)),
            _ => format!("the group that begins with item {}", grouped(slowest.item)),
        };
        format!(
            "{what} alone took {:.0} % of the time: a map is never faster than its longest item",
            100.0 * share.min(1.0)
        )
    })
}

fn long_chunks(profile: &Profile) -> Option<String> {
    let chunk = profile.chunk_size.filter(|size| *size > 1)?;
    (profile.shares.waiting >= WAITING).then(|| {
        format!(
            "workers waited for the last of them: chunks of {} are too large for {}; smaller ones (-c) balance better",
            grouped(chunk),
            counted(profile.total, "item")
        )
    })
}

fn tiny_chunks(profile: &Profile) -> Option<String> {
    let chunk = profile.chunk_size?;
    let nanos = profile.mean.saturating_mul(chunk as u64);
    (nanos < TINY && profile.shares.between >= 0.2 && profile.total > chunk.saturating_mul(profile.workers)).then(|| {
        format!(
            "chunks of {} are over in {}, so that handing them out counts: larger ones (-c) are faster, or none given, \
             which finds the size",
            counted(chunk, "item"),
            duration_text(Duration::from_nanos(nanos))
        )
    })
}

fn tiny_items(profile: &Profile) -> Option<String> {
    (profile.speed_up()? < 1.0 && profile.mean < 1_000 && profile.workers > 1).then(|| {
        format!(
            "an item is over in {}, so that sending its result counts as much: items that each do more work are worth \
             more, such as parts of the list",
            duration_text(Duration::from_nanos(profile.mean))
        )
    })
}

fn starting(profile: &Profile) -> Option<String> {
    (profile.shares.starting >= STARTING).then(|| {
        format!(
            "starting the workers took {:.0} % of the time: it pays where there is more to do",
            100.0 * profile.shares.starting
        )
    })
}

fn too_many_workers(profile: &Profile) -> Option<String> {
    (profile.workers > profile.cores).then(|| {
        format!(
            "{} share {}: more workers than cores are no faster, unless they wait for something else",
            counted(profile.workers, "worker"),
            counted(profile.cores, "core")
        )
    })
}

fn contention(profile: &Profile) -> Option<String> {
    let OneWorker { slowdown, .. } = profile.one_worker.as_ref().ok()?;
    let slowdown = slowdown.filter(|slowdown| is_long_enough(profile) && *slowdown >= SLOWDOWN)?;
    Some(format!(
        "items took {slowdown:.1} times as long beside others as alone: they wait for the same thing, such as memory, a \
         lock, a disk, or cores that are busy with something else"
    ))
}

/// Whether workers can be seen to be in each other's way.
fn is_long_enough(profile: &Profile) -> bool {
    profile.workers > 1 && profile.wall >= LONG_ENOUGH
}

#[cfg(test)]
mod tests {
    use super::super::tests::{MS, profile};
    use super::super::{Shares, Slow};
    use super::*;

    fn the_hint(profile: &Profile) -> String {
        let hints = hints(profile);
        assert_eq!(hints.len(), 1, "{hints:?}");
        hints[0].clone()
    }

    #[test]
    fn where_all_is_well_nothing_is_said() {
        assert_eq!(hints(&profile()), Vec::<String>::new());
    }

    #[test]
    fn each_mistake_is_named_with_its_remedy() {
        let slow = Slow {
            item: 1234,
            nanos: 400 * MS,
            pid: 7,
        };
        let long = Profile {
            slowest: vec![slow],
            ..profile()
        };
        assert!(the_hint(&long).starts_with("item 1,234 alone took 77 %"));
        assert_eq!(hints(&Profile { wall: 90 * MS, ..long }), Vec::<String>::new());
        let crowded = Profile { cores: 1, ..profile() };
        assert!(the_hint(&crowded).starts_with("2 workers share 1 core:"));
        let mut contended = profile();
        if let Ok(one_worker) = &mut contended.one_worker {
            one_worker.slowdown = Some(1.5);
        }
        assert!(the_hint(&contended).starts_with("items took 1.5 times as long"));
        let started = Profile {
            shares: Shares {
                starting: 0.3,
                ..Shares::default()
            },
            ..profile()
        };
        assert!(the_hint(&started).starts_with("starting the workers took 30 %"));
    }

    #[test]
    fn chunks_can_be_too_large_and_too_small() {
        let shares = |waiting, between| Shares {
            waiting,
            between,
            ..Shares::default()
        };
        let large = Profile {
            chunk_size: Some(40),
            shares: shares(0.25, 0.0),
            ..profile()
        };
        assert!(the_hint(&large).contains("chunks of 40 are too large for 100 items"));
        let small = Profile {
            chunk_size: Some(1),
            mean: 800,
            shares: shares(0.0, 0.5),
            ..profile()
        };
        assert!(the_hint(&small).starts_with("chunks of 1 item are over in 800 ns"));
    }

    #[test]
    fn items_can_be_too_short_for_processes() {
        let mut tiny = Profile { mean: 80, ..profile() };
        if let Ok(one_worker) = &mut tiny.one_worker {
            one_worker.nanos = 300 * MS;
        }
        assert!(the_hint(&tiny).starts_with("an item is over in 80 ns"));
    }
}
