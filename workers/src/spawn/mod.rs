//! Starting worker processes, and knowing them: what happens around a fork, in the parent and in the child.
//!
//! ```text
//! parent                                                    child
//!   locks of all floors, in their order (sys/at_fork)
//!   pipes for its output and its results, a lifeline
//!   fork ----------------------------------------------->   enters the family, lets go of what is the parent's
//!   on the rosters of what it has inherited                 waits for its go
//!   announced to the notebook, go ---------------------->   hangs on its lifeline; conditions; runs its body
//!   waits: its end is told and its lifeline let go of <--   _exit
//! ```
//!
//! What a worker runs, and what comes of it, is for the floors above.

mod child;
mod conditions;
mod family;
mod fork;
mod former;
mod service;
mod streams;
pub(crate) mod threads;
mod worker;

use crate::sys::lifeline::Lifelines;

pub(crate) use child::Child;
pub(crate) use conditions::{Captured, Conditions, Role};
pub(crate) use family::Family;
pub use family::{CurrentProcess, Relative, active_children, current_process, parent_process};
pub(crate) use fork::{fork_plainly, fork_worker};
pub(crate) use worker::{Entry, Work, WorkView, default_workers};
pub use worker::{WorkerInfo, WorkerKind, WorkerState};

/// In a process that goes on in the place of another, whose workers have ended with it: closes what led to them.
pub(crate) fn let_go_of_predecessors() {
    Lifelines::lock().leave_predecessors();
    let former = Family::lock().leave_predecessors();
    drop(former);
}
