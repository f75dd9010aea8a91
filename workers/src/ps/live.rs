//! The table of a cell with `%workers`: one display that is written again while the cell goes on, and at its end.
//!
//! No thread does this, for a fork would not have it: whoever waits in the library for workers looks at the time. A cell
//! that computes by itself has the table as it was until it waits again.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::table::{bundle, bundle_at_end};
use super::{Workers, workers};
use crate::display::{DisplayHandle, display, display_with_id};
use crate::spawn::WorkerState;
use crate::sys::clock;
use crate::sys::duty::{self, Duty};

/// How long what is shown stays at least.
const INTERVAL: u64 = 500_000_000;

static LIVE: Mutex<Option<Live>> = Mutex::new(None);
/// The PID of the process that shows a table; 0 for none. A forked process has a copy of all this, and leaves it alone.
static SHOWN_BY: AtomicU32 = AtomicU32::new(0);

#[derive(Debug)]
struct Live {
    handle: DisplayHandle,
    shown: Shown,
    next: u64,
    /// Whether it has been shown only once, which is for good if nothing changes.
    is_first: bool,
}

/// What of a table is worth showing it again at once.
type Shown = Vec<(u32, WorkerState)>;

/// Shows the table, and goes on showing it until the cell ends.
pub(crate) fn show() {
    let now = workers();
    let Ok(mut live) = LIVE.try_lock() else {
        drop(display(bundle(&now)));
        return;
    };
    let earlier = live.take().filter(|_| is_shown_here());
    let handle = match earlier {
        // A second one in the same cell: both are changed together.
        Some(earlier) => display_with_id(earlier.handle.id(), bundle(&now)),
        None => display(bundle(&now)),
    };
    *live = Some(Live {
        handle,
        shown: shown(&now),
        next: clock::now() + INTERVAL,
        is_first: true,
    });
    SHOWN_BY.store(std::process::id(), Ordering::Release);
    duty::take_on(Duty::ShowingWorkers, tick);
}

/// Shows the table again, if there is one and it is time. Called by whoever waits, with no lock held.
pub(crate) fn tick() {
    if !is_shown_here() {
        return;
    }
    // Another thread is about to do it.
    let Ok(mut live) = LIVE.try_lock() else { return };
    if let Some(live) = live.as_mut().filter(|live| live.next <= clock::now()) {
        let now = workers();
        live.handle.update(bundle(&now).transient());
        live.shown = shown(&now);
        (live.next, live.is_first) = (clock::now() + INTERVAL, false);
    }
}

/// How long it may be left alone, where a table is shown.
pub(crate) fn rest() -> Option<Duration> {
    if !is_shown_here() {
        return None;
    }
    let next = LIVE.try_lock().ok()?.as_ref()?.next;
    Some(Duration::from_nanos(next.saturating_sub(clock::now())))
}

/// The cell ends: the table is shown as it is now, and stays so.
pub(crate) fn end_cell() {
    if !is_shown_here() {
        return;
    }
    SHOWN_BY.store(0, Ordering::Release);
    let Ok(mut live) = LIVE.try_lock() else { return };
    if let Some(live) = live.take() {
        let now = workers();
        let is_up_to_date = live.is_first && clock::now() < live.next && shown(&now) == live.shown;
        if !is_up_to_date {
            live.handle.update(bundle_at_end(&now));
        }
    }
}

fn is_shown_here() -> bool {
    let pid = SHOWN_BY.load(Ordering::Acquire);
    // Asking for the own PID costs more than the rest of this, which whoever waits does again and again.
    pid != 0 && pid == std::process::id()
}

fn shown(workers: &Workers) -> Shown {
    workers.iter().map(|worker| (worker.pid, worker.state)).collect()
}
