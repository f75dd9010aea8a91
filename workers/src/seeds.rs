//! Seeds for random numbers: one for each item and each process, the same again where the pool has a seed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::rand::{GetRandomFlags, getrandom};

/// What splitmix64 adds for each number.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

// Of the process, not of its one thread: threads that an item starts ask as well.
static INSIDE: AtomicBool = AtomicBool::new(false);
static SEED: AtomicU64 = AtomicU64::new(0);
static ITEM: AtomicU64 = AtomicU64::new(0);
/// How many calls this item has made that needed a seed.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// A seed for the random numbers of the item that the calling worker is on.
///
/// It is another one for each item, and for each call of [`Pool::map`](crate::Pool::map) and its like. With
/// [`PoolBuilder::seed`](crate::PoolBuilder::seed) it depends on that seed and the item's index only, so a
/// calculation gives the same numbers again, whatever the number of workers. Within one item it stays the same.
///
/// A [`Process`](crate::Process) has a seed of its own. In the program itself each call gives another random number.
///
/// Workers are copies of the program, and so are its random number generators: one that was used before the call, also
/// that of `rand::rng()`, gives the same numbers in every worker. Make one for each item instead, as
/// `StdRng::seed_from_u64(parcell::item_seed())`.
///
/// # Examples
///
/// ```
/// use parcell::{Pool, item_seed};
///
/// let pool = Pool::builder().workers(2).seed(42).build();
/// let seeds = pool.map(|_: u32| item_seed(), 0..3);
/// assert_ne!(seeds[0], seeds[1]);
/// assert_eq!(pool.map(|_: u32| item_seed(), 0..3), seeds);
/// ```
#[must_use]
pub fn item_seed() -> u64 {
    if INSIDE.load(Ordering::Relaxed) {
        mix(SEED.load(Ordering::Relaxed), ITEM.load(Ordering::Relaxed))
    } else {
        random()
    }
}

/// The seed of a call: the one given, or, in a worker, one that follows from the item's, so that what a seeded item
/// calls is seeded too; else a random one.
pub(crate) fn for_call(given: Option<u64>) -> u64 {
    given.unwrap_or_else(|| {
        if INSIDE.load(Ordering::Relaxed) {
            mix(item_seed(), CALLS.fetch_add(1, Ordering::Relaxed))
        } else {
            random()
        }
    })
}

/// In a worker: its items' seeds come from `seed`.
pub(crate) fn enter(seed: u64) {
    SEED.store(seed, Ordering::Relaxed);
    begin_item(0);
    INSIDE.store(true, Ordering::Relaxed);
}

/// In a worker: this is the item that it is on.
pub(crate) fn begin_item(item: usize) {
    ITEM.store(item as u64, Ordering::Relaxed);
    CALLS.store(0, Ordering::Relaxed);
}

/// The splitmix64 generator's number with this index.
fn mix(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(GOLDEN));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn random() -> u64 {
    let mut bytes = [0; 8];
    match rustix::io::retry_on_intr(|| getrandom(&mut bytes, GetRandomFlags::empty())) {
        Ok(_) => u64::from_ne_bytes(bytes),
        Err(error) => panic!("the operating system has no random numbers: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_splitmix64() {
        let first: Vec<u64> = (0..3).map(|index| mix(1_234_567, index)).collect();
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn the_program_itself_gets_random_seeds() {
        assert_ne!(item_seed(), item_seed());
        assert_eq!(for_call(Some(5)), 5);
    }
}
