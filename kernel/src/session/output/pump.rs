//! A handle to the thread that reads: what the session asks of it, and of the supervisor behind it.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with};

use super::Report;
use super::reader::{Connections, Reader};
use crate::process::channel::Channel;
use crate::process::messages::{KERNEL_SOCKET, ToSupervisor};
use crate::session::comms::Comms;
use crate::session::event::CellId;
use crate::session::events::{Backlog, EventSender};
use crate::session::input::Questions;
use crate::session::locations::Locations;

/// A handle to the thread; the thread ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Pump {
    commands: mpsc::Sender<Command>,
    wake: Arc<OwnedFd>,
    supervisor: Arc<Mutex<Option<Channel>>>,
    thread: Option<JoinHandle<()>>,
}

/// Who is told what has been read.
#[derive(Clone, Debug)]
pub(crate) struct Hearers {
    pub(crate) events: EventSender,
    pub(crate) backlog: Arc<Backlog>,
    pub(crate) locations: Arc<Mutex<Locations>>,
    pub(crate) questions: Arc<Questions>,
    pub(crate) comms: Arc<Comms>,
}

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Command {
    BeginCell(CellId, mpsc::Sender<()>),
    Drain(mpsc::Sender<Report>),
    Stop,
}

impl Pump {
    /// Starts the thread; processes connect to it in the session's directory.
    pub(crate) fn start(session: &std::path::Path, hearers: Hearers) -> io::Result<Pump> {
        let listener = socket_with(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            None,
        )?;
        bind(&listener, &SocketAddrUnix::new(session.join(KERNEL_SOCKET))?)?;
        listen(&listener, 4)?;
        let wake = hearers.backlog.wake();
        let supervisor = Arc::new(Mutex::new(None));
        let (commands, received) = mpsc::channel();
        let reader = Reader::new(Connections {
            listener,
            wake: Arc::clone(&wake),
            commands: received,
            supervisor: Arc::clone(&supervisor),
            hearers,
        });
        let thread = std::thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || reader.run())?;
        Ok(Pump {
            commands,
            wake,
            supervisor,
            thread: Some(thread),
        })
    }

    /// What is printed from now on belongs to this cell: when this returns, and not before, it may run.
    pub(crate) fn begin_cell(&self, cell: CellId) {
        let (reply, begun) = mpsc::channel();
        self.command(Command::BeginCell(cell, reply));
        // The thread is gone only when the session is.
        let _ = begun.recv();
        self.tell_supervisor(&ToSupervisor::BeginCell { cell: cell.0 });
    }

    /// Asks for the end of the cell.
    pub(crate) fn interrupt(&self, cell: CellId) {
        self.tell_supervisor(&ToSupervisor::Interrupt { cell: cell.0 });
    }

    /// Asks for the end of all processes of the notebook.
    pub(crate) fn end_processes(&self) {
        self.tell_supervisor(&ToSupervisor::End);
    }

    /// Returns when everything that has been printed has been said.
    pub(crate) fn drain(&self) -> Report {
        let (reply, report) = mpsc::channel();
        self.command(Command::Drain(reply));
        // The thread is gone only when the session is.
        report.recv().unwrap_or_default()
    }

    fn command(&self, command: Command) {
        if self.commands.send(command).is_ok() {
            // The counter is full only if it has been woken 2^64 times.
            let _ = rustix::io::write(&*self.wake, &1_u64.to_ne_bytes());
        }
    }

    fn tell_supervisor(&self, message: &ToSupervisor) {
        let supervisor = self
            .supervisor
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(channel) = &*supervisor
            && let Err(error) = channel.send(message, &[])
        {
            // It is about to be seen that the supervisor has ended.
            tracing::debug!(%error, ?message, "cannot tell the supervisor");
        }
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.command(Command::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that reads output panicked");
        }
    }
}

#[cfg(test)]
mod tests;
