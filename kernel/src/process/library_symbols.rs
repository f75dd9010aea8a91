//! The functions that the notebook process needs of the library that cells are linked with.
//!
//! Rust's standard output is buffered in the cells' copy of the standard library, which this executable does not
//! share; only the library, which does, can flush it or hold its lock across a fork.

use std::ffi::{c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW, Symbol};
use parcell::contract::symbols::{self, Action, Deliver, Fork, Inspect, TakeOver};

/// A compiled cell.
#[derive(Debug)]
pub(crate) struct CellLibrary {
    library: Library,
}

/// What the function takes that is generated for a cell, and gives: the notebook's variables.
pub(crate) type VariableStore = *mut c_void;

/// The function that writes out what cells have printed, for threads that have no `LibrarySymbols`; null at first.
static FLUSH_OUTPUT: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

/// The library's functions, valid for the life of the process: cells are never unloaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LibrarySymbols {
    flush_output: Action,
    end_cell: Action,
    deliver: Deliver,
    inspect: Inspect,
    fork: Fork,
    install_panic_hook: Action,
    take_over: TakeOver,
}

/// Those of one copy of the library.
impl PartialEq for LibrarySymbols {
    fn eq(&self, other: &LibrarySymbols) -> bool {
        std::ptr::fn_addr_eq(self.fork, other.fork)
    }
}

impl CellLibrary {
    /// Loads a compiled cell. Its initializers run.
    pub(crate) fn open(path: &Path) -> Result<CellLibrary, libloading::Error> {
        // SAFETY: the file was compiled by rustc from this notebook's cell a moment ago; that its initializers run is
        // what loading it is for.
        let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL)? };
        Ok(CellLibrary { library })
    }

    /// Calls the cell's function, whatever it does.
    pub(crate) fn call(&self, function: &str, variables: VariableStore) -> Result<VariableStore, libloading::Error> {
        // SAFETY: the function is generated with this signature, and passes it the store that the previous one
        // returned (or null).
        unsafe {
            let function: Symbol<extern "C" fn(VariableStore) -> VariableStore> =
                self.library.get(function.as_bytes())?;
            Ok(function(variables))
        }
    }

    /// The library's functions, or None where this cell is not linked with it.
    pub(crate) fn symbols(&self) -> Option<LibrarySymbols> {
        Some(LibrarySymbols {
            flush_output: self.find(symbols::FLUSH_OUTPUT)?,
            end_cell: self.find(symbols::END_CELL)?,
            deliver: self.find(symbols::DELIVER)?,
            inspect: self.find(symbols::INSPECT)?,
            fork: self.find(symbols::FORK)?,
            install_panic_hook: self.find(symbols::INSTALL_PANIC_HOOK)?,
            take_over: self.find(symbols::TAKE_OVER)?,
        })
    }

    fn find<F: Copy>(&self, symbol: symbols::Symbol<F>) -> Option<F> {
        // SAFETY: the library checks where it defines the function that it has the symbol's type.
        let found = unsafe { self.library.get::<F>(symbol.name()) };
        found.ok().map(|function| *function)
    }

    /// Keeps the cell loaded for the life of the process: variables and threads may use its code at any time.
    pub(crate) fn keep(self) {
        std::mem::forget(self.library);
    }
}

impl LibrarySymbols {
    /// From now on `flush_output_of_cells` is done by this copy of the library.
    pub(crate) fn flush_for_all(&self) {
        FLUSH_OUTPUT.store(self.flush_output as *mut c_void, Ordering::Release);
    }

    /// A cell has run: writes out what it has printed, and what it shows of its workers for the last time.
    pub(crate) fn end_cell(&self) {
        (self.end_cell)();
    }

    /// Calls the function that a cell has left for the message in this file.
    pub(crate) fn deliver(&self, message: &Path) {
        let path = message.as_os_str().as_bytes();
        // SAFETY: the pointer and the length are those of a path, which outlives the call.
        unsafe { (self.deliver)(path.as_ptr(), path.len()) };
    }

    /// Looks at variables, as this file says.
    pub(crate) fn inspect(&self, variables: VariableStore, inspection: &Path) {
        let path = inspection.as_os_str().as_bytes();
        // SAFETY: the variables are null or what a cell of this library has returned, and the pointer and the length are
        // those of a path, which outlives the call.
        unsafe { (self.inspect)(variables, path.as_ptr(), path.len()) };
    }

    /// Forks while no other thread holds the lock of standard output.
    pub(crate) fn fork(&self) -> c_int {
        (self.fork)()
    }

    /// Says that this process goes on in the place of `predecessor`, whose children it does not have.
    pub(crate) fn take_over(&self, predecessor: c_int) {
        (self.take_over)(predecessor);
    }

    /// Makes panics in cells say where they happened in a form that the kernel understands.
    pub(crate) fn install_panic_hook(&self) {
        (self.install_panic_hook)();
    }
}

/// Writes out what cells have printed, whichever thread asks.
pub(crate) fn flush_output_of_cells() {
    let function = FLUSH_OUTPUT.load(Ordering::Acquire);
    if !function.is_null() {
        // SAFETY: whatever is not null has been made of a function of this type.
        let flush = unsafe { std::mem::transmute::<*mut c_void, Action>(function) };
        flush();
    }
}
