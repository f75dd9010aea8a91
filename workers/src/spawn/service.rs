//! What a forked process does first that is to serve others for long: it lets go of what it has inherited.
//!
//! What it would keep open, nobody could close: the reader of a pipe would wait for its end for as long as the service
//! runs, and the port of a server that has ended would stay taken.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::process::Signal;

use crate::sys::{descriptors, disposition, lifeline, region};

/// In a forked process: closes all descriptors but the standard streams, the lifeline, and `kept`; and sets the signals
/// by which a person ends or interrupts a program to what they are for a service.
pub(super) fn begin(kept: &OwnedFd) -> io::Result<()> {
    descriptors::close_all_but(&[0, 1, 2, kept.as_raw_fd(), lifeline::own_descriptor()])?;
    region::forget_parent();
    // Ctrl-C goes to all processes of a program. The program may live on, and ends its services if it does not.
    disposition::ignore(Signal::INT)?;
    // What the parent does about this one is not for its copy to do.
    disposition::set_default(Signal::TERM)
}
