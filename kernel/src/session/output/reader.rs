//! The thread that reads every pipe and every socket of the session's processes, and says what came of it.

mod workers;

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{SocketFlags, accept_with};
use tokio::sync::mpsc::UnboundedSender;

use super::allowance::Allowances;
use super::groups::Groups;
use super::outlet::{Outlet, Saying};
use super::panics::parse_failure;
use super::prompts::Prompt;
use super::pump::Command;
use super::source::{Item, Source, State};
use super::unattended::Unattended;
use super::worker_lines::Lines;
use super::worker_prefix::Colours;
use super::{PANICKED, Panic, Report};
use crate::process::channel::{Channel, ReceiveError};
use crate::process::messages::{FromSupervisor, ToSupervisor};
use crate::session::endings::{End, between_cells};
use crate::session::event::{CellId, Content, Event, Stream};
use crate::session::events::Backlog;
use crate::session::input::Questions;
use crate::session::locations::Locations;

/// How long the panic that may end the cell is waited with.
const SETTLE: Duration = Duration::from_millis(30);
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
    pub(super) backlog: Arc<Backlog>,
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
    results: Option<Arc<OwnedFd>>,
    /// Panics that have not been printed: the last one may be why the cell ends.
    panics: VecDeque<(CellId, Panic)>,
    /// When the last of them was heard of.
    panicked: Instant,
    /// A prompt that was printed and belongs to the next question.
    prompt: Option<Prompt>,
    colours: Colours,
    outlet: Outlet,
    groups: Groups,
    unattended: Unattended,
    allowances: Allowances,
    /// Which source has its turn first, where not all may have one.
    turn: usize,
    /// What the notebook process has printed while news of workers is heard that it sent before; by its source.
    unsaid: Vec<(usize, Vec<Item>)>,
    /// Whether news of workers is being heard, each piece of which comes before the next.
    hearing: bool,
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
            outlet: Outlet::new(
                connections.events.clone(),
                Arc::clone(&connections.backlog),
                Arc::clone(&connections.locations),
            ),
            connections,
            workers: None,
            sources: Vec::new(),
            cell: None,
            report: Report::default(),
            results: None,
            panics: VecDeque::new(),
            panicked: Instant::now(),
            prompt: None,
            colours: Colours::wanted(),
            groups: Groups::default(),
            unattended: Unattended::default(),
            allowances: Allowances::default(),
            turn: 0,
            unsaid: Vec::new(),
            hearing: false,
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
            if !self.connections.backlog.is_full() {
                self.read_some();
                self.settle_due();
                self.remove_ended();
            }
            if self.obey() == Flow::Stop {
                return;
            }
        }
    }

    /// Waits until there is something to read, or something has been held for long enough.
    fn wait(&self) -> io::Result<()> {
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
        let is_full = self.connections.backlog.is_full();
        descriptors.extend(self.sources.iter().filter(|_| !is_full).map(AsFd::as_fd));
        descriptors.extend(self.unattended.descriptors());
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
        let panics = (!self.panics.is_empty()).then(|| self.panicked + SETTLE);
        let sources = self.sources.iter().filter_map(Source::deadline);
        sources.chain(panics).chain(self.unattended.deadline()).min()
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
                    self.report.results = self.results.clone();
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
        // Once is enough: what workers there are is heard first, and then each pipe is read for longer than it takes to
        // empty it. One that is always full must not keep a cell from ending.
        self.hear_news();
        self.read_sources();
        self.say_what_is_held(|_| true, Source::finish);
        let held = self.groups.release();
        self.say_all(held);
        self.report_ends();
        self.print_prompt();
        self.remove_ended();
    }

    /// Says what has been held for long enough.
    fn settle_due(&mut self) {
        let now = Instant::now();
        self.say_what_is_held(|_| true, |source, items| source.settle_if_due(now, items));
        if self.panicked + SETTLE <= now {
            self.print_panics();
        }
        self.report_ends();
    }

    /// Says what is held in the hope of more.
    fn settle(&mut self) {
        self.say_what_is_held(|_| true, Source::settle);
        self.print_panics();
    }

    /// Hears everything but what is printed.
    fn hear_news(&mut self) {
        self.accept();
        self.hear_compiler();
        // Workers are announced before they print.
        self.hear_supervisor();
        self.hear_workers();
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
                        drop(supervisor);
                        return self.forget_workers();
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
        self.forget_workers();
        // Of an earlier notebook process nothing is left to come.
        self.sources.retain(|source| source.speaker.is_some());
        self.workers = Some(Channel::from(workers));
        self.results = Some(Arc::new(results));
        let cell = self.cell.unwrap_or(CellId(0));
        for (pipe, stream) in [(stdout, Stream::Stdout), (stderr, Stream::Stderr)] {
            self.add(Source::new(pipe, stream, cell));
        }
    }

    /// A process that ended while no cell ran is told of at once; all else belongs to the cell's report.
    fn note(&mut self, news: FromSupervisor) {
        if matches!(news, FromSupervisor::Ended { .. }) {
            self.forget_workers();
        }
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

    fn add(&mut self, source: io::Result<Source>) {
        match source {
            Ok(source) => self.sources.push(source),
            Err(error) => tracing::error!(%error, "cannot read what a process prints"),
        }
    }

    /// Says what these sources give.
    fn say_what_is_held(&mut self, wanted: impl Fn(&Source) -> bool, give: impl Fn(&mut Source, &mut Vec<Item>)) {
        let mut items = Vec::new();
        for index in 0..self.sources.len() {
            if wanted(&self.sources[index]) {
                give(&mut self.sources[index], &mut items);
                self.say(index, &mut items);
            }
        }
    }

    /// Reads every pipe once.
    fn read_sources(&mut self) {
        self.read_where(|_| true);
    }

    /// Reads the pipes of one map's workers. What the notebook process has printed since comes later.
    fn read_group(&mut self, key: &str) {
        self.read_where(|source| source.group.as_deref() == Some(key));
    }

    /// Reads pipes in turn, each once, as far as there is room.
    fn read_some(&mut self) {
        let count = self.sources.len();
        for turn in 0..count {
            let index = (self.turn + turn) % count;
            self.read_source(index);
            if self.connections.backlog.is_full() {
                self.turn = index + 1;
                break;
            }
        }
    }

    fn read_where(&mut self, wanted: impl Fn(&Source) -> bool) {
        for index in 0..self.sources.len() {
            if wanted(&self.sources[index]) {
                self.read_source(index);
            }
        }
    }

    fn read_source(&mut self, index: usize) {
        let source = &mut self.sources[index];
        if source.ended {
            return;
        }
        let mut items = Vec::new();
        let state = source.read(&mut items).unwrap_or_else(|error| {
            tracing::error!(%error, "cannot read what a process prints");
            State::Ended
        });
        if state == State::Ended {
            source.ended = true;
            source.end(&mut items);
        }
        if source.speaker.is_some() || items.is_empty() || self.hearing {
            return self.say(index, &mut items);
        }
        // What the notebook process prints when a worker has ended comes after all that the worker has printed.
        self.unsaid.push((index, items));
        self.hear_workers();
        self.say_unsaid();
    }

    /// Says what the notebook process has printed before something that follows from it.
    fn say_unsaid(&mut self) {
        for (index, mut items) in std::mem::take(&mut self.unsaid) {
            self.say(index, &mut items);
        }
    }

    /// Forgets pipes that have come to their end; while they are read in turn, each keeps its place.
    fn remove_ended(&mut self) {
        self.sources.retain(|source| !source.ended);
    }

    fn say(&mut self, index: usize, items: &mut Vec<Item>) {
        for item in items.drain(..) {
            let source = &mut self.sources[index];
            match item {
                Item::Cell(other) if source.speaker.is_some() => source.cell = other,
                Item::Cell(_) => {}
                Item::Begins(item) => source.item = Some(item),
                Item::Lines(lines) => self.say_as_worker(index, Saying::Lines(lines)),
                Item::Content(content) if source.speaker.is_some() => {
                    self.say_as_worker(index, Saying::Content(content));
                }
                Item::Content(content) => {
                    if source.stream == Stream::Stderr {
                        self.print_panics();
                    }
                    self.remember(&content);
                    self.output(self.cell, content);
                }
                Item::Prompt(prompt) => {
                    self.print_prompt();
                    self.prompt = Some(prompt);
                }
                Item::Panic(json) => self.take_panic(index, &json),
                Item::Error(json) => {
                    let failure = parse_failure(&json, &self.locations());
                    self.report.error = failure.or(self.report.error.take());
                }
            }
        }
    }

    fn take_panic(&mut self, index: usize, json: &str) {
        let source = &self.sources[index];
        let is_worker = source.speaker.is_some();
        let cell = if is_worker { Some(source.cell) } else { self.cell };
        let (Some(panic), Some(cell)) = (Panic::parse(json), cell) else {
            return tracing::warn!(json, "not a panic");
        };
        if is_worker {
            let text = panic.text(&self.locations());
            let continues = false;
            return self.say_as_worker(index, Saying::Lines(Lines { text, continues }));
        }
        // Only the thread that runs the cell can end it.
        let may_end_cell = panic.thread == MAIN_THREAD;
        self.panics.push_back((cell, panic));
        self.panicked = Instant::now();
        if !may_end_cell {
            self.print_panics();
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

    fn locations(&self) -> std::sync::MutexGuard<'_, Locations> {
        self.connections
            .locations
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn output_to_stderr(&mut self, cell: Option<CellId>, text: String) {
        let stream = Stream::Stderr;
        self.output(cell, Content::Stream { stream, text });
    }

    fn output(&mut self, cell: Option<CellId>, content: Content) {
        if let Some(cell) = cell {
            self.outlet.notebook(cell, content);
        }
    }
}
