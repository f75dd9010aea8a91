//! Where clients come in.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with, sockopt};
use rustix::process::{PidfdFlags, pidfd_open};

use crate::manager::socket;

/// How many clients that have not authenticated themselves are served at once. The others wait to be accepted.
const PENDING: usize = 64;

/// A socket that listens.
#[derive(Debug)]
pub(super) struct Listener {
    socket: OwnedFd,
    is_local: bool,
    /// How many that were accepted here have not authenticated themselves yet.
    pub(super) pending: usize,
    pub(super) is_watched: bool,
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
            pending: 0,
            is_watched: false,
        }
    }

    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    pub(super) fn may_accept(&self) -> bool {
        self.pending < PENDING
    }

    /// The next client that is worth talking to, if one is there.
    pub(super) fn accept(&self) -> io::Result<Option<Accepted>> {
        loop {
            match accept_with(&self.socket, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
                Ok(socket) => {
                    // One that has gone already, or is another user's, is dropped.
                    if let Ok(Some(accepted)) = self.examine(socket) {
                        return Ok(Some(accepted));
                    }
                }
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR | Errno::CONNABORTED | Errno::PROTO) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn examine(&self, socket: OwnedFd) -> rustix::io::Result<Option<Accepted>> {
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
