//! Everything that is read of the session's processes, put into the order in which it is shown. Nothing is read here, and
//! no time passes: what is read, and what is heard of processes, is given, and what is to be said is taken.
//!
//! `listener` knows what has to be read before something is heard. `telling` knows what is said at once and what waits.

mod telling;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use parcell::contract::comms::Question as CommQuestion;

use super::Report;
use super::outlet::{Said, Saying, Speaker, Utterance};
use super::source::{Item, Source, SourceId};
use super::worker_lines::Lines;
use super::worker_prefix::{Colours, Prefix};
use crate::process::messages::{Ending, FromSupervisor, OutputStyle, Worker};
use crate::session::endings;
use crate::session::event::{CellId, Stream};
use crate::session::locations::Locations;
use telling::Telling;

/// The streams that are open, and what is made of them.
#[derive(Debug)]
pub(super) struct Transcript {
    sources: BTreeMap<SourceId, Source>,
    telling: Telling,
    colours: Colours,
    /// The processes that nobody waits for, and how their ends are told.
    unattended: HashMap<u32, Unattended>,
    /// What the notebook process has printed while news of workers is heard that it sent before.
    unsaid: Vec<(Stream, Item)>,
    /// Whether news of workers is being heard, each piece of which comes before the next.
    hearing: bool,
}

#[derive(Debug)]
struct Unattended {
    cell: CellId,
    speaker: Arc<Speaker>,
}

impl Transcript {
    pub(super) fn new(colours: Colours, locations: Arc<Mutex<Locations>>) -> Transcript {
        Transcript {
            sources: BTreeMap::new(),
            telling: Telling::new(locations),
            colours,
            unattended: HashMap::new(),
            unsaid: Vec::new(),
            hearing: false,
        }
    }

    /// What is to be said, in order: all that has become so since this was asked for.
    pub(super) fn take_said(&mut self) -> Vec<Utterance> {
        self.telling.take_said()
    }

    /// None until the first cell.
    pub(super) fn cell(&self) -> Option<CellId> {
        self.telling.cell()
    }

    /// What is heard from now on belongs to this cell.
    pub(super) fn begin_cell(&mut self, cell: CellId) {
        self.telling.begin_cell(cell);
        self.colours.start_over();
    }

    /// The cell has returned, and all that was written has been read and released: what was said of its end.
    pub(super) fn end_cell(&mut self) -> Report {
        self.telling.end_cell()
    }

    /// The kernel says this of the cell that runs, or of the last one.
    pub(super) fn say(&mut self, text: String) {
        self.telling.say(self.telling.cell(), text);
    }

    /// The supervisor has said this.
    pub(super) fn note(&mut self, news: FromSupervisor) {
        self.telling.note(news);
    }

    /// The streams that are open.
    pub(super) fn sources(&self) -> Vec<SourceId> {
        self.sources.keys().copied().collect()
    }

    /// Those of a process.
    pub(super) fn sources_of(&self, pid: u32) -> Vec<SourceId> {
        self.sources_where(|source| source.is_of(pid))
    }

    /// Those of the workers of a map.
    pub(super) fn sources_of_group(&self, key: &str) -> Vec<SourceId> {
        self.sources_where(|source| source.is_of_group(key))
    }

    fn sources_where(&self, wanted: impl Fn(&Source) -> bool) -> Vec<SourceId> {
        let wanted = self.sources.iter().filter(|(_, source)| wanted(source));
        wanted.map(|(id, _)| *id).collect()
    }

    /// A notebook process has started, which prints these, standard output first.
    pub(super) fn start_notebook(&mut self, sources: &[SourceId], now: Instant) {
        let cell = self.cell().unwrap_or(CellId(0));
        for (id, stream) in sources.iter().zip([Stream::Stdout, Stream::Stderr]) {
            self.sources.insert(*id, Source::new(stream, cell, now));
        }
    }

    /// Of an earlier notebook process nothing is left to come: gives what it printed to.
    pub(super) fn forget_notebook(&mut self) -> Vec<SourceId> {
        let forgotten = self.sources_where(|source| source.speaker.is_none());
        forgotten.iter().for_each(|id| drop(self.sources.remove(id)));
        forgotten
    }

    /// The notebook process has ended, and with it all that it had started; what they wrote has been read.
    pub(super) fn end_workers(&mut self) {
        self.telling.end_workers();
        self.unattended.clear();
    }

    /// These bytes have been read.
    pub(super) fn take(&mut self, source: SourceId, bytes: &[u8], now: Instant) {
        self.hear(source, now, |source, items| source.take(bytes, now, items));
    }

    /// Nobody can write to this any more.
    pub(super) fn close(&mut self, source: SourceId, now: Instant) {
        self.hear(source, now, Source::end);
        self.sources.remove(&source);
    }

    /// What the notebook process prints when a worker has ended comes after all that the worker has printed.
    fn hear(&mut self, source: SourceId, now: Instant, give: impl FnOnce(&mut Source, &mut Vec<Item>)) {
        let Some(source) = self.sources.get_mut(&source) else {
            return;
        };
        let mut items = Vec::new();
        give(source, &mut items);
        if source.speaker.is_some() || self.hearing {
            return self.telling.tell(source, items, now);
        }
        let stream = source.stream;
        self.unsaid.extend(items.into_iter().map(|item| (stream, item)));
    }

    /// Whether something has been read that is said only when news of workers has been heard.
    pub(super) fn awaits_news(&self) -> bool {
        !self.hearing && !self.unsaid.is_empty()
    }

    /// What is heard of workers comes now.
    pub(super) fn begin_news(&mut self) {
        self.hearing = true;
    }

    /// There is no more for now.
    pub(super) fn end_news(&mut self, now: Instant) {
        self.hearing = false;
        self.say_unsaid(now);
    }

    /// Says what the notebook process has printed before something that follows from it.
    pub(super) fn say_unsaid(&mut self, now: Instant) {
        for (stream, item) in std::mem::take(&mut self.unsaid) {
            self.telling.tell_of_notebook(stream, item, now);
        }
    }

    /// A worker has started, which prints these, standard output first. All that was written before has been read.
    pub(super) fn start_worker(&mut self, worker: &Worker, sources: &[SourceId], now: Instant) {
        let cell = self.cell().unwrap_or(CellId(0));
        let pid = worker.pid;
        let who = Prefix::new(pid, worker.name.as_deref(), self.colours.next());
        let quiet = worker.output == OutputStyle::Quiet;
        let key = worker.group.as_ref().map(|group| &*group.key);
        worker.group.iter().for_each(|group| self.telling.begin_group(group));
        for (id, stream) in sources.iter().zip([Stream::Stdout, Stream::Stderr]) {
            let prefix = match worker.output {
                OutputStyle::Lines => who.clone(),
                OutputStyle::Raw | OutputStyle::Quiet => Prefix::none(),
            };
            let speaker = Speaker { pid, stream, prefix };
            let source = Source::new(stream, cell, now).of_worker(speaker, key, quiet);
            self.sources.insert(*id, source);
        }
        if worker.unattended {
            let (stream, prefix) = (Stream::Stderr, who);
            let speaker = Arc::new(Speaker { pid, stream, prefix });
            self.unattended.insert(pid, Unattended { cell, speaker });
            self.telling.limit(pid, cell);
        }
    }

    /// The process that writes to this has ended, and all that it wrote has been read. What its own children write later
    /// is told when it is read.
    pub(super) fn finish(&mut self, source: SourceId, now: Instant) {
        if let Some(source) = self.sources.get_mut(&source) {
            let mut items = Vec::new();
            source.end(&mut items);
            self.telling.tell(source, items, now);
        }
    }

    /// The process has ended, and what it printed has been finished.
    pub(super) fn end_worker(&mut self, pid: u32) {
        self.telling.end_limit(pid);
    }

    /// Nobody waits for this process, which has ended and not well.
    pub(super) fn report_end(&mut self, pid: u32, ending: Ending) {
        let Some(Unattended { cell, speaker }) = self.unattended.remove(&pid) else {
            return;
        };
        let lines = Lines {
            text: format!("{}\n", endings::of_process(ending)),
            continues: false,
        };
        let what = Saying::Lines(lines);
        self.telling.say_of_worker(Said { cell, speaker, what });
    }

    /// These items of a map are done, and what its workers wrote has been read.
    pub(super) fn end_items(&mut self, group: &str, items: &[(usize, usize)], now: Instant) {
        let is_done = |item: usize| items.iter().any(|&(start, end)| (start..end).contains(&item));
        self.finish_items(group, is_done, now);
        self.telling.end_items(group, items);
    }

    /// The map has ended, and what its workers wrote has been read.
    pub(super) fn end_group(&mut self, group: &str, now: Instant) {
        self.finish_items(group, |_| true, now);
        self.telling.end_group(group);
    }

    fn finish_items(&mut self, group: &str, are_done: impl Fn(usize) -> bool, now: Instant) {
        let is_wanted = |source: &Source| source.is_of_group(group) && source.item.is_some_and(&are_done);
        self.tell_what_is_held(is_wanted, Source::finish, now);
    }

    /// A thread of the notebook process asks for input. What was written before has been read and is said first.
    pub(super) fn ask(&mut self, prompt: String, password: bool, now: Instant) {
        self.tell_what_is_held(|_| true, Source::settle, now);
        self.telling.ask(prompt, password);
    }

    /// A thread asks about comms; the same.
    pub(super) fn ask_about_comm(&mut self, question: CommQuestion, now: Instant) {
        self.tell_what_is_held(|_| true, Source::settle, now);
        self.telling.ask_about_comm(question);
    }

    /// Says what has been held for long enough.
    pub(super) fn settle_due(&mut self, now: Instant) {
        self.tell_what_is_held(|_| true, |source, items| source.settle_if_due(now, items), now);
        self.telling.settle_due(now);
    }

    /// When something will have been held for long enough.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let sources = self.sources.values().filter_map(Source::deadline);
        sources.chain(self.telling.deadline()).min()
    }

    /// Says all that is held in the hope of more: what was written up to now has been read.
    pub(super) fn release(&mut self, now: Instant) {
        self.tell_what_is_held(|_| true, Source::finish, now);
        self.telling.release_groups();
    }

    /// Says a prompt that no question has followed.
    pub(super) fn release_prompt(&mut self) {
        self.telling.release_prompt();
    }

    fn tell_what_is_held(
        &mut self,
        wanted: impl Fn(&Source) -> bool,
        give: impl Fn(&mut Source, &mut Vec<Item>),
        now: Instant,
    ) {
        for source in self.sources.values_mut().filter(|source| wanted(source)) {
            let mut items = Vec::new();
            give(source, &mut items);
            self.telling.tell(source, items, now);
        }
    }
}

#[cfg(test)]
mod tests;
