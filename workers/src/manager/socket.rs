//! What both ends of a connection ask of their sockets.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::io;
use rustix::net::sockopt;
use rustix::process::geteuid;

/// How long a TCP connection is silent before the other machine is asked whether it is still there; how long it has to
/// answer; and how often it is asked.
const SILENCE: Duration = Duration::from_secs(60);
const PROBE: Duration = Duration::from_secs(10);
const PROBES: u32 = 6;

/// Whether the process at the other end of a Unix socket is of the same user as this one.
pub(super) fn is_of_same_user(socket: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(sockopt::socket_peercred(socket)?.uid == geteuid())
}

/// Small messages are sent at once, and the end of the other machine is noticed, which would say nothing.
pub(super) fn tune_tcp(socket: BorrowedFd<'_>) -> io::Result<()> {
    sockopt::set_tcp_nodelay(socket, true)?;
    sockopt::set_socket_keepalive(socket, true)?;
    sockopt::set_tcp_keepidle(socket, SILENCE)?;
    sockopt::set_tcp_keepintvl(socket, PROBE)?;
    sockopt::set_tcp_keepcnt(socket, PROBES)
}
