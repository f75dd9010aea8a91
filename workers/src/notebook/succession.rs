//! Which processes this one goes on for. A notebook's process that a cell has crashed is replaced by a copy of its own
//! from before that cell, which has all its variables, but is not the parent of what it has started.

use std::sync::Mutex;

use crate::sys::poisoned::EvenIfPoisoned;

static PREDECESSORS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// This process goes on in the place of `predecessor`, which has ended and its workers with it.
pub(crate) fn succeed(predecessor: u32) {
    PREDECESSORS.lock().even_if_poisoned().push(predecessor);
}

/// Whether this process goes on in the place of the one that had this PID.
pub(crate) fn is_predecessor(pid: u32) -> bool {
    PREDECESSORS.lock().even_if_poisoned().contains(&pid)
}
