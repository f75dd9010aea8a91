//! The thread that reads every pipe and every socket of the session's processes, and says what came of it.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use parcell::LastMap;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{SocketFlags, accept_with};
use tokio::sync::mpsc::UnboundedSender;

use super::panics::parse_failure;
use super::prompts::Prompt;
use super::pump::Command;
use super::source::{Item, Source, State};
use super::worker_prefix::{Colours, Prefix};
use super::{PANICKED, Panic, Report};
use crate::process::channel::{Channel, ReceiveError};
use crate::process::messages::{FromSupervisor, OutputStyle, ToSupervisor, WorkerEvent};
use crate::session::backtrace;
use crate::session::endings::{End, between_cells};
use crate::session::event::{CellId, Content, Event, Stream};
use crate::session::input::Questions;
use crate::session::locations::Locations;

/// How long what may belong together is waited for.
const SETTLE: Duration = Duration::from_millis(30);
/// The representation of what is shown in which places are named.
const PLAIN: &str = "text/plain";
/// The name of the thread that runs cells.
const MAIN_THREAD: &str = "main";
/// How much of the last output on stderr is remembered.
const TAIL: usize = 2048;

/// What the thread is given: where it listens, and where it says what it has read.
pub(super) struct Connections {
    pub(super) listener: OwnedFd,
    pub(super) compiling: UnixDatagram,
    pub(super) wake: Arc<OwnedFd>,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) supervisor: Arc<Mutex<Option<Channel>>>,
    pub(super) events: UnboundedSender<Event>,
    pub(super) locations: Arc<Mutex<Locations>>,
    pub(super) questions: Arc<Questions>,
}

/// What the thread reads, and what it makes of it.
pub(super) struct Reader {
    connections: Connections,
    /// Where workers are announced.
    workers: Option<Channel>,
    sources: Vec<Source>,
    /// None until the first cell: what is printed before is evcxr's own.
    cell: Option<CellId>,
    report: Report,
    /// Where the library leaves what the last map has given.
    results: Option<OwnedFd>,
    /// Panics that have not been printed: the last one may be why the cell ends.
    panics: VecDeque<(CellId, Panic)>,
    /// A prompt that was printed and belongs to the next question.
    prompt: Option<Prompt>,
    colours: Colours,
}

/// Whether to go on.
#[derive(Eq, PartialEq)]
enum Flow {
    Continue,
    Stop,
}

impl Reader {
    pub(super) fn new(connections: Connections) -> Reader {
        Reader {
            connections,
            workers: None,
            sources: Vec::new(),
            cell: None,
            report: Report::default(),
            results: None,
            panics: VecDeque::new(),
            prompt: None,
            colours: Colours::wanted(),
        }
    }

    /// Reads until it is told to stop.
    pub(super) fn run(mut self) {
        loop {
            let idle = match self.wait() {
                Ok(ready) => ready == 0,
                Err(error) => {
                    tracing::error!(%error, "cannot wait for output");
                    return;
                }
            };
            self.hear_everything();
            if idle {
                self.settle();
            }
            if self.obey() == Flow::Stop {
                return;
            }
        }
    }

    fn wait(&self) -> io::Result<usize> {
        let supervisor = self
            .connections
            .supervisor
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut descriptors: Vec<BorrowedFd<'_>> = vec![
            self.connections.listener.as_fd(),
            self.connections.compiling.as_fd(),
            self.connections.wake.as_fd(),
        ];
        // The channel is replaced by this thread alone, so that its descriptor stays open beyond the lock; the
        // other threads only send on it.
        let channel = supervisor
            .as_ref()
            .map(|channel| channel.as_fd().try_clone_to_owned())
            .transpose()?;
        drop(supervisor);
        descriptors.extend(channel.as_ref().map(AsFd::as_fd));
        descriptors.extend(self.workers.as_ref().map(AsFd::as_fd));
        descriptors.extend(self.sources.iter().map(AsFd::as_fd));
        let mut events: Vec<_> = descriptors
            .into_iter()
            .map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN))
            .collect();
        let unsettled = !self.panics.is_empty() || self.sources.iter().any(Source::is_unsettled);
        let limit = unsettled.then(|| Timespec {
            tv_sec: 0,
            tv_nsec: SETTLE.subsec_nanos().into(),
        });
        match poll(&mut events, limit.as_ref()) {
            Err(rustix::io::Errno::INTR) => Ok(1),
            result => Ok(result?),
        }
    }

    fn obey(&mut self) -> Flow {
        // Only wakes; the commands are in their own queue.
        let _ = rustix::io::read(&*self.connections.wake, &mut [0; 8][..]);
        while let Ok(command) = self.connections.commands.try_recv() {
            match command {
                Command::BeginCell(cell) => {
                    self.drain();
                    self.cell = Some(cell);
                    self.report = Report::default();
                    self.colours.start_over();
                    self.name_cell();
                }
                Command::Drain(reply) => {
                    self.drain();
                    if self.report.has_control_line(PANICKED) {
                        self.report.panic = self
                            .panics
                            .pop_back()
                            .map(|(_, panic)| panic)
                            .or(self.report.panic.take());
                    }
                    self.print_panics();
                    self.report.last_map = self.results.as_ref().and_then(LastMap::read);
                    // Who asked may have gone.
                    let _ = reply.send(std::mem::take(&mut self.report));
                }
                Command::Stop => return Flow::Stop,
            }
        }
        Flow::Continue
    }

    /// Says all that has been written up to now.
    fn drain(&mut self) {
        while self.hear_everything() {}
        let mut items = Vec::new();
        for index in 0..self.sources.len() {
            self.sources[index].finish(&mut items);
            self.say(index, &mut items);
        }
        self.print_prompt();
    }

    /// Says what is held in the hope of more.
    fn settle(&mut self) {
        let mut items = Vec::new();
        for index in 0..self.sources.len() {
            self.sources[index].settle(&mut items);
            self.say(index, &mut items);
        }
        self.print_panics();
    }

    /// Reads everything once; true if there may be more.
    fn hear_everything(&mut self) -> bool {
        self.accept();
        self.hear_compiler();
        // Workers are announced before they print.
        self.hear_supervisor();
        self.hear_workers();
        self.read_sources()
    }

    fn accept(&mut self) {
        while let Ok(socket) = accept_with(&self.connections.listener, SocketFlags::CLOEXEC) {
            *self
                .connections
                .supervisor
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Channel::from(socket));
            self.name_cell();
        }
    }

    /// Tells the supervisor which cell runs: one that has just started, in the place of another, does not know.
    fn name_cell(&self) {
        let supervisor = self
            .connections
            .supervisor
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let (Some(channel), Some(cell)) = (&*supervisor, self.cell)
            && let Err(error) = channel.send(&ToSupervisor::BeginCell { cell: cell.0 }, &[])
        {
            tracing::debug!(%error, "cannot tell the supervisor");
        }
    }

    fn hear_compiler(&mut self) {
        let mut buffer = [0; 512];
        while let Ok(length) = self.connections.compiling.recv(&mut buffer) {
            let text = format!("   {}\n", String::from_utf8_lossy(&buffer[..length]));
            self.output_to_stderr(self.cell, text);
        }
    }

    fn hear_supervisor(&mut self) {
        loop {
            let received = {
                let mut supervisor = self
                    .connections
                    .supervisor
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                let Some(channel) = &*supervisor else { return };
                match channel.try_receive::<FromSupervisor>() {
                    Err(ReceiveError::Empty) => return,
                    Err(ReceiveError::Closed) => {
                        *supervisor = None;
                        return;
                    }
                    received => received,
                }
            };
            match received {
                Ok((FromSupervisor::Started { pid }, descriptors)) => self.connect(pid, descriptors),
                Ok((news, _)) => self.note(news),
                Err(error) => {
                    tracing::error!(%error, "cannot understand the supervisor");
                    return;
                }
            }
        }
    }

    /// The notebook process has started: these are what it prints to.
    fn connect(&mut self, pid: u32, descriptors: Vec<OwnedFd>) {
        tracing::debug!(pid, "the notebook process has started");
        let Ok([stdout, stderr, workers, results]) = <[OwnedFd; 4]>::try_from(descriptors) else {
            tracing::error!("the supervisor came without its pipes");
            return;
        };
        // Of an earlier notebook process nothing is left to come.
        self.sources.retain(|source| source.worker.is_some());
        self.workers = Some(Channel::from(workers));
        self.results = Some(results);
        let cell = self.cell.unwrap_or(CellId(0));
        for (pipe, stream) in [(stdout, Stream::Stdout), (stderr, Stream::Stderr)] {
            self.add(Source::new(pipe, stream, cell));
        }
    }

    /// A process that ended while no cell ran is told of at once; all else belongs to the cell's report.
    fn note(&mut self, news: FromSupervisor) {
        if let FromSupervisor::Ended {
            ending,
            during_cell: false,
            restored,
            threads_lost,
            ..
        } = &news
        {
            let text = between_cells(&End {
                ending: *ending,
                printed: "",
                panic: None,
                restored: *restored,
                threads_lost: *threads_lost,
            });
            self.output_to_stderr(self.cell, text);
        }
        if let FromSupervisor::NoCheckpoint { reason } = &news {
            let text = format!(
                "parcell: a crash or an interrupt now loses all variables, since no checkpoint can be made: {reason}\n"
            );
            self.output_to_stderr(self.cell, text);
        }
        self.report.news.push(news);
    }

    fn hear_workers(&mut self) {
        loop {
            let Some(channel) = &self.workers else { return };
            match channel.try_receive::<WorkerEvent>() {
                Ok((WorkerEvent::WorkerStarted { pid, name, output }, descriptors)) => {
                    // What was printed before it was started is said before what it prints; one turn is more than a
                    // pipe holds. News of its end may follow at once, and has all of its own said.
                    self.read_sources();
                    let prefix = Prefix::new(pid, name.as_deref(), self.colours.next());
                    self.add_worker(pid, prefix, output, descriptors);
                }
                Ok((WorkerEvent::WorkerExited { pid }, _)) => self.end_worker(pid),
                Ok((WorkerEvent::InputRequested { prompt, password }, asker)) => self.ask(prompt, password, asker),
                Err(ReceiveError::Empty) => return,
                Err(ReceiveError::Closed) => {
                    self.workers = None;
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot understand news of a worker");
                    return;
                }
            }
        }
    }

    /// A thread asks for input: what it printed before it asked is said first.
    fn ask(&mut self, prompt: String, password: bool, asker: Vec<OwnedFd>) {
        // One turn is more than a pipe holds, so nothing is left of what was in it.
        self.read_sources();
        self.settle();
        let Some(asker) = asker.into_iter().next() else {
            return tracing::error!("a question came without the socket for its answer");
        };
        let prompt = match self.prompt.take() {
            Some(printed) if prompt.is_empty() => printed,
            printed => {
                self.prompt = printed;
                Prompt { text: prompt, password }
            }
        };
        let asker = Channel::from(asker);
        self.connections.questions.ask(prompt.text, prompt.password, asker);
    }

    fn add_worker(&mut self, pid: u32, prefix: Prefix, output: OutputStyle, descriptors: Vec<OwnedFd>) {
        let cell = self.cell.unwrap_or(CellId(0));
        for (pipe, stream) in descriptors.into_iter().zip([Stream::Stdout, Stream::Stderr]) {
            self.add(Source::new(pipe, stream, cell).map(|source| source.of_worker(pid, prefix.clone(), output)));
        }
    }

    fn add(&mut self, source: io::Result<Source>) {
        match source {
            Ok(source) => self.sources.push(source),
            Err(error) => tracing::error!(%error, "cannot read what a process prints"),
        }
    }

    /// The worker has ended, and all that it wrote is there to be read. What its own children write later is read
    /// until they close the pipe.
    fn end_worker(&mut self, pid: u32) {
        for index in 0..self.sources.len() {
            if self.sources[index].worker == Some(pid) {
                let mut items = Vec::new();
                while self.sources[index]
                    .read(&mut items)
                    .is_ok_and(|state| state == State::More)
                {}
                self.sources[index].finish(&mut items);
                self.say(index, &mut items);
            }
        }
    }

    /// Reads every pipe once; true if one has more.
    fn read_sources(&mut self) -> bool {
        let mut more = false;
        let mut ended = Vec::new();
        for index in 0..self.sources.len() {
            let mut items = Vec::new();
            let state = self.sources[index].read(&mut items).unwrap_or_else(|error| {
                tracing::error!(%error, "cannot read what a process prints");
                State::Ended
            });
            if state == State::Ended {
                self.sources[index].finish(&mut items);
                ended.push(index);
            }
            more |= state == State::More;
            self.say(index, &mut items);
        }
        for index in ended.into_iter().rev() {
            self.sources.remove(index);
        }
        more
    }

    fn say(&mut self, index: usize, items: &mut Vec<Item>) {
        let source = &self.sources[index];
        let (stream, worker) = (source.stream, source.worker.is_some());
        let mut cell = if worker { Some(source.cell) } else { self.cell };
        for item in items.drain(..) {
            match item {
                Item::Cell(other) => {
                    if worker {
                        self.sources[index].cell = other;
                        cell = Some(other);
                    }
                }
                Item::Content(content) => {
                    if stream == Stream::Stderr {
                        self.print_panics();
                    }
                    if !worker {
                        self.remember(&content);
                    }
                    self.output(cell, self.located(content));
                }
                Item::Prompt(prompt) => {
                    self.print_prompt();
                    self.prompt = Some(prompt);
                }
                Item::Panic(json) => match (Panic::parse(&json), cell) {
                    (Some(panic), Some(cell)) => {
                        // Only the thread that runs the cell can end it.
                        let may_end_cell = panic.thread == MAIN_THREAD;
                        self.panics.push_back((cell, panic));
                        if !may_end_cell {
                            self.print_panics();
                        }
                    }
                    _ => tracing::warn!(json, "not a panic"),
                },
                Item::Error(json) => {
                    let failure = parse_failure(&json, &self.locations());
                    self.report.error = failure.or(self.report.error.take());
                }
            }
        }
    }

    /// Prints a line that looked like a prompt, and that no question followed.
    fn print_prompt(&mut self) {
        if let Some(prompt) = self.prompt.take() {
            let (stream, text) = (Stream::Stdout, prompt.line());
            self.output(self.cell, Content::Stream { stream, text });
        }
    }

    /// The notebook process may die of what it prints last.
    fn remember(&mut self, content: &Content) {
        if let Content::Stream {
            stream: Stream::Stderr,
            text,
        } = content
        {
            let tail = &mut self.report.stderr_tail;
            tail.push_str(text);
            let surplus = tail.ceil_char_boundary(tail.len().saturating_sub(TAIL));
            tail.drain(..surplus);
        }
    }

    /// Prints the panics that did not end the cell, or not at once.
    fn print_panics(&mut self) {
        while let Some((cell, panic)) = self.panics.pop_front() {
            let text = panic.text(&self.locations());
            self.report.panic = Some(panic);
            self.output_to_stderr(Some(cell), text);
        }
    }

    /// With the places of compiled code in it replaced by those in cells.
    fn located(&self, mut content: Content) -> Content {
        let text = match &mut content {
            Content::Stream { text, .. } => Some(text),
            Content::DisplayData { data, .. }
            | Content::UpdateDisplayData { data, .. }
            | Content::ExecuteResult { data, .. } => match data.get_mut(PLAIN) {
                Some(serde_json::Value::String(text)) => Some(text),
                _ => None,
            },
            Content::ClearOutput { .. } => None,
        };
        if let Some(text) = text {
            let locations = self.locations();
            *text = backtrace::in_text(&locations.in_text(text), &locations).into_owned();
        }
        content
    }

    fn locations(&self) -> std::sync::MutexGuard<'_, Locations> {
        self.connections
            .locations
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn output_to_stderr(&self, cell: Option<CellId>, text: String) {
        let stream = Stream::Stderr;
        self.output(cell, Content::Stream { stream, text });
    }

    fn output(&self, cell: Option<CellId>, content: Content) {
        if let Some(cell) = cell {
            // The session is ending where nobody listens.
            let _ = self.connections.events.send(Event::Output { cell, content });
        }
    }
}
