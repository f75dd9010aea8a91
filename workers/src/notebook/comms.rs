//! What the library says and asks about comms. In a plain program nobody is there to hear it.

use std::fs::File;
use std::io::{self, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, Shutdown, SocketFlags, SocketType, recvmsg,
    shutdown, socketpair,
};
use serde::de::DeserializeOwned;

use super::host::Host;
use super::is_notebook;
use crate::contract::comms::{Notice, Question};
use crate::contract::events::WorkerEvent;
use crate::contract::mime;
use crate::protocol;
use crate::sys::poll;

/// The longest message that says that there is an answer, which is in a file.
const ANSWERED: usize = 64;

/// What came of a question.
#[derive(Debug)]
pub(crate) enum Answer<T> {
    Given(T),
    /// The time is up.
    NotYet,
    /// This program does not run in a notebook, or nobody will ever answer.
    Nobody,
}

/// Says something, in order with what is printed.
pub(crate) fn say(notice: &Notice) {
    if is_notebook() {
        protocol::write_stdout(mime::COMM, notice);
    }
}

/// Asks, and waits for the answer.
pub(crate) fn ask<T: DeserializeOwned>(question: Question) -> io::Result<Answer<T>> {
    ask_until(question, None)
}

/// The same, not for longer than this.
pub(crate) fn ask_until<T: DeserializeOwned>(question: Question, end: Option<Instant>) -> io::Result<Answer<T>> {
    let Some(host) = Host::find() else {
        return Ok(Answer::Nobody);
    };
    // What has been printed and said before comes before the question.
    // A failure shows again where the next thing is printed.
    let _ = io::stdout().flush();
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    host.send(&WorkerEvent::Asked { question }, &[theirs.as_fd()])?;
    drop(theirs);
    let in_time = wait(&ours, end)?;
    if !in_time {
        // Whoever would answer from here on is told that nobody hears it; what has been answered before is here.
        shutdown(&ours, Shutdown::Both)?;
    }
    match receive(&ours)? {
        Some(file) => {
            let mut text = String::new();
            File::from(file).read_to_string(&mut text)?;
            Ok(Answer::Given(serde_json::from_str(&text)?))
        }
        None if in_time => Ok(Answer::Nobody),
        None => Ok(Answer::NotYet),
    }
}

/// Waits until there is something to be received; whether there is.
fn wait(socket: &OwnedFd, end: Option<Instant>) -> io::Result<bool> {
    loop {
        let rest = end.map(|end| end.saturating_duration_since(Instant::now()));
        let mut events = [poll::readable(socket)];
        poll::wait(&mut events, rest)?;
        // It may have been a signal.
        match (events[0].revents().is_empty(), rest) {
            (false, _) => return Ok(true),
            (true, Some(Duration::ZERO)) => return Ok(false),
            (true, _) => {}
        }
    }
}

/// The file with the answer; None where there is none.
fn receive(socket: &OwnedFd) -> io::Result<Option<OwnedFd>> {
    let mut bytes = [0u8; ANSWERED];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let slices = &mut [IoSliceMut::new(&mut bytes)];
        match recvmsg(socket, slices, &mut control, RecvFlags::CMSG_CLOEXEC) {
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::CONNRESET) => return Ok(None),
            received => break received?,
        }
    };
    let mut descriptors = control.drain().flat_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => descriptors.collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    Ok(descriptors.next().filter(|_| received.bytes > 0))
}
