//! Which request each cell came from, so that its output goes out under that request however late it comes.

use super::message::ParentHeader;
use crate::session::CellId;
use std::collections::{BTreeMap, HashMap};

/// How many cells are remembered. Those whose latest output is longest ago are forgotten first.
const CAPACITY: usize = 10_000;

/// What is known of a cell that was started.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) parent: ParentHeader,
    pub(super) execution_count: u32,
    /// Whether the request asked that nothing of the cell be broadcast.
    pub(super) silent: bool,
}

/// The origins of cells, the least recently used forgotten.
#[derive(Debug, Default)]
pub(super) struct Origins {
    by_cell: HashMap<CellId, (Use, Origin)>,
    by_use: BTreeMap<Use, CellId>,
    uses: u64,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Use(u64);

impl Origins {
    /// Remembers where a cell came from.
    pub(super) fn insert(&mut self, cell: CellId, origin: Origin) {
        if self.by_cell.len() >= CAPACITY
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.by_cell.remove(&oldest);
        }
        let now = self.next_use();
        self.by_use.insert(now, cell);
        self.by_cell.insert(cell, (now, origin));
    }

    /// Where a cell came from, unless it was forgotten.
    pub(super) fn get(&mut self, cell: CellId) -> Option<&Origin> {
        let now = self.next_use();
        let (last_use, origin) = self.by_cell.get_mut(&cell)?;
        self.by_use.remove(last_use);
        self.by_use.insert(now, cell);
        *last_use = now;
        Some(origin)
    }

    fn next_use(&mut self) -> Use {
        self.uses += 1;
        Use(self.uses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn origin(execution_count: u32) -> Origin {
        Origin {
            parent: ParentHeader(Bytes::from_static(b"{}")),
            execution_count,
            silent: false,
        }
    }

    #[test]
    fn the_least_recently_used_cell_is_forgotten() {
        let mut origins = Origins::default();
        for cell in 0..CAPACITY as u64 {
            origins.insert(CellId(cell), origin(1));
        }
        assert!(origins.get(CellId(0)).is_some());
        origins.insert(CellId(CAPACITY as u64), origin(2));
        assert!(origins.get(CellId(0)).is_some());
        assert!(origins.get(CellId(1)).is_none());
        assert_eq!(origins.get(CellId(CAPACITY as u64)).unwrap().execution_count, 2);
        assert_eq!(origins.by_use.len(), CAPACITY);
    }
}
