//! What is said at once, and what waits: a panic for the end of the cell that it may be, a prompt for its question, an
//! item's lines for its turn.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use parcell::contract::comms::{Notice as CommNotice, Question as CommQuestion};

use super::super::allowance::{Allowances, Verdict};
use super::super::groups::Groups;
use super::super::outlet::{Outlet, Said, Saying, Speaker, Utterance};
use super::super::panics::parse_failure;
use super::super::prompts::Prompt;
use super::super::source::{Item, Source};
use super::super::worker_lines::Lines;
use super::super::{PANICKED, Panic, Report};
use crate::process::messages::{FromSupervisor, Group};
use crate::session::endings::{End, between_cells};
use crate::session::event::{CellId, Content, Stream};
use crate::session::locations::Locations;

/// How long the panic that may end the cell is waited with.
const SETTLE: Duration = Duration::from_millis(30);
/// The name of the thread that runs cells.
const MAIN_THREAD: &str = "main";
/// How much of the last output on stderr is remembered.
const TAIL: usize = 2048;

/// What waits, and what is remembered for the cell's end.
#[derive(Debug)]
pub(super) struct Telling {
    /// None until the first cell: what is printed before is nobody's.
    cell: Option<CellId>,
    report: Report,
    /// Panics that have not been printed: the last one may be why the cell ends.
    panics: VecDeque<(CellId, Panic)>,
    /// When the last of them was heard of.
    panicked: Option<Instant>,
    /// A prompt that was printed and belongs to the next question.
    prompt: Option<Prompt>,
    groups: Groups,
    allowances: Allowances,
    outlet: Outlet,
    locations: Arc<Mutex<Locations>>,
}

impl Telling {
    pub(super) fn new(locations: Arc<Mutex<Locations>>) -> Telling {
        Telling {
            cell: None,
            report: Report::default(),
            panics: VecDeque::new(),
            panicked: None,
            prompt: None,
            groups: Groups::default(),
            allowances: Allowances::default(),
            outlet: Outlet::new(Arc::clone(&locations)),
            locations,
        }
    }

    pub(super) fn take_said(&mut self) -> Vec<Utterance> {
        self.outlet.take()
    }

    pub(super) fn cell(&self) -> Option<CellId> {
        self.cell
    }

    pub(super) fn begin_cell(&mut self, cell: CellId) {
        self.cell = Some(cell);
        self.report = Report::default();
    }

    /// The panic that has ended the cell is not printed: it is the cell's error.
    pub(super) fn end_cell(&mut self) -> Report {
        let has_panicked = self.report.has_control_line(PANICKED);
        let last = has_panicked.then(|| self.panics.pop_back()).flatten();
        // Those before it were caught.
        self.print_panics();
        self.report.panic = last.map(|(_, panic)| panic).or(self.report.panic.take());
        std::mem::take(&mut self.report)
    }

    /// A process that ended while no cell ran is told of at once; all else belongs to the cell's report.
    pub(super) fn note(&mut self, news: FromSupervisor) {
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
            self.say(self.cell, text);
        }
        if let FromSupervisor::NoCheckpoint { reason } = &news {
            let text = format!(
                "parcell: a crash or an interrupt now loses all variables, since no checkpoint can be made: {reason}\n"
            );
            self.say(self.cell, text);
        }
        self.report.news.push(news);
    }

    /// The kernel says this.
    pub(super) fn say(&mut self, cell: Option<CellId>, text: String) {
        let stream = Stream::Stderr;
        self.output(cell, Content::Stream { stream, text });
    }

    /// Tells what came out of a stream.
    pub(super) fn tell(&mut self, source: &mut Source, items: Vec<Item>, now: Instant) {
        for item in items {
            match source.speaker.clone() {
                Some(speaker) => self.tell_of_worker(source, speaker, item),
                None => self.tell_of_notebook(source.stream, item, now),
            }
        }
    }

    /// Tells what came out of a stream of the notebook process.
    pub(super) fn tell_of_notebook(&mut self, stream: Stream, item: Item, now: Instant) {
        match item {
            Item::Content(content) => {
                if stream == Stream::Stderr {
                    self.print_panics();
                }
                self.remember(&content);
                self.output(self.cell, content);
            }
            Item::Comm(notice) => self.tell_of_comm(self.cell, notice),
            Item::Prompt(prompt) => {
                self.release_prompt();
                self.prompt = Some(prompt);
            }
            Item::Panic(json) => self.take_panic(&json, now),
            Item::Error(json) => self.take_failure(&json),
            // Are of workers.
            Item::Lines(_) | Item::Begins(_) | Item::Cell(_) => {}
        }
    }

    fn tell_of_comm(&mut self, cell: Option<CellId>, notice: CommNotice) {
        if let Some(cell) = cell {
            self.outlet.tell_of_comm(cell, notice);
        }
    }

    /// A panic in the notebook process may be how the cell ends.
    fn take_panic(&mut self, json: &str, now: Instant) {
        let (Some(panic), Some(cell)) = (Panic::parse(json), self.cell) else {
            return tracing::warn!(json, "not a panic");
        };
        // Only the thread that runs the cell can end it.
        let may_end_cell = panic.thread == MAIN_THREAD;
        self.panics.push_back((cell, panic));
        self.panicked = Some(now);
        if !may_end_cell {
            self.print_panics();
        }
    }

    /// Prints the panics that did not end the cell, or not at once.
    fn print_panics(&mut self) {
        while let Some((cell, panic)) = self.panics.pop_front() {
            let text = panic.text(&self.locations());
            self.report.panic = Some(panic);
            self.say(Some(cell), text);
        }
    }

    fn take_failure(&mut self, json: &str) {
        let failure = parse_failure(json, &self.locations());
        self.report.error = failure.or(self.report.error.take());
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

    /// Tells what came out of a stream of a worker.
    fn tell_of_worker(&mut self, source: &mut Source, speaker: Arc<Speaker>, item: Item) {
        match item {
            Item::Cell(other) => source.cell = other,
            Item::Begins(item) => source.item = Some(item),
            Item::Lines(lines) => self.say_in_turn(source, speaker, Saying::Lines(lines)),
            Item::Content(content) => self.say_in_turn(source, speaker, Saying::Content(content)),
            Item::Panic(json) => {
                let Some(panic) = Panic::parse(&json) else {
                    return tracing::warn!(json, "not a panic");
                };
                let text = panic.text(&self.locations());
                let continues = false;
                self.say_in_turn(source, speaker, Saying::Lines(Lines { text, continues }));
            }
            Item::Error(json) => self.take_failure(&json),
            // Whoever moves a widget wants it moved now, whoever's turn it is to print.
            Item::Comm(notice) => self.tell_of_comm(Some(source.cell), notice),
            // Only the notebook process asks by printing.
            Item::Prompt(_) => {}
        }
    }

    /// Says what a worker does, or holds it until it is the item's turn.
    fn say_in_turn(&mut self, source: &Source, speaker: Arc<Speaker>, what: Saying) {
        match self.allowances.judge(speaker.pid, &what) {
            Verdict::Shown => {}
            Verdict::Replaced(notice) => return self.say(Some(source.cell), notice),
            Verdict::LeftOut => return,
        }
        let said = Said {
            cell: source.cell,
            speaker,
            what,
        };
        let said = match (&source.group, source.item) {
            (Some(group), Some(item)) => self.groups.take(group, item, said),
            _ => Some(said),
        };
        self.say_all(said);
    }

    fn say_all(&mut self, said: impl IntoIterator<Item = Said>) {
        for said in said {
            if said.speaker.stream == Stream::Stderr {
                self.print_panics();
            }
            self.outlet.worker(said);
        }
    }

    /// Says this of a worker, whatever waits.
    pub(super) fn say_of_worker(&mut self, said: Said) {
        self.outlet.worker(said);
    }

    /// This process, which prints for this cell, has a limit.
    pub(super) fn limit(&mut self, pid: u32, cell: CellId) {
        self.allowances.begin(pid, cell);
    }

    /// The process has ended, if it had a limit: says what was left out.
    pub(super) fn end_limit(&mut self, pid: u32) {
        if let Some((cell, notice)) = self.allowances.end(pid) {
            self.say(Some(cell), notice);
        }
    }

    pub(super) fn begin_group(&mut self, group: &Group) {
        self.groups.begin(group);
    }

    pub(super) fn end_items(&mut self, group: &str, items: &[(usize, usize)]) {
        let held = self.groups.done(group, items);
        self.say_all(held);
    }

    pub(super) fn end_group(&mut self, group: &str) {
        let held = self.groups.end(group);
        self.say_all(held);
    }

    pub(super) fn release_groups(&mut self) {
        let held = self.groups.release();
        self.say_all(held);
    }

    /// All workers have ended.
    pub(super) fn end_workers(&mut self) {
        let held = self.groups.end_all();
        self.say_all(held);
        self.allowances.clear();
    }

    /// Asks; a prompt that was printed before is the question's where it has none of its own.
    pub(super) fn ask(&mut self, prompt: String, password: bool) {
        self.print_panics();
        let prompt = match self.prompt.take() {
            Some(printed) if prompt.is_empty() => printed,
            printed => {
                self.prompt = printed;
                Prompt { text: prompt, password }
            }
        };
        self.outlet.ask(prompt);
    }

    /// Asks about comms.
    pub(super) fn ask_about_comm(&mut self, question: CommQuestion) {
        self.outlet.ask_about_comm(self.cell.unwrap_or(CellId(0)), question);
    }

    /// Prints a line that looked like a prompt, and that no question followed.
    pub(super) fn release_prompt(&mut self) {
        if let Some(prompt) = self.prompt.take() {
            let (stream, text) = (Stream::Stdout, prompt.line());
            self.output(self.cell, Content::Stream { stream, text });
        }
    }

    /// Prints the panics that have waited for long enough.
    pub(super) fn settle_due(&mut self, now: Instant) {
        if self.deadline().is_some_and(|due| due <= now) {
            self.print_panics();
        }
    }

    /// When that is next, if nothing comes before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let waits = !self.panics.is_empty();
        self.panicked.filter(|_| waits).map(|panicked| panicked + SETTLE)
    }

    fn output(&mut self, cell: Option<CellId>, content: Content) {
        if let Some(cell) = cell {
            self.outlet.notebook(cell, content);
        }
    }

    fn locations(&self) -> MutexGuard<'_, Locations> {
        self.locations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
