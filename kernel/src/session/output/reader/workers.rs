//! The workers of the session, as the thread that reads hears of them: those of the notebook process, and theirs.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use super::super::allowance::Verdict;
use super::super::outlet::{Said, Saying, Speaker};
use super::super::source::{Item, Source};
use super::super::unattended::{Ended, Who};
use super::super::worker_lines::Lines;
use super::super::worker_prefix::Prefix;
use super::Reader;
use crate::process::channel::ReceiveError;
use crate::process::messages::{OutputStyle, Worker, WorkerEvent};
use crate::session::endings;
use crate::session::event::{CellId, Stream};

impl Reader {
    /// The notebook process has ended, and with it all that it had started. What they have said is in their pipes.
    pub(super) fn forget_workers(&mut self) {
        // One turn is more than a pipe holds.
        self.read_sources();
        let held = self.groups.end_all();
        self.say_all(held);
        self.unattended.clear();
        self.allowances.clear();
    }

    pub(super) fn hear_workers(&mut self) {
        self.hearing = true;
        self.hear_news_of_workers();
        self.hearing = false;
    }

    fn hear_news_of_workers(&mut self) {
        loop {
            let Some(channel) = &self.workers else { return };
            match channel.try_receive::<WorkerEvent>() {
                Ok((WorkerEvent::WorkerStarted(worker), descriptors)) => {
                    self.say_unsaid();
                    // What was printed before it was started is said before what it prints; one turn is more than a
                    // pipe holds. News of its end may follow at once, and has all of its own said.
                    self.read_sources();
                    self.add_worker(&worker, descriptors);
                }
                Ok((WorkerEvent::WorkerExited { pid, ending }, _)) => {
                    self.end_worker(pid);
                    let ended = self.unattended.waited_for(pid, ending);
                    ended.into_iter().for_each(|ended| self.report_end(ended));
                }
                Ok((WorkerEvent::ItemsDone { group, items }, _)) => {
                    self.read_group(&group);
                    self.finish_items(&group, |item| {
                        items.iter().any(|&(start, end)| (start..end).contains(&item))
                    });
                    let held = self.groups.done(&group, &items);
                    self.say_all(held);
                }
                Ok((WorkerEvent::GroupEnded { group }, _)) => {
                    self.read_group(&group);
                    self.finish_items(&group, |_| true);
                    let held = self.groups.end(&group);
                    self.say_all(held);
                }
                Ok((WorkerEvent::Notice { text }, _)) => self.output_to_stderr(self.cell, text),
                Ok((WorkerEvent::InputRequested { prompt, password }, asker)) => {
                    self.say_unsaid();
                    self.ask(prompt, password, asker);
                }
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

    fn add_worker(&mut self, worker: &Worker, descriptors: Vec<OwnedFd>) {
        let cell = self.cell.unwrap_or(CellId(0));
        let pid = worker.pid;
        let who = Prefix::new(pid, worker.name.as_deref(), self.colours.next());
        let quiet = worker.output == OutputStyle::Quiet;
        let key = worker.group.as_ref().map(|group| group.key.as_str());
        worker.group.iter().for_each(|group| self.groups.begin(group));
        for (pipe, stream) in descriptors.into_iter().zip([Stream::Stdout, Stream::Stderr]) {
            let prefix = match worker.output {
                OutputStyle::Lines => who.clone(),
                OutputStyle::Raw | OutputStyle::Quiet => Prefix::none(),
            };
            let speaker = Speaker { pid, stream, prefix };
            self.add(Source::new(pipe, stream, cell).map(|source| source.of_worker(speaker, key, quiet)));
        }
        if worker.unattended {
            let speaker = Speaker {
                pid,
                stream: Stream::Stderr,
                prefix: who,
            };
            self.unattended.watch(Who { cell, speaker });
            self.allowances.begin(pid, cell);
        }
    }

    /// Says all that is held of these items in the hope of more: they are done.
    fn finish_items(&mut self, group: &str, are_done: impl Fn(usize) -> bool) {
        let is_wanted = |source: &Source| source.group.as_deref() == Some(group) && source.item.is_some_and(&are_done);
        self.say_what_is_held(is_wanted, Source::finish);
    }

    /// The worker has ended, and all that it wrote is there to be read. What its own children write later is read
    /// until they close the pipe.
    fn end_worker(&mut self, pid: u32) {
        let rest = |source: &mut Source, items: &mut Vec<Item>| {
            // One turn is more than a pipe holds. An error will be seen when it is read again.
            let _ = source.read(items);
            source.end(items);
        };
        self.say_what_is_held(|source| source.is_of(pid), rest);
        if let Some((cell, notice)) = self.allowances.end(pid) {
            self.output_to_stderr(Some(cell), notice);
        }
    }

    /// Reports the ends of processes that nobody waits for.
    pub(super) fn report_ends(&mut self) {
        for ended in self.unattended.reports(Instant::now()) {
            self.report_end(ended);
        }
        for pid in self.unattended.ended_well() {
            self.end_worker(pid);
        }
    }

    fn report_end(&mut self, ended: Ended) {
        let Ended {
            who: Who { cell, speaker },
            ending,
        } = ended;
        // What it printed comes first.
        self.end_worker(speaker.pid);
        let lines = Lines {
            text: format!("{}\n", endings::of_process(ending)),
            continues: false,
        };
        self.outlet.worker(Said {
            cell,
            speaker: Arc::new(speaker),
            what: Saying::Lines(lines),
        });
    }

    /// Says what a worker does, or holds it until it is the item's turn.
    pub(super) fn say_as_worker(&mut self, index: usize, what: Saying) {
        let source = &self.sources[index];
        let Some(speaker) = source.speaker.clone() else { return };
        match self.allowances.judge(speaker.pid, &what) {
            Verdict::Shown => {}
            Verdict::Replaced(notice) => return self.output_to_stderr(Some(source.cell), notice),
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

    pub(super) fn say_all(&mut self, said: impl IntoIterator<Item = Said>) {
        for said in said {
            if said.speaker.stream == Stream::Stderr {
                self.print_panics();
            }
            self.outlet.worker(said);
        }
    }
}
