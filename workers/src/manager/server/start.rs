//! Starting a server: a process forked for it, which tells where it listens.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use serde::{Deserialize, Serialize};

use super::Server;
use super::listener::Listener;
use crate::codec;
use crate::manager::authentication::{ServerIdentity, random};
use crate::manager::endpoint::{Address, Endpoint, Key};
use crate::spawn::{Child, Conditions, Role, fork_worker};

/// What the server tells the process that has started it: the TCP address at which it listens, if it does, or why it
/// does not serve.
#[derive(Debug, Serialize, Deserialize)]
struct Report(Result<Option<SocketAddr>, String>);

/// A server that has been started, and where it is.
#[derive(Debug)]
pub(in crate::manager) struct Started {
    pub(in crate::manager) child: Child,
    pub(in crate::manager) endpoint: Endpoint,
    pub(in crate::manager) tcp: Option<SocketAddr>,
}

/// Starts a server that listens on this machine and, if there are any, at the first of `addresses` that is free.
pub(in crate::manager) fn start(key: Key, addresses: &[SocketAddr]) -> io::Result<Started> {
    let starter = std::process::id();
    let instance = u64::from_ne_bytes(random()?);
    let name = format!("parcell-manager-{starter}-{:032x}", u128::from_ne_bytes(random()?));
    let conditions = Conditions {
        name: Some("manager"),
        role: Role::Service,
        // It uses none of what the program does.
        allow_threads: true,
        ..Conditions::default()
    };
    let (child, pipe) = fork_worker(&conditions, |pipe| serve(pipe, &name, addresses, &key, instance))?;
    let tcp = read_report(pipe)?;
    let endpoint = Endpoint {
        address: Address::Local(name.clone()),
        key: key.clone(),
        pid: child.pid(),
        instance,
        starter: Some(starter),
    };
    Ok(Started { child, endpoint, tcp })
}

/// In the server's process: serves until it is ended.
#[expect(clippy::print_stderr, reason = "there is nobody else to tell")]
fn serve(pipe: OwnedFd, name: &str, addresses: &[SocketAddr], key: &Key, instance: u64) {
    let pid = std::process::id();
    let opened = open(name, addresses, key, ServerIdentity { pid, instance });
    let (server, report) = match opened {
        Ok((server, tcp)) => (Some(server), Ok(tcp)),
        Err(error) => (None, Err(error.to_string())),
    };
    let mut bytes = Vec::new();
    let sent = codec::encode_into(&Report(report), &mut bytes).is_ok() && File::from(pipe).write_all(&bytes).is_ok();
    // Without a report the starter knows that it has failed.
    if sent && let Some(mut server) = server {
        let Err(error) = server.run();
        eprintln!("parcell: the manager cannot go on: {error}");
    }
}

fn open(
    name: &str,
    addresses: &[SocketAddr],
    key: &Key,
    identity: ServerIdentity,
) -> io::Result<(Server, Option<SocketAddr>)> {
    let descriptors = allow_many_connections();
    let mut listeners = vec![Listener::local(name)?];
    let mut tcp = None;
    if !addresses.is_empty() {
        let (listener, address) =
            Listener::tcp(addresses).map_err(|error| io::Error::other(format!("{addresses:?}: {error}")))?;
        listeners.push(listener);
        tcp = Some(address);
    }
    Ok((Server::new(listeners, key.clone(), identity, descriptors)?, tcp))
}

/// The usual limit on descriptors is meant for programs that may use select(2), and this one does not. Returns the
/// limit.
fn allow_many_connections() -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // With the usual limit it serves fewer.
    let _ = setrlimit(Resource::Nofile, limit);
    let granted = getrlimit(Resource::Nofile).current;
    granted.and_then(|limit| limit.try_into().ok()).unwrap_or(usize::MAX)
}

/// Waits for the report; the end of the pipe without one means that the server's process has ended.
fn read_report(pipe: OwnedFd) -> io::Result<Option<SocketAddr>> {
    rustix::io::ioctl_fionbio(&pipe, false)?;
    let mut bytes = Vec::new();
    File::from(pipe).read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Err(io::Error::other("its process ended at once"));
    }
    let Report(report) = codec::decode(&bytes).map_err(io::Error::other)?;
    report.map_err(io::Error::other)
}
