//! Where clients come in.

use std::collections::BTreeSet;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with, sockopt};
use rustix::process::{PidfdFlags, pidfd_open};

use crate::manager::objects::Caller;
use crate::manager::socket;

/// A socket that listens.
#[derive(Debug)]
pub(super) struct Listener {
    socket: OwnedFd,
    is_local: bool,
    /// Those that were accepted here and have not authenticated themselves yet. The oldest has the lowest number.
    pub(super) pending: BTreeSet<Caller>,
}

/// A client.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) socket: OwnedFd,
    /// Its process, if it is on this machine. When that has ended, the connection may still be open in a fork of it.
    pub(super) process: Option<OwnedFd>,
}

impl Listener {
    /// Listens at `name` in the abstract namespace.
    pub(super) fn local(name: &str) -> io::Result<Self> {
        let socket = UnixListener::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
        socket.set_nonblocking(true)?;
        Ok(Self::new(socket.into(), true))
    }

    /// Listens at the first of the addresses that is free; which one.
    pub(super) fn tcp(addresses: &[std::net::SocketAddr]) -> io::Result<(Self, std::net::SocketAddr)> {
        let socket = TcpListener::bind(addresses)?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        Ok((Self::new(socket.into(), false), address))
    }

    fn new(socket: OwnedFd, is_local: bool) -> Self {
        Self {
            socket,
            is_local,
            pending: BTreeSet::new(),
        }
    }

    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// The next connection, if one is there.
    pub(super) fn accept(&self) -> rustix::io::Result<OwnedFd> {
        accept_with(&self.socket, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)
    }

    /// The client at the other end, unless it has gone already or is another user's.
    pub(super) fn examine(&self, socket: OwnedFd) -> rustix::io::Result<Option<Accepted>> {
        if !self.is_local {
            socket::tune_tcp(socket.as_fd())?;
            return Ok(Some(Accepted { socket, process: None }));
        }
        if !socket::is_of_same_user(socket.as_fd())? {
            return Ok(None);
        }
        let client = sockopt::socket_peercred(&socket)?.pid;
        let process = match pidfd_open(client, PidfdFlags::empty()) {
            Ok(process) => Some(process),
            Err(Errno::SRCH) => return Ok(None),
            // The end of the connection has to do.
            Err(_) => None,
        };
        Ok(Some(Accepted { socket, process }))
    }
}
