//! The C functions that the notebook's host looks up after loading a cell. They act on the standard library that the
//! cells are linked with, which is not the host's own.

use std::ffi::{OsStr, c_int, c_void};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::panic::AssertUnwindSafe;
use std::path::Path;

use super::variables::VariableStore;
use super::{inspection, panic_hook};
use crate::comm;
use crate::contract::control::PANICKED;
use crate::contract::symbols;
use crate::handles::membership::Memberships;
use crate::notebook;
use crate::ps;
use crate::spawn::{self, fork_plainly};
use crate::standing;

const _: () = {
    symbols::FLUSH_OUTPUT.defined_by(parcell_flush_output, "parcell_flush_output");
    symbols::END_CELL.defined_by(parcell_end_cell, "parcell_end_cell");
    symbols::DELIVER.defined_by(parcell_deliver, "parcell_deliver");
    symbols::INSPECT.defined_by(parcell_inspect, "parcell_inspect");
    symbols::FORK.defined_by(parcell_fork, "parcell_fork");
    symbols::TAKE_OVER.defined_by(parcell_take_over, "parcell_take_over");
    symbols::INSTALL_PANIC_HOOK.defined_by(parcell_install_panic_hook, "parcell_install_panic_hook");
};

/// Writes out what the buffer of standard output holds.
#[unsafe(no_mangle)]
pub(super) extern "C" fn parcell_flush_output() {
    // The host cannot do anything about a failure, and the next `print!` reports it to the user.
    let _ = std::io::stdout().flush();
}

/// A cell has run: what it still shows is shown for the last time, and the buffer of standard output is written out.
#[unsafe(no_mangle)]
pub(super) extern "C" fn parcell_end_cell() {
    // Nothing may unwind into the host. A panic has been reported where it happened.
    let _ = std::panic::catch_unwind(ps::end_cell);
    parcell_flush_output();
}

/// Calls the function that a cell has left for the message in this file. A panic ends the call as it ends a cell.
///
/// # Safety
///
/// The pointer and the length are those of a path.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn parcell_deliver(path: *const u8, length: usize) {
    // SAFETY: the caller promises it.
    let path = unsafe { path_of(path, length) };
    if std::panic::catch_unwind(|| comm::deliver(path)).is_err() {
        notebook::send_control_line(PANICKED);
    }
}

/// Looks at variables, as this file says. Where that fails, there is no answer, or it has no end.
///
/// # Safety
///
/// The first pointer is null or the notebook's store. The second and the length are those of a path.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn parcell_inspect(variables: *mut c_void, path: *const u8, length: usize) {
    // SAFETY: the caller promises it.
    let (store, path) = unsafe { (variables.cast::<VariableStore>().as_ref(), path_of(path, length)) };
    let none = VariableStore::default();
    let answered = std::panic::catch_unwind(AssertUnwindSafe(|| inspection::answer(store.unwrap_or(&none), path)));
    if let Ok(Err(error)) = answered {
        notebook::notify(&format!("parcell: variables cannot be looked at: {error}\n"));
    }
}

/// # Safety
///
/// The pointer and the length are those of a path, which lives as long as the result.
unsafe fn path_of<'a>(path: *const u8, length: usize) -> &'a Path {
    // SAFETY: the caller promises it.
    let path = unsafe { std::slice::from_raw_parts(path, length) };
    Path::new(OsStr::from_bytes(path))
}

/// Forks as `fork(2)` does, with the buffer of standard output empty and its lock in the calling thread's hands.
#[unsafe(no_mangle)]
pub(super) extern "C" fn parcell_fork() -> c_int {
    match fork_plainly() {
        Ok(Some(pid)) => pid.as_raw_nonzero().get(),
        Ok(None) => 0,
        Err(_) => -1,
    }
}

/// This process goes on in the place of `predecessor`.
#[unsafe(no_mangle)]
pub(super) extern "C" fn parcell_take_over(predecessor: c_int) {
    notebook::succeed(predecessor.cast_unsigned());
    Memberships::lock().extend_to_this_process();
    standing::let_go_of_predecessors();
    spawn::let_go_of_predecessors();
}

/// Makes panics of the calling process reach the host as one block that it can read.
#[unsafe(no_mangle)]
pub(super) extern "C" fn parcell_install_panic_hook() {
    panic_hook::install();
}
