//! How much the stores hold, and what goes first when that is too much: what has not been used for longest, and never
//! what a session uses that runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs4::fs_std::FileExt;

use super::unit::{self, Unit};
use super::{STORES, calls, entries, lease, lock_file, remove_path};
use crate::units::size::{self, SizeError};

/// How much may be kept, where nobody has said.
const DEFAULT_LIMIT: u64 = 5 << 30;
/// Says how much may be kept.
pub(crate) const LIMIT_VARIABLE: &str = "PARCELL_CACHE_LIMIT";
/// How long it is remembered how cells are compiled, and with which versions, for a notebook that is not opened.
const CALLS_KEPT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A crate in one or more builds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct CrateUse {
    pub(crate) name: String,
    pub(crate) version: String,
    /// How often it has been compiled: for different features, or for different crates that it depends on.
    pub(crate) builds: usize,
    pub(crate) bytes: u64,
    pub(crate) last_used: SystemTime,
}

/// What all stores hold.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct StoreUse {
    /// The largest first.
    pub(crate) crates: Vec<CrateUse>,
    pub(crate) bytes: u64,
}

/// One unit of one store.
#[derive(Debug)]
struct Held {
    store: PathBuf,
    hash: String,
    unit: Unit,
    last_used: SystemTime,
}

/// A store from which something is removed. Until that is done no session takes up what is there, and nobody compiles.
#[derive(Debug)]
struct Emptying {
    in_use: BTreeSet<String>,
    going: BTreeSet<String>,
    _alone: [Option<File>; 2],
}

impl Emptying {
    /// None where somebody compiles, and may use what nobody is known to use. `is_building` says that it is the caller.
    fn begin(store: &Path, is_building: bool) -> io::Result<Option<Emptying>> {
        let building = match is_building {
            true => None,
            false => {
                let lock = lock_file(store, "building")?;
                if !FileExt::try_lock_exclusive(&lock)? {
                    return Ok(None);
                }
                Some(lock)
            }
        };
        let using = lock_file(store, "using")?;
        FileExt::lock_exclusive(&using)?;
        Ok(Some(Emptying {
            in_use: lease::in_use(&store.join("sessions"))?,
            going: BTreeSet::new(),
            _alone: [building, Some(using)],
        }))
    }
}

/// How many bytes may be kept.
pub(crate) fn limit() -> Result<u64, SizeError> {
    match std::env::var(LIMIT_VARIABLE) {
        Ok(text) => size::parse(&text),
        Err(_) => Ok(DEFAULT_LIMIT),
    }
}

/// What the cache holds.
pub(crate) fn usage(cache: &Path) -> io::Result<StoreUse> {
    let mut crates: BTreeMap<(String, String), CrateUse> = BTreeMap::new();
    let mut bytes = 0;
    for held in held(cache)? {
        bytes += held.unit.bytes();
        let key = (held.unit.package.clone(), held.unit.version.clone());
        let known = crates.entry(key).or_insert_with(|| CrateUse {
            name: held.unit.package.clone(),
            version: held.unit.version.clone(),
            builds: 0,
            bytes: 0,
            last_used: held.last_used,
        });
        known.builds += 1;
        known.bytes += held.unit.bytes();
        known.last_used = known.last_used.max(held.last_used);
    }
    let mut crates: Vec<CrateUse> = crates.into_values().collect();
    crates.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    Ok(StoreUse { crates, bytes })
}

/// Removes what has not been used for longest until there is no more than that. How many bytes have been freed.
/// `building` is the store in which the caller compiles, and nobody else does.
pub(super) fn evict(cache: &Path, limit: u64, building: Option<&Path>) -> io::Result<u64> {
    let mut all = held(cache)?;
    let mut total: u64 = all.iter().map(|held| held.unit.bytes()).sum();
    let before = total;
    all.sort_by_key(|held| held.last_used);
    let mut emptying: BTreeMap<PathBuf, Option<Emptying>> = BTreeMap::new();
    for held in all {
        if total <= limit {
            break;
        }
        if !emptying.contains_key(&held.store) {
            let begun = Emptying::begin(&held.store, building == Some(&held.store))?;
            emptying.insert(held.store.clone(), begun);
        }
        if let Some(Some(store)) = emptying.get_mut(&held.store)
            && !store.in_use.contains(&held.hash)
        {
            total -= held.unit.bytes();
            store.going.insert(held.hash);
        }
    }
    for (store, emptying) in &emptying {
        if let Some(emptying) = emptying {
            unit::remove(store, &emptying.going)?;
            if emptying.in_use.is_empty() && Unit::all(store)?.is_empty() && building != Some(store) {
                remove_rest(store)?;
            }
        }
    }
    for store in stores(cache)? {
        calls::forget_unused_since(&store, SystemTime::now() - CALLS_KEPT)?;
    }
    Ok(before - total)
}

/// What is left of a store without units: what was compiled halfway, and the library, which nobody can use without them.
fn remove_rest(store: &Path) -> io::Result<()> {
    for directory in ["build", "library"] {
        remove_path(&store.join(directory))?;
    }
    Ok(())
}

/// Removes all that no session uses. How many bytes have been freed.
pub(crate) fn clear(cache: &Path) -> io::Result<u64> {
    evict(cache, 0, None)
}

/// Forgets which versions were chosen for notebooks: they get the newest again.
pub(crate) fn forget_versions(cache: &Path) -> io::Result<()> {
    stores(cache)?
        .iter()
        .try_for_each(|store| calls::forget_unused_since(store, SystemTime::now()))
}

fn held(cache: &Path) -> io::Result<Vec<Held>> {
    let mut all = Vec::new();
    for store in stores(cache)? {
        for hash in Unit::all(&store)? {
            // Somebody else may just have removed it.
            if let (Some(unit), Ok(last_used)) = (Unit::read(&store, &hash), Unit::last_used(&store, &hash)) {
                all.push(Held {
                    store: store.clone(),
                    hash,
                    unit,
                    last_used,
                });
            }
        }
    }
    Ok(all)
}

fn stores(cache: &Path) -> io::Result<Vec<PathBuf>> {
    entries(&cache.join(STORES))
}
