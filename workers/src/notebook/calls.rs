//! Which calls in cells led to a panic in a worker. The kernel, which has the compiled cells, turns them into lines; naming them
//! here would take a worker longer than most items do.

use std::sync::atomic::{AtomicBool, Ordering};

use super::is_notebook;
use crate::contract::reports::CodePlace;
use crate::sys::unwind;

/// How many calls are told. More help nobody: it is a recursion.
const TOLD: usize = 20;

/// Set in a worker on a cluster that runs cells' functions, where there is no host.
static FAR_FROM_HOST: AtomicBool = AtomicBool::new(false);

/// From here on this process runs cells' functions on another machine than the notebook's.
pub(crate) fn work_far_from_host() {
    FAR_FROM_HOST.store(true, Ordering::Relaxed);
}

/// The calls of this thread that were made in cells, innermost first, each as the file of a compiled cell and a place in
/// it. None in a plain program.
pub(crate) fn calls_in_cells() -> Vec<String> {
    if !is_notebook() && !FAR_FROM_HOST.load(Ordering::Relaxed) {
        return Vec::new();
    }
    let calls = unwind::calls().into_iter().filter(CodePlace::is_in_cell).take(TOLD);
    calls.map(|place| place.to_string()).collect()
}
