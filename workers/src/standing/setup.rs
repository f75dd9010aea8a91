//! How a standing worker is started, and what it is told.

use std::io;
use std::os::fd::RawFd;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::contract;
use crate::job::function::Function;
use crate::notebook;
use crate::spawn::{Child, Conditions};
use crate::sys::code::CodeAddress;
use crate::sys::identity::ProcessIdentity;
use crate::sys::lifeline::{Lifelines, Tail};
use crate::sys::region::{self, RegionName};

/// The variable that makes a program a worker, with the setup as JSON.
pub(super) const VARIABLE: &str = "PARCELL_STANDING_WORKER";

/// What a worker is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Setup {
    /// The process that it works for, as [`ProcessIdentity::word`].
    pub(super) employer: u64,
    /// The employer's descriptor of the worker's lifeline.
    pub(super) lifeline: RawFd,
    /// The crew's memory and its number.
    pub(super) crew: RegionName,
    pub(super) crew_id: u64,
    /// Where results go.
    pub(super) hub: RegionName,
    /// Which desk is the worker's.
    pub(super) desk: usize,
    pub(super) initializer: Option<Function>,
    pub(super) max_tasks: Option<u64>,
    pub(super) memory_limit: Option<u64>,
}

/// A worker that was started.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) child: Child,
    /// The worker opens it through this process when it has come that far.
    pub(super) _lifeline: Tail,
}

/// Starts a worker. `threads` is how many a thread pool in it should have.
pub(super) fn start(setup: impl FnOnce(RawFd) -> Setup, threads: usize) -> io::Result<Started> {
    let (lifeline, tail) = Lifelines::lock().add()?;
    let started = execute(&setup(tail.number()), threads).and_then(|(pid, announced)| {
        let pid = rustix::process::Pid::from_raw(pid.cast_signed()).ok_or(rustix::io::Errno::SRCH)?;
        Ok(Child::adopt(pid, lifeline, announced)?)
    });
    match started {
        Ok(child) => Ok(Started { child, _lifeline: tail }),
        Err(error) => {
            Lifelines::lock().remove(lifeline);
            Err(error)
        }
    }
}

/// Executes the worker; its PID, and whether the notebook's host knows of it.
fn execute(setup: &Setup, threads: usize) -> io::Result<(u32, bool)> {
    let mut command = Command::new("/proc/self/exe");
    command
        .env(VARIABLE, serde_json::to_string(setup)?)
        .stdin(region::invite()?);
    for (name, value) in crate::sys::environment::thread_limits(threads) {
        command.env(name, value);
    }
    if notebook::is_notebook() {
        command.arg(contract::STANDING_WORKER).arg(library_file()?);
    }
    let Some(redirection) = notebook::redirection()? else {
        return Ok((command.spawn()?.id(), false));
    };
    let mut child = redirection.execute(&mut command)?;
    // The pipes' ends in it would keep them open.
    drop(command);
    let announced = redirection.announce(Conditions::default().announcement(child.id()));
    if let Err(error) = announced {
        // Nobody would read its output, and it would block for ever.
        child.kill()?;
        child.wait()?;
        notebook::give_up(&error);
        return execute(setup, threads);
    }
    Ok((child.id(), true))
}

/// The file of this library, which the host does not have loaded when it starts.
fn library_file() -> io::Result<String> {
    let place = CodeAddress::of(super::worker::parcell_standing_worker as *const ()).place();
    let place = place.ok_or_else(|| io::Error::other("the library is in no file"))?;
    Ok(place.file().to_owned())
}

/// This process, as its workers are told of it.
pub(super) fn employer() -> u64 {
    ProcessIdentity::current().word()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::{changed, for_all};
    use crate::sys::counted::frugally;
    use crate::sys::region::{Kind, Region};

    #[test]
    fn any_text_is_a_setup_or_an_error() {
        let region = Region::create(Kind::named(b"setup"), 8).unwrap();
        let setup = Setup {
            employer: u64::MAX,
            lifeline: 5,
            crew: region.name(),
            crew_id: 3,
            hub: region.name(),
            desk: 1,
            initializer: Some(Function::without_argument(|| ())),
            max_tasks: None,
            memory_limit: Some(1 << 30),
        };
        let text = serde_json::to_vec(&setup).unwrap();
        for_all(2000, changed(Just(text)), |changed| {
            let bytes = &changed.bytes;
            let understood = frugally(bytes.len(), || serde_json::from_slice::<Setup>(bytes));
            if changed.is_intact() {
                assert_eq!(serde_json::to_vec(&understood.unwrap()).unwrap(), changed.written);
            }
        });
    }
}
