//! A map on a cluster: its chunks, and what becomes of each item.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use super::ClusterError;
use super::bridge::{Bridge, ItemOutcome, News, Order, Spec, Status};
use super::output::Output;
use super::program::Program;
use crate::codec;
use crate::error::{CrashCause, TaskError};
use crate::job;
use crate::map::{MapState, Progress, Recorder, Settings, Sink, type_name};
use crate::message::Message;
use crate::notebook;
use crate::sys::clock;

/// How many chunks each of the cluster's threads gets of a map, where nobody has said how large they are.
const CHUNKS_PER_THREAD: usize = 4;
/// How many chunks are under way for each thread, so that the next is there when one is done.
const AHEAD: usize = 2;
/// A chunk of more bytes is not added to.
const CHUNK_BYTES: usize = 4 << 20;

/// One map.
pub(super) struct Map<'a, T> {
    bridge: &'a mut Bridge,
    /// How many chunks may run at a time, where it is said.
    most: Option<usize>,
    settings: &'a Settings,
    program: Program,
    number: u64,
    items: &'a [T],
    /// What has not been handed over yet.
    waiting: VecDeque<Vec<usize>>,
    under_way: HashMap<u64, Vec<usize>>,
    chunks: u64,
    attempts: HashMap<usize, usize>,
    threads: usize,
    output: Output,
    recorder: Option<Recorder>,
    workers: HashSet<(String, u32)>,
    begun: u64,
    state: MapState,
}

impl<'a, T: Message> Map<'a, T> {
    /// Begins, with the number that this map has among those of this process.
    pub(super) fn begin<R>(
        bridge: &'a mut Bridge,
        most: Option<usize>,
        settings: &'a Settings,
        program: Program,
        number: u64,
        items: &'a [T],
    ) -> Result<Self, ClusterError> {
        bridge.order(
            &Order::Map {
                map: number,
                files: &program.files,
            },
            &[],
        )?;
        let (workers, threads) = loop {
            match bridge.wait()? {
                (News::Connected { workers, threads }, _) => break (workers, threads),
                (News::Unavailable { error }, _) => return Err(ClusterError::Unavailable(error)),
                // Of a map before this one that was given up.
                _ => {}
            }
        };
        if workers == 0 {
            notebook::notify("parcell: the cluster has no workers yet; the map begins when there is one\n");
        }
        let size = settings.chunk_size.unwrap_or_else(|| {
            let parts = most.unwrap_or(threads).max(1).saturating_mul(CHUNKS_PER_THREAD);
            items.len().div_ceil(parts).max(1)
        });
        let indices: Vec<usize> = (0..items.len()).collect();
        Ok(Self {
            bridge,
            most,
            settings,
            program,
            number,
            items,
            waiting: indices.chunks(size).map(<[usize]>::to_vec).collect(),
            under_way: HashMap::new(),
            chunks: 0,
            attempts: HashMap::new(),
            threads,
            output: Output::new(settings.output_style, settings.grouped)?,
            recorder: Recorder::begin(items.len(), type_name::<R>, None),
            workers: HashSet::new(),
            begun: clock::now(),
            state: MapState {
                total: Some(items.len()),
                ..MapState::default()
            },
        })
    }

    /// Runs to the end, or until the sink has had enough.
    pub(super) fn run(mut self, sink: &mut Sink<'_>) -> Result<(), ClusterError> {
        let mut progress = Progress::begin(self.settings.progress);
        let result = self.work(&mut progress, sink);
        if !self.under_way.is_empty() {
            self.bridge.order(&Order::Cancel, &[])?;
        }
        if let Some(progress) = &mut progress {
            progress.end(&self.state());
        }
        result
    }

    fn work(&mut self, progress: &mut Option<Progress>, sink: &mut Sink<'_>) -> Result<(), ClusterError> {
        loop {
            if self.hand_over(sink)?.is_break() {
                return Ok(());
            }
            if self.under_way.is_empty() {
                return Ok(());
            }
            let rest = progress.as_ref().map(|progress| Duration::from_nanos(progress.rest()));
            // A wait follows, in which a cell may be interrupted.
            if let Some(recorder) = &mut self.recorder {
                recorder.flush();
            }
            if let Some((news, body)) = self.bridge.wait_for(rest)?
                && self.hear(news, &body, sink)?.is_break()
            {
                return Ok(());
            }
            if let Some(progress) = progress {
                // Workers on other machines are Dask's to end.
                let _ = progress.tick(|| self.state());
            }
        }
    }

    fn state(&self) -> MapState {
        MapState {
            nanos: clock::now() - self.begun,
            workers: self.workers.len(),
            on: Vec::new(),
            pids: Vec::new(),
            ..self.state
        }
    }

    /// Hands over as many chunks as should be under way.
    fn hand_over(&mut self, sink: &mut Sink<'_>) -> Result<ControlFlow<()>, ClusterError> {
        let most = self.most.unwrap_or(self.threads.max(1).saturating_mul(AHEAD));
        while self.under_way.len() < most
            && let Some(items) = self.waiting.pop_front()
        {
            if self.hand_over_chunk(items, sink)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn hand_over_chunk(&mut self, mut items: Vec<usize>, sink: &mut Sink<'_>) -> Result<ControlFlow<()>, ClusterError> {
        let (mut body, mut lengths, mut encoded) = (Vec::new(), Vec::new(), Vec::new());
        let mut left = items.drain(..).collect::<VecDeque<_>>();
        while let Some(item) = left.pop_front() {
            let start = body.len();
            if let Err(error) = codec::encode_into(&self.items[item], &mut body) {
                body.truncate(start);
                let error = format!("it cannot be sent to a worker: {error}");
                let error = TaskError::codec(std::process::id(), Some(item), error);
                if self.settle(item, std::process::id(), Err(error), sink).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                continue;
            }
            lengths.push(body.len() - start);
            encoded.push(item);
            if body.len() >= CHUNK_BYTES && !left.is_empty() {
                self.waiting.push_front(left.drain(..).collect());
            }
        }
        if encoded.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let chunk = self.chunks;
        self.chunks += 1;
        let spec = Spec {
            chunk: (self.number, chunk),
            items: &encoded,
            program: &self.program.main,
            is_library: self.program.is_library,
            function: &self.program.function,
            timeout: self.settings.timeout.map(|limit| limit.as_secs_f64()),
            memory_limit: self.settings.memory_limit,
        };
        self.bridge.order(&Order::Chunk { spec, lengths }, &body)?;
        self.under_way.insert(chunk, encoded);
        Ok(ControlFlow::Continue(()))
    }

    fn hear(&mut self, news: News, body: &[u8], sink: &mut Sink<'_>) -> Result<ControlFlow<()>, ClusterError> {
        match news {
            News::Output {
                host,
                pid,
                item,
                stream,
            } => {
                self.output.show(&host, pid, item, stream, body)?;
                self.workers.insert((host, pid));
            }
            News::Done {
                chunk: (map, chunk),
                host,
                outcomes,
            } if map == self.number
                && let Some(items) = self.under_way.remove(&chunk) =>
            {
                let payloads = payloads(&items, &outcomes, body).ok_or(io::Error::from(io::ErrorKind::InvalidData))?;
                for (outcome, payload) in outcomes.iter().zip(payloads) {
                    self.workers.insert((host.clone(), outcome.pid));
                    if self.take(outcome, payload, sink).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
            News::Lost {
                chunk: (map, chunk),
                error,
            } if map == self.number => {
                for item in self.under_way.remove(&chunk).unwrap_or_default() {
                    let error = TaskError::system(None, Some(item), format!("the cluster has given it up: {error}"));
                    if self.take_failure(item, 0, error, sink).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
            // Of a map before this one that was given up.
            News::Done { .. } | News::Lost { .. } => {}
            News::Connected { threads, .. } => self.threads = threads,
            News::Unavailable { error } => return Err(ClusterError::Unavailable(error)),
        }
        Ok(ControlFlow::Continue(()))
    }

    fn take(&mut self, outcome: &ItemOutcome, payload: &[u8], sink: &mut Sink<'_>) -> ControlFlow<()> {
        let &ItemOutcome {
            item, pid, ref status, ..
        } = outcome;
        let error = match *status {
            Status::Done => return self.settle(item, pid, Ok(payload), sink),
            Status::Failed => {
                let mut error = job::decode_error(payload, pid, Some(item)).with_item(item);
                if let TaskError::Panicked {
                    backtrace: Some(calls), ..
                } = &mut error
                {
                    *calls = self.program.moved_back(calls);
                }
                error
            }
            Status::TimedOut => TaskError::TimedOut {
                pid,
                item: Some(item),
                limit: self.settings.timeout.unwrap_or_default(),
            },
            Status::Crashed {
                signal,
                code,
                out_of_memory,
            } => TaskError::Crashed {
                pid,
                item: Some(item),
                cause: signal.map_or(CrashCause::ExitCode(code.unwrap_or_default()), CrashCause::Signal),
                probably_out_of_memory: out_of_memory,
                peak_memory: None,
            },
        };
        self.take_failure(item, pid, error, sink)
    }

    fn take_failure(&mut self, item: usize, pid: u32, error: TaskError, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let attempts = self.attempts.entry(item).or_default();
        // A result that cannot be sent is no better the next time.
        if *attempts < self.settings.retries && !matches!(error, TaskError::Codec { .. }) {
            *attempts += 1;
            self.state.retried += 1;
            self.waiting.push_front(vec![item]);
            return ControlFlow::Continue(());
        }
        self.settle(item, pid, Err(error), sink)
    }

    fn settle(
        &mut self,
        item: usize,
        pid: u32,
        outcome: Result<&[u8], TaskError>,
        sink: &mut Sink<'_>,
    ) -> ControlFlow<()> {
        self.state.done += 1;
        self.state.failed += usize::from(outcome.is_err());
        self.output.item_done(item);
        if let Some(recorder) = &mut self.recorder {
            recorder.note(item..item + 1, &outcome);
        }
        sink(item..item + 1, pid, outcome)
    }
}

/// The payloads of a chunk's outcomes, which are one behind the other in the body; `None` where they are not, or the
/// outcomes are those of other items than the chunk's.
fn payloads<'a>(items: &[usize], outcomes: &[ItemOutcome], mut body: &'a [u8]) -> Option<Vec<&'a [u8]>> {
    let mut payloads = Vec::with_capacity(items.len());
    for outcome in outcomes {
        let (payload, rest) = body.split_at_checked(outcome.length)?;
        payloads.push(payload);
        body = rest;
    }
    let told = outcomes.iter().map(|outcome| &outcome.item);
    told.eq(items).then_some(payloads)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::frame::{self, Frames};
    use crate::fuzzing::{Changed, changed, for_all};
    use crate::sys::counted::frugally;

    const ITEMS: [usize; 3] = [4, 5, 9];
    const BODY: &[u8] = b"payloads";

    fn done() -> Value {
        json!({"kind": "done", "chunk": [1, 2], "host": "node", "outcomes": [
            {"item": 4, "status": "done", "pid": 7, "length": 5},
            {"item": 5, "status": "crashed", "pid": 7, "length": 0, "signal": 11, "code": null, "out_of_memory": false},
            {"item": 9, "status": "failed", "pid": 8, "length": 3},
        ]})
    }

    fn news(header: &Value) -> News {
        serde_json::from_value(header.clone()).unwrap()
    }

    fn outcomes(header: &Value) -> Vec<ItemOutcome> {
        match news(header) {
            News::Done { outcomes, .. } => outcomes,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_chunk_has_the_outcomes_of_its_items_and_no_others() {
        let expected: [&[u8]; 3] = [b"paylo", b"", b"ads"];
        assert_eq!(payloads(&ITEMS, &outcomes(&done()), BODY).unwrap(), expected);
        assert_eq!(payloads(&ITEMS, &outcomes(&done()), &BODY[1..]), None);
        for items in [&ITEMS[1..], &ITEMS[..2], &[4, 5, 10], &[4, 9, 5], &[4, 5, 9, 10]] {
            assert_eq!(payloads(items, &outcomes(&done()), BODY), None, "{items:?}");
        }
        let mut long = done();
        long["outcomes"][2]["length"] = usize::MAX.into();
        assert_eq!(payloads(&ITEMS, &outcomes(&long), BODY), None);
    }

    #[test]
    fn any_news_are_of_the_chunk_or_an_error() {
        let headers = [
            done(),
            json!({"kind": "connected", "workers": 2, "threads": 8}),
            json!({"kind": "unavailable", "error": "no Dask"}),
            json!({"kind": "output", "host": "node", "pid": 7, "item": 4, "stream": "stderr"}),
            json!({"kind": "lost", "chunk": [1, 2], "error": "killed"}),
        ];
        let frames = headers.map(|header| {
            let mut bytes = Vec::new();
            frame::append(&header, BODY, &mut bytes).unwrap();
            bytes
        });
        for_all(
            4000,
            changed(prop::sample::select(frames.to_vec())),
            |Changed { bytes, .. }| {
                let mut frames = Frames::default();
                frames.feed(&bytes);
                frugally(bytes.len(), || {
                    if let Ok(Some((News::Done { outcomes, .. }, body))) = frames.next()
                        && let Some(payloads) = payloads(&ITEMS, &outcomes, &body)
                    {
                        assert!(outcomes.iter().map(|outcome| outcome.item).eq(ITEMS));
                        assert_eq!(payloads.len(), ITEMS.len());
                        assert!(payloads.concat().len() <= body.len());
                    }
                });
            },
        );
    }
}
