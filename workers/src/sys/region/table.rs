//! The regions that this process knows: those that it has mapped, and those that it keeps open for handles that are on
//! their way.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, Weak};

use super::Region;
use crate::sys::at_fork::{self, AtFork, Guard, Rank};
use crate::sys::passage::Passage;

/// How many regions of workers that have ended are kept for handles that have not arrived. More will hardly arrive: what
/// they were sent with has been thrown away.
const KEPT_OF_WORKERS: usize = 1024;

static TABLE: Mutex<Table> = Mutex::new(Table {
    mapped: None,
    exported: Vec::new(),
    of_workers: VecDeque::new(),
    passage: Passage::CLOSED,
});

#[derive(Debug)]
struct Table {
    mapped: Option<HashMap<u128, Weak<Region>>>,
    exported: Vec<Exported>,
    /// Of workers that have ended.
    of_workers: VecDeque<Arc<Region>>,
    passage: Passage,
}

/// A region that stays open until the handles to it that were sent have arrived.
#[derive(Debug)]
struct Exported {
    region: Arc<Region>,
    /// A forked process inherits what its parent has sent, and has not to care for it.
    by: u32,
}

/// While it lives, no other thread opens or closes a region. Held while this process forks.
pub(super) struct Regions {
    table: Guard<Table>,
}

/// What is to be dropped when [`Regions`] is not held any more: dropping a region takes it.
#[must_use]
pub(super) struct Dropped(Vec<Arc<Region>>);

impl Dropped {
    /// How often this region is among them.
    pub(super) fn count(&self, region: &Arc<Region>) -> usize {
        self.0.iter().filter(|dropped| Arc::ptr_eq(dropped, region)).count()
    }
}

impl Regions {
    pub(super) fn lock() -> Self {
        Self {
            table: at_fork::lock::<Self, _>(&TABLE),
        }
    }

    /// The region with this number, if this process has mapped it.
    pub(super) fn mapped(&mut self, id: u128) -> Option<Arc<Region>> {
        self.all_mapped().get(&id).and_then(Weak::upgrade)
    }

    /// The region is the one that others here are given, unless there is another.
    pub(super) fn add(&mut self, region: &Arc<Region>) {
        let mapped = self.all_mapped().entry(region.id).or_default();
        if mapped.strong_count() == 0 {
            *mapped = Arc::downgrade(region);
        }
    }

    /// The region is not given to anybody here any more.
    pub(super) fn remove(&mut self, region: *const Region, id: u128) {
        let mapped = self.all_mapped();
        if mapped.get(&id).is_some_and(|mapped| mapped.as_ptr() == region) {
            mapped.remove(&id);
        }
    }

    /// Keeps the region open until the handles to it that were sent have arrived.
    pub(super) fn keep(&mut self, region: &Arc<Region>) -> Dropped {
        self.add(region);
        let dropped = self.let_go_of_arrived();
        let by = std::process::id();
        let exported = &mut self.table.exported;
        if !exported
            .iter()
            .any(|kept| kept.by == by && Arc::ptr_eq(&kept.region, region))
        {
            exported.push(Exported {
                region: Arc::clone(region),
                by,
            });
        }
        dropped
    }

    /// No longer keeps what this process has sent and has arrived.
    pub(super) fn let_go_of_arrived(&mut self) -> Dropped {
        let exported = self.table.exported.extract_if(.., |kept| !kept.region.is_in_flight());
        Dropped(exported.map(|kept| kept.region).collect())
    }

    /// No longer keeps this region for a worker, if its handles have arrived.
    pub(super) fn let_go_of(&mut self, region: &Region) -> Dropped {
        let of_workers = &mut self.table.of_workers;
        let place = of_workers
            .iter()
            .position(|kept| kept.id == region.id && !kept.is_in_flight());
        Dropped(place.and_then(|place| of_workers.remove(place)).into_iter().collect())
    }

    /// Takes over the regions that workers have passed to this process. It leaves
    /// them where another process looks at them, unless they are waited for.
    pub(super) fn take_over(&mut self, waits: bool) -> io::Result<Dropped> {
        let mut dropped = Vec::new();
        for descriptor in self.table.passage.take(waits)? {
            // Workers pass nothing else.
            let Some(region) = Region::map_descriptor(descriptor, None)? else {
                continue;
            };
            let passed = Arc::new(region);
            let region = match self.mapped(passed.id) {
                Some(mapped) => {
                    dropped.push(passed);
                    mapped
                }
                None => {
                    self.add(&passed);
                    passed
                }
            };
            if region.is_in_flight() {
                self.table.of_workers.push_back(region);
            } else {
                dropped.push(region);
            }
            if self.table.of_workers.len() > KEPT_OF_WORKERS {
                dropped.extend(self.table.of_workers.pop_front());
            }
        }
        Ok(Dropped(dropped))
    }

    /// The region with this number among those that other workers of the parent have passed to it.
    pub(super) fn passed_by_others(&self, id: u128) -> io::Result<Option<Region>> {
        for descriptor in self.table.passage.look()? {
            let region = Region::map_descriptor(descriptor, Some(id))?;
            if region.is_some() {
                return Ok(region);
            }
        }
        Ok(None)
    }

    /// In a worker that ends: passes to its parent what it keeps open for handles that it has sent.
    pub(super) fn pass_on(&mut self) -> io::Result<Dropped> {
        let dropped = self.take_over(true)?;
        let by = std::process::id();
        let own = self.table.exported.iter().filter(|kept| kept.by == by);
        let kept = own.map(|kept| &kept.region).chain(&self.table.of_workers);
        let on_their_way = kept.filter(|region| region.is_in_flight());
        let descriptors: Vec<_> = on_their_way.map(|region| region.fd.as_fd()).collect();
        if !descriptors.is_empty() {
            self.table.passage.pass(&descriptors)?;
        }
        Ok(dropped)
    }

    /// What a worker that is executed is to be given, so that it can pass on what is on its way.
    pub(super) fn invite(&mut self) -> io::Result<OwnedFd> {
        self.table.passage.invite()
    }

    /// In a worker that was executed.
    pub(super) fn accept(&mut self, invitation: BorrowedFd<'_>) -> io::Result<()> {
        self.table.passage.accept(invitation)
    }

    /// In a worker that has closed its descriptors: it passes nothing to its parent.
    pub(super) fn forget_parent(&mut self) {
        self.table.passage.forget();
    }

    fn all_mapped(&mut self) -> &mut HashMap<u128, Weak<Region>> {
        self.table.mapped.get_or_insert_default()
    }
}

impl AtFork for Regions {
    const RANK: Rank = Rank::Regions;

    fn prepare() -> Self {
        let mut regions = Self::lock();
        // Without it a handle arrives for as long as its maker lives, and whoever waits for it later is told.
        let _ = regions.table.passage.open();
        regions
    }

    fn enter_worker(&mut self) {
        self.table.passage.enter_worker();
    }
}
