//! A standing worker of a notebook: the library that cells are linked with, in a process of its own. All that it does is
//! the library's.

use std::ffi::{OsString, c_int};
use std::process::ExitCode;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW, Symbol};
use parcell::contract::symbols::{STANDING_WORKER, StandingWorker};

use super::messages::EVENTS_DESCRIPTOR;
use super::notebook::close_on_exec;

/// The exit code of a worker that does not come as far as the library.
const NOT_STARTED: u8 = 70;

pub(super) fn main() -> ExitCode {
    // It came from the process that started this one, whose library needs it here as well; for nobody else. It is not there
    // where that process had no kernel to tell of workers.
    let _ = close_on_exec(EVENTS_DESCRIPTOR);
    let library = std::env::args_os().nth(2).unwrap_or_default();
    let error = match start(&library) {
        Ok(code) => return ExitCode::from(u8::try_from(code).unwrap_or(NOT_STARTED)),
        Err(error) => error,
    };
    #[expect(clippy::print_stderr, reason = "there is nobody else to tell")]
    {
        eprintln!("parcell: a standing worker cannot load {}: {error}", library.display());
    }
    ExitCode::from(NOT_STARTED)
}

fn start(library: &OsString) -> Result<c_int, libloading::Error> {
    // SAFETY: it is the library that the notebook process has loaded, and that has started this process. It checks that its
    // function has the symbol's type.
    unsafe {
        let library = Library::open(Some(library), RTLD_NOW | RTLD_GLOBAL)?;
        let start: Symbol<StandingWorker> = library.get(STANDING_WORKER.name())?;
        let code = start();
        // Threads of the worker may still run its code.
        std::mem::forget(library);
        Ok(code)
    }
}
