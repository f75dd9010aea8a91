//! The connections of this process that nobody uses at the moment. A request takes one and puts it back, so that there
//! are as many as there have been requests at once.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::connection::Connection;
use super::endpoint::{Address, Endpoint};
use crate::sys::at_fork::{self, AtFork, Guard, Rank};

/// How many are kept for one server.
const KEPT: usize = 8;

static IDLE: Mutex<Idle> = Mutex::new(Idle {
    process: 0,
    servers: BTreeMap::new(),
});

/// A server's address, and which server it is.
type ServerKey = (Address, u64);

struct Idle {
    /// Whose they are. A forked process has copies, which are no use: two processes would read each other's answers.
    process: u32,
    servers: BTreeMap<ServerKey, Vec<Connection>>,
}

/// All idle connections of this process, kept unchanged while it forks.
pub(super) struct Connections {
    idle: Guard<Idle>,
}

impl Connections {
    pub(super) fn lock() -> Self {
        let mut idle = at_fork::lock::<Self, _>(&IDLE);
        let process = std::process::id();
        if idle.process != process {
            idle.process = process;
            // Closes the copies; the parent's connections stay open.
            idle.servers.clear();
        }
        Self { idle }
    }

    /// The idle connection that was used last.
    pub(super) fn take(&mut self, server: &Endpoint) -> Option<Connection> {
        self.idle.servers.get_mut(&key(server))?.pop()
    }

    /// Keeps `connection` for the next request, or gives it back if there are enough.
    pub(super) fn put_back(&mut self, server: &Endpoint, connection: Connection) -> Option<Connection> {
        if !connection.is_own() {
            return Some(connection);
        }
        let idle = self.idle.servers.entry(key(server)).or_default();
        if idle.len() >= KEPT {
            return Some(connection);
        }
        idle.push(connection);
        None
    }

    /// Gives up all connections to a server that has ended.
    pub(super) fn forget(&mut self, server: &Endpoint) -> Vec<Connection> {
        self.idle.servers.remove(&key(server)).unwrap_or_default()
    }
}

impl AtFork for Connections {
    const RANK: Rank = Rank::ManagerConnections;

    fn prepare() -> Self {
        Self::lock()
    }

    /// Closes the copies of the parent's.
    fn enter_worker(&mut self) {
        self.idle.servers.clear();
    }
}

fn key(server: &Endpoint) -> ServerKey {
    (server.address.clone(), server.instance)
}
