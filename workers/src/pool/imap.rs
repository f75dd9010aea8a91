//! Maps over streams: the results of items that are pulled one after the other, perhaps without end.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::iter::FusedIterator;
use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use super::Pool;
use super::engine::{Crew, StreamPace};
use crate::codec;
use crate::error::TaskError;
use crate::job::{ItemError, Stage};
use crate::map;
use crate::message::Message;
use crate::notebook::GroupOrder;

/// How long results may be handed out without looking after the workers.
const LOOK_AFTER: Duration = Duration::from_millis(1);
/// What is told of a result whose `Deserialize` has panicked, when it is its turn.
const PANICKED: &str = "it panicked while it was read";
/// How long items are pulled for one worker: a slow source must not hold up what is there.
const PULL_TIME: Duration = Duration::from_millis(5);

impl Pool {
    /// An iterator of the function's results for all items, in their order. Items are pulled and run while it is used,
    /// a bounded number ahead of what it has yielded, so there may be endlessly many.
    ///
    /// A failure is an `Err` for its item, and the rest goes on. Dropping the iterator ends the workers at once.
    ///
    /// Workers are forked for a few items each, or many when they are short: a worker sees what exists when it is
    /// forked. For items that take less than some microseconds, [`map`](Self::map) costs much less.
    ///
    /// # Panics
    ///
    /// If the memory that workers share cannot be had. The iterator panics in another process than the one that made
    /// it, and where reading a result panics; that item is an `Err` then, for who goes on.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::Pool;
    ///
    /// let squares = Pool::new(2).imap(|n: u64| n * n, 0..);
    /// let first: Result<Vec<u64>, _> = squares.take(4).collect();
    /// assert_eq!(first, Ok(vec![0, 1, 4, 9]));
    /// ```
    #[track_caller]
    pub fn imap<T, R, F, I>(&self, f: F, items: I) -> Imap<F, I::IntoIter, R>
    where
        F: Fn(T) -> R,
        I: IntoIterator<Item = T>,
        R: Message,
    {
        Imap::new(self, f, items.into_iter(), true)
    }

    /// Like [`imap`](Self::imap), but yields each result as soon as it is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::Pool;
    ///
    /// let mut results: Vec<_> = Pool::new(2).imap_unordered(|n: u32| 6 / n, [3, 0, 2]).collect();
    /// results.sort_by_key(|result| result.as_ref().ok().copied());
    /// assert!(results[0].as_ref().unwrap_err().to_string().ends_with("attempt to divide by zero"));
    /// assert_eq!(results[1..], [Ok(2), Ok(3)]);
    /// ```
    ///
    /// # Panics
    ///
    /// As `imap` does.
    #[track_caller]
    pub fn imap_unordered<T, R, F, I>(&self, f: F, items: I) -> Imap<F, I::IntoIter, R>
    where
        F: Fn(T) -> R,
        I: IntoIterator<Item = T>,
        R: Message,
    {
        Imap::new(self, f, items.into_iter(), false)
    }
}

/// The results of a stream of items; from [`Pool::imap`] and [`Pool::imap_unordered`].
#[must_use = "items are pulled and run only while it is iterated over"]
pub struct Imap<F, I: Iterator, R> {
    crew: Crew,
    f: F,
    /// `None` when it has ended.
    source: Option<I>,
    /// How many items have been pulled, in whole chunks.
    pulled: usize,
    /// Those of the chunk that is being pulled; they stay where the source panics.
    pulling: Vec<Option<I::Item>>,
    /// The items of each chunk that is not done, by the index of its first.
    items: BTreeMap<usize, Vec<Option<I::Item>>>,
    results: Results<R>,
    pace: StreamPace,
    looked_after: Instant,
    owner: u32,
}

impl<F, I: Iterator, R> fmt::Debug for Imap<F, I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Imap")
            .field("pulled", &self.pulled)
            .field("yielded", &self.results.yielded)
            .finish_non_exhaustive()
    }
}

impl<T, R, F, I> Imap<F, I, R>
where
    F: Fn(T) -> R,
    I: Iterator<Item = T>,
    R: Message,
{
    #[track_caller]
    fn new(pool: &Pool, f: F, source: I, in_order: bool) -> Self {
        let mut settings = pool.settings.clone();
        if !in_order {
            settings.map.grouped = settings.map.grouped.map(|_| GroupOrder::Completion);
        }
        let pace = StreamPace::new(settings.map.chunk_size, settings.workers);
        let crew = match Crew::new(settings, 0, 1, None) {
            Ok(crew) => crew,
            Err(error) => panic!("the memory that workers share cannot be had: {error}"),
        };
        Self {
            crew,
            f,
            source: Some(source),
            pulled: 0,
            pulling: Vec::new(),
            items: BTreeMap::new(),
            results: Results {
                in_order,
                waiting: BTreeMap::new(),
                ready: VecDeque::new(),
                yielded: 0,
            },
            pace,
            looked_after: Instant::now(),
            owner: std::process::id(),
        }
    }

    /// Keeps the workers busy, and takes in what they have for us; waits for it if `patience` says so.
    fn look_after_workers(&mut self, patience: Option<Duration>) {
        self.fill();
        let Self {
            crew,
            f,
            items,
            results,
            ..
        } = self;
        let mut job = |index: usize, out: &mut Vec<u8>, _: &dyn Stage| run_item(&*f, items, index, out);
        // A panic of a `Deserialize` is the caller's, but it must not cut off what is done with the workers.
        let mut panic = None;
        let mut sink = |items: Range<usize>, pid, outcome: Result<&[u8], TaskError>| {
            let item = items.start;
            let read = catch_unwind(AssertUnwindSafe(|| map::decode(item, pid, outcome)));
            let result = read.unwrap_or_else(|payload| {
                panic = Some(payload);
                Err(TaskError::codec(pid, Some(item), PANICKED))
            });
            results.accept(item, result);
            ControlFlow::Continue(())
        };
        if crew.is_empty() && crew.left() > 0 {
            if let Err(error) = crew.start_over(&mut job) {
                // The sink never breaks.
                let _ = crew.fail_unstarted(&error, &mut sink);
            }
        } else if !crew.is_empty() {
            // It breaks when workers kept dying; all that was pulled has failed then, and the next items may fare
            // better.
            let _ = crew.turn(&mut job, &mut sink, patience);
        }
        for start in self.crew.take_settled_sections() {
            self.items.remove(&start);
        }
        self.looked_after = Instant::now();
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }

    /// Starts workers for as many items as may be pulled, or, if a result is there, for a chunk of them.
    fn fill(&mut self) {
        {
            let Self { crew, f, items, .. } = self;
            crew.adopt_orphans(&mut |index, out: &mut Vec<u8>, _: &dyn Stage| run_item(&*f, items, index, out));
        }
        while let Some(slot) = self.crew.free_slot() {
            let size = self.pace.next_chunk(self.crew.costs);
            if self.pulled - self.results.yielded + size > self.pace.most_ahead() {
                return;
            }
            let chunk = self.pull(size);
            if chunk.is_empty() {
                return;
            }
            let range = self.pulled..self.pulled + chunk.len();
            self.pulled = range.end;
            self.crew.add_items(range.clone());
            self.items.insert(range.start, chunk);
            let Self { crew, f, items, .. } = self;
            let mut job = |index: usize, out: &mut Vec<u8>, _: &dyn Stage| run_item(&*f, items, index, out);
            if crew.start(slot, vec![range.clone()], &mut job).is_err() {
                // Perhaps there is room for another process when one has ended.
                crew.add_orphans(range);
                return;
            }
            if self.results.is_ready() {
                return;
            }
        }
    }

    /// Pulls at most `size` items.
    fn pull(&mut self, size: usize) -> Vec<Option<T>> {
        let started = Instant::now();
        while self.pulling.len() < size
            && let Some(source) = &mut self.source
        {
            match source.next() {
                Some(item) => self.pulling.push(Some(item)),
                None => self.source = None,
            }
            if started.elapsed() > PULL_TIME {
                break;
            }
        }
        std::mem::take(&mut self.pulling)
    }
}

/// In a worker: runs one item, out of its own copy of them.
fn run_item<T, R: Message>(
    f: impl Fn(T) -> R,
    items: &mut BTreeMap<usize, Vec<Option<T>>>,
    index: usize,
    out: &mut Vec<u8>,
) -> Result<(), ItemError> {
    let chunk = items.range_mut(..=index).next_back();
    let item = chunk.and_then(|(start, items)| items.get_mut(index - start)?.take());
    Ok(codec::encode_into(&f(item.expect("a worker runs an item once")), out)?)
}

impl<T, R, F, I> Iterator for Imap<F, I, R>
where
    F: Fn(T) -> R,
    I: Iterator<Item = T>,
    R: Message,
{
    type Item = Result<R, TaskError>;

    fn next(&mut self) -> Option<Self::Item> {
        assert_eq!(
            self.owner,
            std::process::id(),
            "the results of a pool's workers can be had only in the process that started them"
        );
        if self.results.is_ready() {
            if self.looked_after.elapsed() >= LOOK_AFTER {
                self.look_after_workers(Some(Duration::ZERO));
            }
            return self.results.pop();
        }
        loop {
            self.look_after_workers(None);
            if let Some(result) = self.results.pop() {
                return Some(result);
            }
            if self.source.is_none() && self.pulled == self.results.yielded {
                return None;
            }
        }
    }
}

impl<T, R, F, I> FusedIterator for Imap<F, I, R>
where
    F: Fn(T) -> R,
    I: Iterator<Item = T>,
    R: Message,
{
}

/// Results that wait to be yielded.
struct Results<R> {
    in_order: bool,
    /// Those whose turn has not come.
    waiting: BTreeMap<usize, Result<R, TaskError>>,
    ready: VecDeque<Result<R, TaskError>>,
    yielded: usize,
}

impl<R> Results<R> {
    fn accept(&mut self, item: usize, result: Result<R, TaskError>) {
        if !self.in_order {
            return self.ready.push_back(result);
        }
        let mut next = self.yielded + self.ready.len();
        if item != next {
            self.waiting.insert(item, result);
            return;
        }
        self.ready.push_back(result);
        next += 1;
        while let Some(result) = self.waiting.remove(&next) {
            self.ready.push_back(result);
            next += 1;
        }
    }

    fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    fn pop(&mut self) -> Option<Result<R, TaskError>> {
        let result = self.ready.pop_front()?;
        self.yielded += 1;
        Some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_wait_for_their_turn() {
        let mut results = Results {
            in_order: true,
            waiting: BTreeMap::new(),
            ready: VecDeque::new(),
            yielded: 0,
        };
        results.accept(2, Ok('c'));
        results.accept(1, Ok('b'));
        assert_eq!(results.pop(), None);
        results.accept(0, Ok('a'));
        assert_eq!((results.pop(), results.pop()), (Some(Ok('a')), Some(Ok('b'))));
        results.accept(3, Ok('d'));
        assert_eq!(
            (results.pop(), results.pop(), results.pop()),
            (Some(Ok('c')), Some(Ok('d')), None)
        );
    }
}
