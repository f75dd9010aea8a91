//! The regions that this process knows: those that it has mapped, and those that it keeps open for handles that are on
//! their way.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::os::fd::AsFd;
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
    dropped: Vec::new(),
    passage: Passage::CLOSED,
});

#[derive(Debug)]
pub(super) struct Table {
    mapped: Option<HashMap<u128, Weak<Region>>>,
    exported: Vec<Kept>,
    /// Of workers that have ended.
    of_workers: VecDeque<Kept>,
    /// What is to be dropped when the table is not locked any more: to drop a region locks it.
    dropped: Vec<Arc<Region>>,
    passage: Passage,
}

/// A region that stays open until the handles to it that were sent have arrived.
#[derive(Debug)]
struct Kept {
    region: Arc<Region>,
    /// The process that keeps it. A forked one inherits what its parent keeps, and has not to care for it.
    by: u32,
}

impl Kept {
    fn here(region: Arc<Region>) -> Self {
        let by = std::process::id();
        Self { region, by }
    }

    fn is_own(&self) -> bool {
        self.by == std::process::id()
    }
}

/// Held while this process forks.
pub(super) struct Locked(Guard<Table>);

impl AtFork for Locked {
    const RANK: Rank = Rank::Regions;

    fn prepare() -> Self {
        let mut locked = Self(at_fork::lock::<Self, _>(&TABLE));
        // Without it a handle arrives for as long as its maker lives, and whoever waits for it later is told.
        let _ = locked.0.passage.open();
        locked
    }

    fn enter_worker(&mut self) {
        self.0.passage.enter_worker();
    }
}

/// Does something while no other thread opens or closes a region. It must not drop one.
pub(super) fn with<T>(action: impl FnOnce(&mut Table) -> T) -> T {
    let mut table = at_fork::lock::<Locked, _>(&TABLE);
    let done = action(&mut table);
    let dropped = std::mem::take(&mut table.dropped);
    drop(table);
    drop(dropped);
    done
}

impl Table {
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
    pub(super) fn keep(&mut self, region: &Arc<Region>) {
        self.add(region);
        self.let_go_of_arrived();
        let mut own = self.exported.iter().filter(|kept| kept.is_own());
        if !own.any(|kept| Arc::ptr_eq(&kept.region, region)) {
            self.exported.push(Kept::here(Arc::clone(region)));
        }
    }

    /// No longer keeps what this process has sent and has arrived.
    pub(super) fn let_go_of_arrived(&mut self) {
        let arrived = self.exported.extract_if(.., |kept| !kept.region.is_in_flight());
        self.dropped.extend(arrived.map(|kept| kept.region));
    }

    /// How many handles to this region there are besides that are about to be dropped.
    pub(super) fn about_to_be_dropped(&self, region: &Arc<Region>) -> usize {
        self.dropped
            .iter()
            .filter(|dropped| Arc::ptr_eq(dropped, region))
            .count()
    }

    /// No longer keeps this region for a worker, if its handles have arrived.
    pub(super) fn let_go_of(&mut self, region: &Region) {
        let is_arrived = |kept: &Kept| kept.region.id == region.id && !region.is_in_flight();
        if let Some(place) = self.of_workers.iter().position(is_arrived) {
            let kept = self.of_workers.remove(place);
            self.dropped.extend(kept.map(|kept| kept.region));
        }
    }

    /// Takes over the regions that workers have passed to this process; where another process looks at them, only if it
    /// may be waited for.
    pub(super) fn take_over(&mut self, waits: bool) -> io::Result<()> {
        let mut result = Ok(());
        for descriptor in self.passage.take(waits)? {
            match Region::map_descriptor(descriptor, None) {
                Ok(Some(region)) => self.take_charge_of(Arc::new(region)),
                // Workers pass nothing else.
                Ok(None) => {}
                // The others are not to be lost with it.
                Err(error) => result = Err(error),
            }
        }
        result
    }

    /// Keeps a region that a worker has passed, until the handles to it have arrived.
    fn take_charge_of(&mut self, passed: Arc<Region>) {
        let region = match self.mapped(passed.id) {
            Some(mapped) => {
                self.dropped.push(passed);
                mapped
            }
            None => {
                self.add(&passed);
                passed
            }
        };
        let mut own = self.of_workers.iter().filter(|kept| kept.is_own());
        if own.any(|kept| kept.region.id == region.id) || !region.is_in_flight() {
            self.dropped.push(region);
            return;
        }
        self.of_workers.push_back(Kept::here(region));
        if self.of_workers.len() > KEPT_OF_WORKERS {
            let oldest = self.of_workers.pop_front();
            self.dropped.extend(oldest.map(|kept| kept.region));
        }
    }

    /// The region with this number among those that other workers of the parent have passed to it.
    pub(super) fn passed_by_others(&self, id: u128) -> io::Result<Option<Region>> {
        for descriptor in self.passage.look()? {
            let region = Region::map_descriptor(descriptor, Some(id))?;
            if region.is_some() {
                return Ok(region);
            }
        }
        Ok(None)
    }

    /// In a worker that ends: passes to its parent what it keeps open for handles that have been sent.
    pub(super) fn pass_on(&mut self) -> io::Result<()> {
        self.take_over(true)?;
        let kept = self.exported.iter().chain(&self.of_workers);
        let on_their_way = kept.filter(|kept| kept.is_own() && kept.region.is_in_flight());
        let descriptors: Vec<_> = on_their_way.map(|kept| kept.region.fd.as_fd()).collect();
        if descriptors.is_empty() {
            return Ok(());
        }
        self.passage.pass(&descriptors)
    }

    /// This process's ends of the way to its parent, and of that from its workers.
    pub(super) fn passage(&mut self) -> &mut Passage {
        &mut self.passage
    }

    fn all_mapped(&mut self) -> &mut HashMap<u128, Weak<Region>> {
        self.mapped.get_or_insert_default()
    }
}
