//! The thread that reads every pipe and every socket of the session's processes, and says what came of it.

use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{SocketFlags, accept_with};

use super::listener::Listener;
use super::outlet::Utterance;
use super::pipes::Pipes;
use super::prompts::Prompt;
use super::pump::{Command, Hearers};
use super::transcript::Transcript;
use super::worker_prefix::Colours;
use crate::process::channel::{Channel, ReceiveError};
use crate::process::messages::{FromSupervisor, ToSupervisor};
use crate::session::event::{CellId, Content, Event};
use crate::session::events::Delivery;

/// What the thread is given: where it listens, and where it says what it has read.
pub(super) struct Connections {
    pub(super) listener: OwnedFd,
    pub(super) wake: Arc<OwnedFd>,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) supervisor: Arc<Mutex<Option<Channel>>>,
    pub(super) hearers: Hearers,
}

/// Waits, reads, and hands on.
pub(super) struct Reader {
    connections: Connections,
    listener: Listener<Pipes>,
    /// Where the library leaves what the last map has given.
    results: Option<Arc<OwnedFd>>,
}

impl Reader {
    pub(super) fn new(connections: Connections) -> Reader {
        let transcript = Transcript::new(Colours::wanted(), Arc::clone(&connections.hearers.locations));
        Reader {
            connections,
            listener: Listener {
                inputs: Pipes::default(),
                transcript,
            },
            results: None,
        }
    }

    /// Reads until it is told to stop.
    pub(super) fn run(mut self) {
        loop {
            if let Err(error) = self.wait() {
                tracing::error!(%error, "cannot wait for output");
                return;
            }
            self.hear_news();
            if !self.hearers().backlog.is_full() {
                self.read_some();
                self.listener.settle_due();
                self.deliver();
            }
            self.tell_output_widget();
            if self.obey().is_break() {
                return;
            }
        }
    }

    /// Waits until there is something to read, or something has been held for long enough.
    fn wait(&self) -> io::Result<()> {
        // The channel is replaced by this thread alone, so that its descriptor stays open beyond the lock; the
        // other threads only send on it.
        let channel = self
            .supervisor()
            .as_ref()
            .map(|channel| channel.as_fd().try_clone_to_owned())
            .transpose()?;
        let is_full = self.hearers().backlog.is_full();
        let mut descriptors: Vec<BorrowedFd<'_>> =
            vec![self.connections.listener.as_fd(), self.connections.wake.as_fd()];
        descriptors.extend(channel.as_ref().map(AsFd::as_fd));
        descriptors.extend(self.listener.inputs.descriptors(!is_full));
        let mut events: Vec<_> = descriptors
            .into_iter()
            .map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN))
            .collect();
        // Who has to wait is not silent.
        let deadline = if is_full { None } else { self.deadline() };
        let rest = deadline.map(|end| end.saturating_duration_since(Instant::now()));
        // A limit that is too long for the type is as good as none.
        let limit = rest.and_then(|rest| Timespec::try_from(rest).ok());
        match poll(&mut events, limit.as_ref()) {
            Err(rustix::io::Errno::INTR) => Ok(()),
            result => Ok(result.map(drop)?),
        }
    }

    /// When something will have been held for long enough.
    fn deadline(&self) -> Option<Instant> {
        let Listener { inputs, transcript } = &self.listener;
        let deadlines = [
            transcript.deadline(),
            inputs.deadline(),
            self.hearers().comms.deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Hears everything but what is printed.
    fn hear_news(&mut self) {
        self.accept();
        // Workers are announced before they print.
        self.hear_supervisor();
        self.listener.hear_workers();
        self.deliver();
    }

    fn accept(&mut self) {
        while let Ok(socket) = accept_with(&self.connections.listener, SocketFlags::CLOEXEC) {
            *self.supervisor() = Some(Channel::from(socket));
            self.name_cell();
        }
    }

    /// Tells the supervisor which cell runs: one that has just started, in the place of another, does not know.
    fn name_cell(&self) {
        if let (Some(channel), Some(cell)) = (&*self.supervisor(), self.listener.transcript.cell())
            && let Err(error) = channel.send(&ToSupervisor::BeginCell { cell: cell.0 }, &[])
        {
            tracing::debug!(%error, "cannot tell the supervisor");
        }
    }

    fn hear_supervisor(&mut self) {
        while let Some(received) = self.receive_from_supervisor() {
            match received {
                Ok((FromSupervisor::Started { pid }, descriptors)) => self.connect(pid, descriptors),
                Ok((news, _)) => {
                    if matches!(news, FromSupervisor::Ended { .. }) {
                        self.end_workers();
                    }
                    self.listener.transcript.note(news);
                }
                Err(ReceiveError::Closed) => return self.end_workers(),
                Err(error) => {
                    tracing::error!(%error, "cannot understand the supervisor");
                    return;
                }
            }
        }
    }

    /// None where there is nothing, or no supervisor.
    fn receive_from_supervisor(&self) -> Option<Result<(FromSupervisor, Vec<OwnedFd>), ReceiveError>> {
        let mut supervisor = self.supervisor();
        match supervisor.as_ref()?.try_receive() {
            Err(ReceiveError::Empty) => None,
            Err(ReceiveError::Closed) => {
                *supervisor = None;
                Some(Err(ReceiveError::Closed))
            }
            received => Some(received),
        }
    }

    /// The notebook process has ended, and with it all that it had started.
    fn end_workers(&mut self) {
        self.listener.end_workers();
        self.listener.inputs.forget_unattended();
    }

    /// The notebook process has started: these are what it prints to.
    fn connect(&mut self, pid: u32, descriptors: Vec<OwnedFd>) {
        tracing::debug!(pid, "the notebook process has started");
        let Ok([stdout, stderr, workers, results]) = <[OwnedFd; 4]>::try_from(descriptors) else {
            tracing::error!("the supervisor came without its pipes");
            return;
        };
        self.end_workers();
        let cell = self.listener.transcript.cell().unwrap_or(CellId(0));
        self.hearers().comms.start_process(cell);
        let Listener { inputs, transcript } = &mut self.listener;
        for source in transcript.forget_notebook() {
            inputs.close(source);
        }
        inputs.hear_workers_from(Channel::from(workers));
        let sources = inputs.open([stdout, stderr]);
        transcript.start_notebook(&sources, Instant::now());
        self.results = Some(Arc::new(results));
    }

    /// Reads pipes in turn, each once, as far as there is room.
    fn read_some(&mut self) {
        for source in self.listener.inputs.in_turn() {
            self.listener.read(source);
            self.deliver();
            if self.hearers().backlog.is_full() {
                self.listener.inputs.stop_behind(source);
                break;
            }
        }
    }

    fn obey(&mut self) -> ControlFlow<()> {
        // Only wakes; the commands are in their own queue.
        let _ = rustix::io::read(&*self.connections.wake, &mut [0; 8][..]);
        while let Ok(command) = self.connections.commands.try_recv() {
            match command {
                Command::BeginCell(cell, begun) => {
                    self.drain();
                    self.listener.transcript.begin_cell(cell);
                    self.name_cell();
                    // Who asked may have gone.
                    let _ = begun.send(());
                }
                Command::Drain(reply) => {
                    self.drain();
                    let mut report = self.listener.transcript.end_cell();
                    report.results = self.results.clone();
                    self.deliver();
                    // Who asked may have gone.
                    let _ = reply.send(report);
                }
                Command::Stop => return ControlFlow::Break(()),
            }
        }
        ControlFlow::Continue(())
    }

    /// Says all that has been written up to now.
    fn drain(&mut self) {
        // What workers there are is heard first.
        self.hear_news();
        self.listener.drain();
        self.deliver();
    }

    /// Hands on what is to be said.
    fn deliver(&mut self) {
        for utterance in self.listener.transcript.take_said() {
            match utterance {
                Utterance::Output { cell, content } => {
                    if let Some(content) = self.hearers().comms.pass(content) {
                        self.say(cell, content);
                    }
                }
                Utterance::OfComm { cell, notice } => self.hearers().comms.notice(cell, notice),
                Utterance::Question(Prompt { text, password }) => {
                    if let Some(asker) = self.listener.inputs.next_asker() {
                        self.hearers().questions.ask(text, password, asker);
                    }
                }
                Utterance::Asked { cell, question } => {
                    if let Some(asker) = self.listener.inputs.next_comm_asker() {
                        self.hearers().comms.ask(cell, asker, question);
                    }
                }
            }
        }
    }

    fn say(&self, cell: CellId, content: Content) {
        let Hearers { events, backlog, .. } = self.hearers();
        let weight = content.weight();
        backlog.add(weight);
        if events.send(Event::Output { cell, content }) == Delivery::Captured {
            backlog.remove(weight);
        }
    }

    /// Tells an output widget what it has, where it is time.
    fn tell_output_widget(&self) {
        if let Some(cell) = self.listener.transcript.cell() {
            self.hearers().comms.tell_due(cell);
        }
    }

    fn hearers(&self) -> &Hearers {
        &self.connections.hearers
    }

    fn supervisor(&self) -> MutexGuard<'_, Option<Channel>> {
        self.connections
            .supervisor
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
