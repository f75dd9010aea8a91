//! The functions that the library and the host find in each other by name, and their types.
//!
//! It uses nothing but the standard library: the build script of the executable, which exports some of them, reads this
//! file as well.

use std::ffi::{CStr, c_int, c_void};
use std::marker::PhantomData;

/// The name of a function, and its type: that of a function pointer.
#[derive(Clone, Copy, Debug)]
pub struct Symbol<F> {
    name: &'static CStr,
    function: PhantomData<F>,
}

impl<F: Copy> Symbol<F> {
    // Not public, so that nobody else can say what is at a name.
    const fn new(name: &'static CStr) -> Self {
        Self {
            name,
            function: PhantomData,
        }
    }

    /// The name by which the function is found.
    pub const fn name(&self) -> &'static CStr {
        self.name
    }

    /// For a constant beside the function's definition, so that the compiler checks its type and its name.
    ///
    /// # Panics
    ///
    /// When it is defined by another name.
    pub const fn defined_by(&self, _function: F, name: &str) {
        let (expected, name) = (self.name.to_bytes(), name.as_bytes());
        assert!(expected.len() == name.len(), "the function has another name");
        let mut index = 0;
        while index < name.len() {
            assert!(expected[index] == name[index], "the function has another name");
            index += 1;
        }
    }
}

/// Gives a descriptor that stays open as long as the process lives, or a negative number where there is none.
pub type HostDescriptor = extern "C" fn() -> c_int;

/// Gives the number of a cell.
pub type HostCell = extern "C" fn() -> u64;

/// Asks with a prompt of so many bytes, which is UTF-8, whether the answer is to be shown or, as a password, not. Gives the
/// descriptor of a file with the answer, which is the caller's to close; or -1, with errno 0 where there is nobody to ask.
pub type HostInput = unsafe extern "C" fn(prompt: *const u8, length: usize, password: bool) -> c_int;

/// Is told 1 to make checkpoints, 0 to make none, and anything else to change nothing; gives 1 where they are made.
pub type HostCheckpoint = extern "C" fn(wanted: c_int) -> c_int;

/// Of the host: the socket for news of workers.
pub const HOST_EVENTS: Symbol<HostDescriptor> = Symbol::new(c"parcell_host_events");
/// Of the host: the socket for control lines.
pub const HOST_CONTROL: Symbol<HostDescriptor> = Symbol::new(c"parcell_host_control");
/// Of the host: the file in which the library leaves what the last map has given.
pub const HOST_RESULTS: Symbol<HostDescriptor> = Symbol::new(c"parcell_host_results");
/// Of the host: the cell that runs, or ran last.
pub const HOST_CELL: Symbol<HostCell> = Symbol::new(c"parcell_host_cell");
/// Of the host: asking the person at the notebook.
pub const HOST_INPUT: Symbol<HostInput> = Symbol::new(c"parcell_host_input");
/// Of the host: choosing whether checkpoints are made.
pub const HOST_CHECKPOINT: Symbol<HostCheckpoint> = Symbol::new(c"parcell_checkpoint");

/// All that the host has for the library, for whoever links it.
pub const OF_HOST: [&CStr; 6] = [
    HOST_EVENTS.name(),
    HOST_CONTROL.name(),
    HOST_RESULTS.name(),
    HOST_CELL.name(),
    HOST_INPUT.name(),
    HOST_CHECKPOINT.name(),
];

/// Does something that cannot fail.
pub type Action = extern "C" fn();

/// Forks as `fork(2)` does.
pub type Fork = extern "C" fn() -> c_int;

/// Is told the PID of a process that has ended.
pub type TakeOver = extern "C" fn(predecessor: c_int);

/// Is given the path of a file, of so many bytes.
pub type Deliver = unsafe extern "C" fn(path: *const u8, length: usize);

/// Is given the notebook's variables, or null where there are none, and the path of a file, of so many bytes.
pub type Inspect = unsafe extern "C" fn(variables: *mut c_void, path: *const u8, length: usize);

/// Works for as long as there is work, and gives an exit code if it comes back.
pub type StandingWorker = extern "C" fn() -> c_int;

/// Of the library: writes out what the buffer of standard output holds.
pub const FLUSH_OUTPUT: Symbol<Action> = Symbol::new(c"parcell_flush_output");
/// Of the library: a cell has run; what it still shows is shown for the last time, and the buffer is written out.
pub const END_CELL: Symbol<Action> = Symbol::new(c"parcell_end_cell");
/// Of the library: makes panics of the calling process reach the host as reports.
pub const INSTALL_PANIC_HOOK: Symbol<Action> = Symbol::new(c"parcell_install_panic_hook");
/// Of the library: forks with the buffer of standard output empty and its lock in the calling thread's hands.
pub const FORK: Symbol<Fork> = Symbol::new(c"parcell_fork");
/// Of the library: this process goes on in the place of another, whose children it does not have.
pub const TAKE_OVER: Symbol<TakeOver> = Symbol::new(c"parcell_take_over");
/// Of the library: calls the function that is there for a message of the front end's, a
/// [`CommMessage`](super::comms::CommMessage) in a file.
pub const DELIVER: Symbol<Deliver> = Symbol::new(c"parcell_deliver");
/// Of the library: looks at variables, as an [`Inspection`](super::inspection::Inspection) in a file says.
pub const INSPECT: Symbol<Inspect> = Symbol::new(c"parcell_inspect");
/// Of the library: makes the calling process a standing worker.
pub const STANDING_WORKER: Symbol<StandingWorker> = Symbol::new(c"parcell_standing_worker");

#[cfg(test)]
mod tests {
    use super::*;

    extern "C" fn parcell_flush_output() {}

    #[test]
    fn a_function_with_the_name_and_the_type_is_the_symbols() {
        FLUSH_OUTPUT.defined_by(parcell_flush_output, "parcell_flush_output");
    }

    #[test]
    #[should_panic(expected = "the function has another name")]
    fn a_function_with_a_longer_name_is_not() {
        FLUSH_OUTPUT.defined_by(parcell_flush_output, "parcell_flush_output2");
    }

    #[test]
    #[should_panic(expected = "the function has another name")]
    fn a_function_with_another_name_is_not() {
        FLUSH_OUTPUT.defined_by(parcell_flush_output, "parcell_flush_0utput");
    }
}
