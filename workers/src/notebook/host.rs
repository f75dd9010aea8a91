//! The connection to the notebook's host: finding it, and sending it events.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde::Serialize;

use crate::contract::symbols::{HOST_CELL, HOST_CONTROL, HOST_EVENTS, HOST_RESULTS, HostCell, HostDescriptor, Symbol};

/// Set when the host could not be reached.
static FORGOTTEN: AtomicBool = AtomicBool::new(false);

/// The host's socket, which it keeps open for as long as it lives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host {
    socket: BorrowedFd<'static>,
}

impl Host {
    /// The host, if this program runs in one.
    pub(super) fn find() -> Option<Self> {
        if FORGOTTEN.load(Ordering::Relaxed) {
            return None;
        }
        Self::from_raw(events()?())
    }

    /// The host's control socket, if this program runs in one.
    pub(super) fn control() -> Option<Self> {
        Self::from_raw(exported(HOST_CONTROL)?())
    }

    /// Whether this program runs in a host, even one that can no longer be reached.
    pub(super) fn is_there() -> bool {
        events().is_some_and(|function| Self::from_raw(function()).is_some())
    }

    /// Whether programs that are executed from here on get the socket, under the same number.
    pub(super) fn pass_on(&self, wanted: bool) -> io::Result<()> {
        let flags = if wanted { FdFlags::empty() } else { FdFlags::CLOEXEC };
        Ok(fcntl_setfd(self.socket, flags)?)
    }

    fn from_raw(socket: RawFd) -> Option<Self> {
        if socket < 0 {
            return None;
        }
        // SAFETY: the host promises with the symbol that the socket stays open as long as the process lives; -1, the
        // one value that must not be borrowed, was excluded with the other negative ones.
        let socket = unsafe { BorrowedFd::borrow_raw(socket) };
        Some(Self { socket })
    }

    /// Sends one event with descriptors attached; waits while the socket is full.
    pub(super) fn send(&self, event: &impl Serialize, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let message = serde_json::to_vec(event)?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(io::Error::other("too many descriptors for one message"));
        }
        let slices = [IoSlice::new(&message)];
        rustix::io::retry_on_intr(|| sendmsg(self.socket, &slices, &mut control, SendFlags::NOSIGNAL))?;
        Ok(())
    }
}

/// The number of the cell that a standing worker works for; what no cell has before it works for one.
static WORKS_FOR: AtomicU64 = AtomicU64::new(u64::MAX);

/// This process is a standing worker, and from here on works for this cell.
pub(crate) fn work_for_cell(cell: u64) {
    WORKS_FOR.store(cell, Ordering::Relaxed);
}

/// The number of the cell that runs, if this program runs in a host.
pub(crate) fn current_cell() -> Option<u64> {
    let works_for = WORKS_FOR.load(Ordering::Relaxed);
    if works_for != u64::MAX {
        return Some(works_for);
    }
    static FUNCTION: OnceLock<Option<HostCell>> = OnceLock::new();
    let function = (*FUNCTION.get_or_init(|| exported(HOST_CELL)))?;
    Some(function())
}

/// The file in which the host wants what the last map has given, if this program runs in a host.
pub(crate) fn results_file() -> Option<BorrowedFd<'static>> {
    static FUNCTION: OnceLock<Option<HostDescriptor>> = OnceLock::new();
    let function = (*FUNCTION.get_or_init(|| exported(HOST_RESULTS)))?;
    let file = function();
    // SAFETY: the host promises that it stays open as long as the process lives; negative numbers are excluded.
    (file >= 0).then(|| unsafe { BorrowedFd::borrow_raw(file) })
}

/// Stops asking for the host; `false` if that was done before.
pub(super) fn forget() -> bool {
    !FORGOTTEN.swap(true, Ordering::Relaxed)
}

fn events() -> Option<HostDescriptor> {
    static FUNCTION: OnceLock<Option<HostDescriptor>> = OnceLock::new();
    *FUNCTION.get_or_init(|| exported(HOST_EVENTS))
}

/// The function that the host exports, if this program runs in one.
pub(super) fn exported<F: Copy>(symbol: Symbol<F>) -> Option<F> {
    const {
        assert!(
            size_of::<F>() == size_of::<*mut libc::c_void>(),
            "a symbol has the type of a function pointer"
        )
    };
    // SAFETY: the name is a C string; looking up a symbol has no other requirement.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, symbol.name().as_ptr()) };
    // SAFETY: the address is not null, and a function of this type is there: the host checks where it defines the function
    // that it has the symbol's type, which is that of a function pointer.
    (!address.is_null()).then(|| unsafe { std::mem::transmute_copy::<*mut libc::c_void, F>(&address) })
}

#[cfg(test)]
mod tests {
    use std::io::IoSliceMut;
    use std::os::fd::{AsFd, AsRawFd, OwnedFd};

    use rustix::net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketFlags, SocketType, recvmsg,
        socketpair,
    };

    use super::*;
    use crate::contract::events::{Announcement, OutputStyle, WorkerEvent};

    fn connected() -> (Host, OwnedFd, OwnedFd) {
        let kind = SocketType::SEQPACKET;
        let (ours, theirs) = socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None).unwrap();
        (Host::from_raw(ours.as_raw_fd()).unwrap(), ours, theirs)
    }

    fn receive(socket: &OwnedFd) -> (serde_json::Value, Vec<OwnedFd>) {
        let mut bytes = [0u8; 1024];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut slices = [IoSliceMut::new(&mut bytes)];
        let received = recvmsg(socket, &mut slices, &mut control, RecvFlags::CMSG_CLOEXEC).unwrap();
        let descriptors = control.drain().flat_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => descriptors.collect::<Vec<_>>(),
            _ => Vec::new(),
        });
        let descriptors = descriptors.collect();
        (serde_json::from_slice(&bytes[..received.bytes]).unwrap(), descriptors)
    }

    #[test]
    fn a_start_carries_both_read_ends_and_an_exit_none() {
        let (host, _ours, theirs) = connected();
        let (first, second) = (
            super::super::output_pipe().unwrap(),
            super::super::output_pipe().unwrap(),
        );
        host.send(
            &WorkerEvent::WorkerStarted(Announcement {
                pid: 12,
                name: Some("x".into()),
                output: OutputStyle::Lines,
                group: None,
                unattended: false,
            }),
            &[first.0.as_fd(), second.0.as_fd()],
        )
        .unwrap();
        host.send(&WorkerEvent::WorkerExited { pid: 12, ending: None }, &[])
            .unwrap();

        let (message, descriptors) = receive(&theirs);
        assert_eq!(
            message,
            serde_json::json!({"event": "worker_started", "pid": 12, "name": "x"})
        );
        rustix::io::write(&second.1, b"to stderr").unwrap();
        let mut bytes = [0; 16];
        assert_eq!(rustix::io::read(&descriptors[1], &mut bytes), Ok(9));
        assert_eq!(
            rustix::io::read(&descriptors[0], &mut bytes),
            Err(rustix::io::Errno::AGAIN)
        );

        let (message, descriptors) = receive(&theirs);
        assert_eq!(message, serde_json::json!({"event": "worker_exited", "pid": 12}));
        assert!(descriptors.is_empty());
    }

    #[test]
    fn a_host_that_has_gone_is_an_error_and_no_signal() {
        let (host, _ours, theirs) = connected();
        drop(theirs);
        assert!(
            host.send(&WorkerEvent::WorkerExited { pid: 1, ending: None }, &[])
                .is_err()
        );
    }

    #[test]
    fn a_negative_descriptor_means_no_host() {
        assert!(Host::from_raw(-1).is_none());
    }
}
