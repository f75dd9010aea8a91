//! Messages in shared memory, first in, first out, as many and as large as there is memory for.
//!
//! They are in the file of a region, behind what is mapped of it: a file in memory that grows where it is written and
//! shrinks where holes are made in it, so that a message needs no room set aside and what has been read costs nothing.
//! Where they begin and end is in the state of a [`Monitor`](crate::sys::monitor::Monitor), and so changes as a whole
//! or not at all: a process that is killed while it writes has written nothing.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::buffer::spare_capacity;
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::{Errno, pread, pwrite, retry_on_intr};

use crate::sys::bulk::Shape;
use crate::sys::bulk_vec::BulkVec;
use crate::sys::huge_pages;
use crate::sys::region::{HEADER, Region};
use crate::sys::window::Window;

/// A message's length goes before it.
const LENGTH: usize = 8;
/// In the length of a message behind which there is a vector.
const HAS_VECTOR: u64 = 1 << 63;
/// What is said of the vector, behind the message: the shape of its elements, and its length in bytes.
const ABOUT_VECTOR: usize = 16;
/// What one read takes in the hope that it is the whole message.
const FIRST_READ: usize = 1024;
/// What is read and written through the window, at most.
const SHORT: usize = 16 * 1024;
/// How much memory stays for the next messages when all have been read, if nothing else is said.
pub(crate) const KEPT: u64 = 1 << 20;
/// How much of what has been read is given back at once.
const PIECE: u64 = 1 << 20;
/// How far apart the logs of one region are.
const DISTANCE: u64 = 1 << 45;
const PAGE: u64 = 4096;

/// Where a log's messages are; part of a monitor's state. Offsets count from the log's own beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct LogState {
    head: u64,
    tail: u64,
    /// The number of the first message, counted from the log's beginning.
    pub(crate) first: u64,
    /// The number that the next message gets.
    pub(crate) next: u64,
    /// What is before this has been given back.
    given_back: u64,
    /// The end of what may hold memory.
    used: u64,
}

impl LogState {
    /// How many messages wait.
    pub(crate) fn len(&self) -> u64 {
        self.next - self.first
    }

    /// How many bytes wait.
    pub(crate) fn bytes(&self) -> u64 {
        self.tail - self.head
    }
}

/// The log with this number in a region.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    region: Arc<Region>,
    base: u64,
    kept: u64,
    /// The log's beginning, where it is mapped.
    window: Option<Arc<Window>>,
}

/// A message, with a vector that goes with it.
#[derive(Debug)]
pub(crate) struct LogMessage {
    pub(crate) bytes: Vec<u8>,
    pub(crate) vector: Option<BulkVec>,
}

impl From<Vec<u8>> for LogMessage {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, vector: None }
    }
}

/// What is said of a vector.
fn about(vector: &BulkVec) -> [u8; ABOUT_VECTOR] {
    let mut about = [0; ABOUT_VECTOR];
    about[..3].copy_from_slice(&vector.shape().to_bytes());
    about[ABOUT_VECTOR - 8..].copy_from_slice(&(vector.bytes().len() as u64).to_le_bytes());
    about
}

/// Memory that is to be given back when the state that no longer needs it has become the current one.
#[must_use]
pub(crate) struct Surplus {
    log: Log,
    start: u64,
    end: u64,
}

impl Log {
    pub(crate) fn new(region: &Arc<Region>, number: u64) -> Self {
        let mapped = (HEADER + region.len()) as u64;
        Self {
            region: Arc::clone(region),
            base: mapped.next_multiple_of(PAGE) + number * DISTANCE,
            kept: KEPT,
            window: None,
        }
    }

    /// The same, of which so much is mapped, where that can be had, and read and written without system calls.
    pub(crate) fn mapping(self, len: usize) -> Self {
        let window = Window::map(self.region.file(), self.base, len).ok().map(Arc::new);
        Self { window, ..self }
    }

    /// The same, with so many bytes staying for the next messages: new memory costs more than what is copied into it.
    pub(crate) fn keeping(self, kept: u64) -> Self {
        Self { kept, ..self }
    }

    /// Adds a message; where it begins.
    pub(crate) fn append(&self, state: &mut LogState, message: &LogMessage) -> io::Result<u64> {
        let LogMessage { bytes, vector } = message;
        let offset = state.tail + LENGTH as u64;
        let said = match vector {
            None => bytes.len() as u64,
            Some(_) => bytes.len() as u64 | HAS_VECTOR,
        };
        let about = vector.as_ref().map(about);
        let head = LENGTH + bytes.len() + about.map_or(0, |about| about.len());
        if head <= FIRST_READ {
            let mut whole = [0; FIRST_READ];
            let (word, rest) = whole.split_at_mut(LENGTH);
            word.copy_from_slice(&said.to_le_bytes());
            rest[..bytes.len()].copy_from_slice(bytes);
            if let Some(about) = about {
                rest[bytes.len()..][..about.len()].copy_from_slice(&about);
            }
            self.write(state.tail, &whole[..head])?;
        } else {
            self.write(state.tail, &said.to_le_bytes())?;
            self.write(offset, bytes)?;
            self.write(offset + bytes.len() as u64, about.as_ref().map_or(&[], |about| about))?;
        }
        let vector = vector.as_ref().map_or(&[][..], BulkVec::bytes);
        self.write(state.tail + head as u64, vector)?;
        state.tail += (head + vector.len()) as u64;
        state.used = state.used.max(state.tail);
        state.next += 1;
        Ok(offset)
    }

    /// Writes over the beginning of a message that waits, which [`append`](Self::append) said begins at `offset`.
    pub(crate) fn overwrite(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.write(offset, bytes)
    }

    /// Takes the first message, if there is one.
    pub(crate) fn take(&self, state: &mut LogState) -> io::Result<Option<(LogMessage, Option<Surplus>)>> {
        if state.len() == 0 {
            return Ok(None);
        }
        let (taken, length) = self.first(state)?;
        state.head += length;
        state.first += 1;
        let surplus = self.surplus(state);
        Ok(Some((taken, surplus)))
    }

    /// The first message, and how much of the log it takes.
    fn first(&self, state: &LogState) -> io::Result<(LogMessage, u64)> {
        let mut bytes = Vec::with_capacity(FIRST_READ);
        self.read(
            state.head,
            &mut bytes,
            FIRST_READ.min(usize::try_from(state.bytes()).unwrap_or(FIRST_READ)),
        )?;
        let word = u64::from_le_bytes(*bytes.first_chunk::<LENGTH>().ok_or(Errno::IO)?);
        let has_vector = word & HAS_VECTOR != 0;
        let length = usize::try_from(word & !HAS_VECTOR).map_err(|_| Errno::IO)?;
        let length = length + if has_vector { ABOUT_VECTOR } else { 0 };
        let left = state.bytes().saturating_sub(LENGTH as u64);
        // Only foreign code that writes into this memory could have done that.
        let left = left.checked_sub(length as u64).ok_or(Errno::IO)?;
        bytes.drain(..LENGTH);
        bytes.truncate(length);
        let missing = length - bytes.len();
        if missing > 0 {
            bytes.try_reserve_exact(missing).map_err(|_| Errno::NOMEM)?;
            let at = state.head + (LENGTH + bytes.len()) as u64;
            self.read(at, &mut bytes, missing)?;
        }
        let taken = (LENGTH + length) as u64;
        if !has_vector {
            return Ok((LogMessage { bytes, vector: None }, taken));
        }
        let about = bytes.split_off(length - ABOUT_VECTOR);
        let vector = self.vector(&about, state.head + taken, left)?;
        let taken = taken + vector.bytes().len() as u64;
        let vector = Some(vector);
        Ok((LogMessage { bytes, vector }, taken))
    }

    /// The vector that begins at `at`, of which there are no more bytes than are left.
    fn vector(&self, about: &[u8], at: u64, left: u64) -> io::Result<BulkVec> {
        let (shape, rest) = about.split_first_chunk::<3>().ok_or(Errno::IO)?;
        let shape = Shape::from_bytes(*shape).ok_or(Errno::IO)?;
        let length = u64::from_le_bytes(*rest.last_chunk::<8>().ok_or(Errno::IO)?);
        let length = usize::try_from(length).ok().filter(|length| *length as u64 <= left);
        BulkVec::read(shape, length.ok_or(Errno::IO)?, |done, room| {
            let (read, _) = pread(self.region.file(), room, self.base + at + done as u64)?;
            Ok(read)
        })
    }

    /// What is no longer needed, if it is worth a system call. Where nothing waits the log begins anew, in memory that it
    /// has used before.
    fn surplus(&self, state: &mut LogState) -> Option<Surplus> {
        if state.head == state.tail {
            let used = std::mem::take(&mut state.used);
            (state.head, state.tail, state.given_back) = (0, 0, 0);
            return (used > self.kept).then(|| self.surplus_between(self.kept, used));
        }
        let end = state.head / PAGE * PAGE;
        if end < state.given_back + PIECE.max(self.kept) {
            return None;
        }
        let start = std::mem::replace(&mut state.given_back, end);
        Some(self.surplus_between(start, end))
    }

    fn surplus_between(&self, start: u64, end: u64) -> Surplus {
        Surplus {
            log: self.clone(),
            start,
            end,
        }
    }

    fn write(&self, at: u64, mut bytes: &[u8]) -> io::Result<()> {
        if self
            .window_for(bytes.len())
            .is_some_and(|window| window.write(at, bytes))
        {
            return Ok(());
        }
        let mut at = self.base + at;
        while !bytes.is_empty() {
            let written = retry_on_intr(|| pwrite(self.region.file(), bytes, at))?;
            bytes = &bytes[written..];
            at += written as u64;
        }
        Ok(())
    }

    /// The window, for so many bytes. More are read and written in less time by a system call, which makes many pages at once.
    fn window_for(&self, count: usize) -> Option<&Window> {
        self.window.as_deref().filter(|_| count <= SHORT)
    }

    /// Appends exactly `count` bytes.
    fn read(&self, at: u64, bytes: &mut Vec<u8>, mut count: usize) -> io::Result<()> {
        if self
            .window_for(count)
            .is_some_and(|window| window.read(at, bytes, count))
        {
            return Ok(());
        }
        let mut at = self.base + at;
        bytes.reserve(count);
        huge_pages::prefer(bytes.spare_capacity_mut());
        while count > 0 {
            let before = bytes.len();
            // The spare capacity may be larger than what was asked for, and what is behind the message is another's.
            let read = retry_on_intr(|| pread(self.region.file(), spare_capacity(bytes), at))?;
            if read == 0 {
                return Err(Errno::IO.into());
            }
            bytes.truncate(before + read.min(count));
            count -= read.min(count);
            at += read as u64;
        }
        Ok(())
    }
}

impl Surplus {
    /// Gives the memory back.
    pub(crate) fn give_back(self) {
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let start = self.log.base + self.start;
        // If it fails the memory is used again when the log has begun anew.
        let _ = fallocate(self.log.region.file().as_fd(), flags, start, self.end - self.start);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::{Changed, changed, for_all};
    use crate::sys::counted::frugally;
    use crate::sys::region::Kind;

    /// Tries a log of which nothing is mapped, and one of which a little is.
    fn with_logs(test: impl Fn(Log, LogState)) {
        let log = || Log::new(&Region::create(Kind::named(b"log"), 100).unwrap(), 1);
        let mapped = log().mapping(2 * PAGE as usize);
        assert!(mapped.window.is_some());
        for log in [log(), mapped] {
            test(log, bytemuck::Zeroable::zeroed());
        }
    }

    fn taken(log: &Log, state: &mut LogState) -> Option<Vec<u8>> {
        let (message, surplus) = log.take(state).unwrap()?;
        if let Some(surplus) = surplus {
            surplus.give_back();
        }
        Some(message.bytes)
    }

    fn allocated(log: &Log) -> u64 {
        rustix::fs::fstat(log.region.file()).unwrap().st_blocks.cast_unsigned() * 512
    }

    #[test]
    fn messages_come_out_as_they_went_in() {
        with_logs(|log, mut state| {
            let sizes = [0, 1, 7, FIRST_READ - LENGTH, FIRST_READ - LENGTH + 1, 5000, 3 << 20, 2];
            let message = |size: usize| (0..size).map(|n| (n % 251) as u8).collect::<Vec<_>>();
            for size in sizes {
                log.append(&mut state, &message(size).into()).unwrap();
            }
            assert_eq!(state.len(), sizes.len() as u64);
            for size in sizes {
                assert_eq!(taken(&log, &mut state), Some(message(size)), "{size}");
            }
            assert_eq!(taken(&log, &mut state), None);
            assert_eq!((state.first, state.next, state.bytes()), (8, 8, 0));
        });
    }

    #[test]
    fn a_vector_goes_with_a_message_in_its_order() {
        with_logs(|log, mut state| {
            let numbers = |size: u32| (0..size).collect::<Vec<_>>();
            // Messages around what the first read takes, and vectors beyond it.
            for (size, count) in [(0, 1), (7, 300_000), (FIRST_READ - LENGTH - 8, 10), (5000, 2000)] {
                let vector = BulkVec::of(numbers(count), 0).ok();
                log.append(&mut state, &b"before".to_vec().into()).unwrap();
                let bytes = vec![5; size];
                log.append(&mut state, &LogMessage { bytes, vector }).unwrap();
                log.append(&mut state, &b"after".to_vec().into()).unwrap();
                let mut next = || log.take(&mut state).unwrap().unwrap().0;
                assert_eq!(next().bytes, b"before");
                let LogMessage { bytes, vector } = next();
                assert_eq!(bytes, vec![5; size]);
                assert!(vector.unwrap().into::<Vec<u32>>().unwrap() == numbers(count));
                let after = next();
                assert!(after.bytes == b"after" && after.vector.is_none());
                assert_eq!((state.len(), state.bytes()), (0, 0));
            }
        });
    }

    #[test]
    fn a_damaged_vector_is_an_error() {
        with_logs(|log, mut state| {
            let vector = BulkVec::of(vec![1u64; 1000], 0).ok();
            let bytes = Vec::new();
            log.append(&mut state, &LogMessage { bytes, vector }).unwrap();
            let about = LENGTH as u64;
            for (at, damage) in [
                (about, [200; 8]),
                (about + 8, [0; 8]),
                (about + 8, [7, 0, 0, 0, 0, 0, 0, 0]),
                (about + 8, [9; 8]),
            ] {
                let (log, mut state) = (log.clone(), state);
                let mut whole = [0; 8];
                pread(log.region.file(), &mut whole, log.base + at).unwrap();
                log.write(at, &damage).unwrap();
                assert!(log.take(&mut state).is_err(), "{damage:?} at {at}");
                log.write(at, &whole).unwrap();
            }
            assert!(log.take(&mut state).is_ok());
        });
    }

    #[test]
    fn memory_is_bounded_by_what_waits() {
        with_logs(|log, mut state| {
            let message = vec![1; 100_000].into();
            log.append(&mut state, &message).unwrap();
            for _ in 0..2000 {
                // There is always one in it, so that the log never begins anew.
                log.append(&mut state, &message).unwrap();
                assert!(taken(&log, &mut state).is_some());
            }
            assert!(state.tail > 100 << 20);
            assert!(allocated(&log) < 4 << 20, "{}", allocated(&log));
        });
    }

    #[test]
    fn a_log_that_is_empty_keeps_little() {
        with_logs(|log, mut state| {
            log.append(&mut state, &vec![1; 20 << 20].into()).unwrap();
            assert!(allocated(&log) > 20 << 20);
            assert!(taken(&log, &mut state).is_some());
            assert!(allocated(&log) <= KEPT + (64 << 10), "{}", allocated(&log));
            assert_eq!((state.head, state.tail), (0, 0));
        });
    }

    #[test]
    fn a_damaged_length_is_an_error() {
        with_logs(|log, mut state| {
            log.append(&mut state, &b"abc".to_vec().into()).unwrap();
            log.write(0, &u64::MAX.to_le_bytes()).unwrap();
            assert!(log.take(&mut state).is_err());
            log.write(0, &100u64.to_le_bytes()).unwrap();
            assert!(log.take(&mut state).is_err());
        });
    }

    #[test]
    fn a_damaged_log_has_the_messages_before_the_damage_and_then_others_or_an_error() {
        type Parts = (Vec<u8>, Vec<u16>);
        let in_log = |message: &LogMessage| {
            let vector = message.vector.as_ref().map(|vector| vector.bytes().to_vec());
            (message.bytes.clone(), vector.unwrap_or_default())
        };
        let messages = vec((vec(any::<u8>(), 0..40), vec(any::<u16>(), 0..40)), 1..5);
        // The damage is what has been changed in something else that is as long.
        let damage = changed(vec(any::<u8>(), 300));
        for_all(
            500,
            (messages, damage, 0..200usize),
            |(messages, damage, at): (Vec<Parts>, Changed, usize)| {
                with_logs(|log, mut state| {
                    let mut ends = Vec::new();
                    let mut expected = Vec::new();
                    for (bytes, numbers) in &messages {
                        let vector = BulkVec::of(numbers.clone(), 1).ok();
                        let message = LogMessage {
                            bytes: bytes.clone(),
                            vector,
                        };
                        log.append(&mut state, &message).unwrap();
                        expected.push(in_log(&message));
                        ends.push(state.tail);
                    }
                    let size = usize::try_from(state.tail).unwrap();
                    let mut whole = vec![0; size];
                    pread(log.region.file(), &mut whole, log.base).unwrap();
                    let mut damaged = whole.clone();
                    for (byte, (new, old)) in damaged
                        .iter_mut()
                        .skip(at)
                        .zip(damage.bytes.iter().zip(&damage.written))
                    {
                        *byte ^= new ^ old;
                    }
                    log.write(0, &damaged).unwrap();
                    let intact = whole.iter().zip(&damaged).take_while(|(old, new)| old == new).count();
                    for (message, end) in expected.iter().zip(&ends) {
                        let next = frugally(size, || log.take(&mut state));
                        if *end <= intact as u64 {
                            assert_eq!(&in_log(&next.unwrap().unwrap().0), message);
                        } else if next.is_err() {
                            break;
                        }
                    }
                });
            },
        );
    }
}
