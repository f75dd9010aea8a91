//! Panics in a worker: caught, described, and sent to the parent instead of being printed.
//!
//! The hook that does this is set in the parent, before its first fork, and passes on what it does not record. Setting
//! it in each worker would take the standard library's lock on the hook, which another thread of the parent holds for
//! as long as it prints a panic, and so for ever in a worker that was forked meanwhile. For the same reason a fork waits
//! for panics that are being printed: that holds the lock on backtraces.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, Once};
use std::time::Duration;

use crate::error::PanicLocation;
use crate::frames;
use crate::notebook;
use crate::sys::at_fork::{self, AtFork, Rank, Turn};
use crate::sys::poisoned::EvenIfPoisoned;

/// How long a fork waits for panics that are being printed. A panic that is still being printed then waits perhaps for
/// a lock that the forking thread holds.
const PATIENCE: Duration = Duration::from_secs(1);

static HOOK: Once = Once::new();
/// How many threads are printing a panic.
static PRINTING: Mutex<usize> = Mutex::new(0);
static PRINTED: Condvar = Condvar::new();

thread_local! {
    /// Whether panics of this thread are recorded.
    static RECORDING: Cell<bool> = const { Cell::new(false) };
    /// What the hook saw of the latest panic of this thread.
    static LATEST: RefCell<Option<Box<Panic>>> = const { RefCell::new(None) };
    /// Whether it has seen one: looking at that is all that each call costs that does not panic.
    static IS_SEEN: Cell<bool> = const { Cell::new(false) };
}

/// A panic that was caught.
#[derive(Debug)]
pub(crate) struct Panic {
    pub(crate) message: String,
    pub(crate) location: Option<PanicLocation>,
    pub(crate) backtrace: Option<String>,
}

impl Panic {
    /// What it says, as a sentence goes on.
    pub(crate) fn description(&self) -> String {
        match &self.location {
            Some(location) => format!("panicked at {location}: {}", self.message),
            None => format!("panicked: {}", self.message),
        }
    }
}

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static>;

/// While it lives, no thread begins to print a panic.
struct Quiet {
    printing: MutexGuard<'static, usize>,
    _turn: Turn,
}

impl AtFork for Quiet {
    const RANK: Rank = Rank::Panics;

    /// Waits for panics that are being printed.
    fn prepare() -> Self {
        let turn = Turn::take(Self::RANK);
        let printing = if std::thread::panicking() {
            // Perhaps this thread is the one that prints.
            lock()
        } else {
            let waited = PRINTED.wait_timeout_while(lock(), PATIENCE, |printing| *printing > 0);
            waited.even_if_poisoned().0
        };
        Self { printing, _turn: turn }
    }

    /// The threads that were printing do not exist here.
    fn enter_worker(&mut self) {
        *self.printing = 0;
    }
}

/// In the parent, before its first fork: sets the hook.
pub(crate) fn set_own_hook() {
    at_fork::register::<Quiet>();
    // A thread that panics could not set one.
    if !std::thread::panicking() {
        HOOK.call_once(|| wrap(std::panic::take_hook()));
    }
}

/// Makes `hook` the one that reports the panics that are not recorded.
pub(crate) fn set_hook(hook: Hook) {
    HOOK.call_once(|| {});
    wrap(hook);
}

/// In a worker that was executed: the same, with a hook of its own.
pub(crate) fn record_from_here() {
    HOOK.call_once(|| wrap(std::panic::take_hook()));
    record_panics_of_this_thread();
}

/// In a worker: panics of the calling thread are recorded for [`catch`]. Those of threads that the user's code starts
/// are printed as ever, since nobody else would report them.
pub(crate) fn record_panics_of_this_thread() {
    RECORDING.set(true);
}

fn wrap(hook: Hook) {
    std::panic::set_hook(Box::new(move |info| {
        if RECORDING.get() {
            IS_SEEN.set(true);
            LATEST.with_borrow_mut(|latest| *latest = Some(Box::new(describe(info))));
        } else if Turn::is_taken(Rank::Panics) {
            // This thread is about to fork, and would wait for itself.
            hook(info);
        } else {
            *lock() += 1;
            hook(info);
            *lock() -= 1;
            PRINTED.notify_all();
        }
    }));
}

fn lock() -> MutexGuard<'static, usize> {
    PRINTING.lock().even_if_poisoned()
}

/// Runs `call` and returns its panic, if it panics, as an error.
pub(crate) fn catch<R>(call: impl FnOnce() -> R) -> Result<R, Box<Panic>> {
    // One that somebody else has caught is no news.
    if IS_SEEN.get() {
        take_latest();
    }
    // Whatever a panic leaves half done is in this worker's copy of the caller's data.
    catch_unwind(AssertUnwindSafe(call)).map_err(caught)
}

#[cold]
fn caught(payload: Box<dyn Any + Send>) -> Box<Panic> {
    let panic = take_latest().unwrap_or_else(|| {
        Box::new(Panic {
            message: message(&*payload),
            location: None,
            backtrace: None,
        })
    });
    // A payload's destructor can panic as well; the worker ends soon.
    std::mem::forget(payload);
    panic
}

fn take_latest() -> Option<Box<Panic>> {
    IS_SEEN.set(false);
    LATEST.with_borrow_mut(Option::take)
}

/// The text of a panic's payload.
pub(crate) fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a message".to_owned()
    }
}

fn describe(info: &PanicHookInfo<'_>) -> Panic {
    let location = info.location().map(|location| PanicLocation {
        file: location.file().to_owned(),
        line: location.line(),
        column: location.column(),
    });
    let mut calls: Vec<String> = frames::of_panic().iter().map(ToString::to_string).collect();
    if calls.is_empty() {
        calls = notebook::calls_in_cells();
    }
    Panic {
        message: message(info.payload()),
        location,
        backtrace: (!calls.is_empty()).then(|| calls.join("\n")),
    }
}
