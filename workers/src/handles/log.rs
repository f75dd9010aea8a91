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

use crate::sys::huge_pages;
use crate::sys::region::{HEADER, Region};

/// A message's length goes before it.
const LENGTH: usize = 8;
/// What one read takes in the hope that it is the whole message.
const FIRST_READ: usize = 1024;
/// How much memory stays for the next messages when all have been read, if nothing else is said.
const KEPT: u64 = 1 << 20;
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
        }
    }

    /// The same, with so many bytes staying for the next messages: new memory costs more than what is copied into it.
    pub(crate) fn keeping(self, kept: u64) -> Self {
        Self { kept, ..self }
    }

    /// Adds a message; where it begins.
    pub(crate) fn append(&self, state: &mut LogState, message: &[u8]) -> io::Result<u64> {
        let offset = state.tail + LENGTH as u64;
        let length = (message.len() as u64).to_le_bytes();
        if message.len() + LENGTH <= FIRST_READ {
            let mut bytes = [0; FIRST_READ];
            bytes[..LENGTH].copy_from_slice(&length);
            bytes[LENGTH..LENGTH + message.len()].copy_from_slice(message);
            self.write(state.tail, &bytes[..LENGTH + message.len()])?;
        } else {
            self.write(state.tail, &length)?;
            self.write(state.tail + LENGTH as u64, message)?;
        }
        state.tail += (LENGTH + message.len()) as u64;
        state.used = state.used.max(state.tail);
        state.next += 1;
        Ok(offset)
    }

    /// Writes over the beginning of a message that waits, which [`append`](Self::append) said begins at `offset`.
    pub(crate) fn overwrite(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.write(offset, bytes)
    }

    /// Takes the first message, if there is one.
    pub(crate) fn take(&self, state: &mut LogState) -> io::Result<Option<(Vec<u8>, Option<Surplus>)>> {
        let Some(message) = self.first(state)? else {
            return Ok(None);
        };
        state.head += (LENGTH + message.len()) as u64;
        state.first += 1;
        let surplus = self.surplus(state);
        Ok(Some((message, surplus)))
    }

    fn first(&self, state: &LogState) -> io::Result<Option<Vec<u8>>> {
        if state.len() == 0 {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(FIRST_READ);
        self.read(
            state.head,
            &mut bytes,
            FIRST_READ.min(usize::try_from(state.bytes()).unwrap_or(FIRST_READ)),
        )?;
        let length = bytes.first_chunk::<LENGTH>().ok_or(Errno::IO)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| Errno::IO)?;
        if length as u64 > state.bytes().saturating_sub(LENGTH as u64) {
            // Only foreign code that writes into this memory could have done that.
            return Err(Errno::IO.into());
        }
        bytes.drain(..LENGTH);
        bytes.truncate(length);
        let missing = length - bytes.len();
        if missing > 0 {
            bytes.try_reserve_exact(missing).map_err(|_| Errno::NOMEM)?;
            let at = state.head + (LENGTH + bytes.len()) as u64;
            self.read(at, &mut bytes, missing)?;
        }
        Ok(Some(bytes))
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
        let mut at = self.base + at;
        while !bytes.is_empty() {
            let written = retry_on_intr(|| pwrite(self.region.file(), bytes, at))?;
            bytes = &bytes[written..];
            at += written as u64;
        }
        Ok(())
    }

    /// Appends exactly `count` bytes.
    fn read(&self, at: u64, bytes: &mut Vec<u8>, mut count: usize) -> io::Result<()> {
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
    use super::*;
    use crate::sys::region::Kind;

    fn log() -> (Log, LogState) {
        let region = Region::create(Kind::named(b"log"), 100).unwrap();
        (Log::new(&region, 1), bytemuck::Zeroable::zeroed())
    }

    fn taken(log: &Log, state: &mut LogState) -> Option<Vec<u8>> {
        let (message, surplus) = log.take(state).unwrap()?;
        if let Some(surplus) = surplus {
            surplus.give_back();
        }
        Some(message)
    }

    fn allocated(log: &Log) -> u64 {
        rustix::fs::fstat(log.region.file()).unwrap().st_blocks.cast_unsigned() * 512
    }

    #[test]
    fn messages_come_out_as_they_went_in() {
        let (log, mut state) = log();
        let sizes = [0, 1, 7, FIRST_READ - LENGTH, FIRST_READ - LENGTH + 1, 5000, 3 << 20, 2];
        let message = |size: usize| (0..size).map(|n| (n % 251) as u8).collect::<Vec<_>>();
        for size in sizes {
            log.append(&mut state, &message(size)).unwrap();
        }
        assert_eq!(state.len(), sizes.len() as u64);
        for size in sizes {
            assert_eq!(taken(&log, &mut state), Some(message(size)), "{size}");
        }
        assert_eq!(taken(&log, &mut state), None);
        assert_eq!((state.first, state.next, state.bytes()), (8, 8, 0));
    }

    #[test]
    fn memory_is_bounded_by_what_waits() {
        let (log, mut state) = log();
        let message = vec![1; 100_000];
        log.append(&mut state, &message).unwrap();
        for _ in 0..2000 {
            // There is always one in it, so that the log never begins anew.
            log.append(&mut state, &message).unwrap();
            assert!(taken(&log, &mut state).is_some());
        }
        assert!(state.tail > 100 << 20);
        assert!(allocated(&log) < 4 << 20, "{}", allocated(&log));
    }

    #[test]
    fn a_log_that_is_empty_keeps_little() {
        let (log, mut state) = log();
        log.append(&mut state, &vec![1; 20 << 20]).unwrap();
        assert!(allocated(&log) > 20 << 20);
        assert!(taken(&log, &mut state).is_some());
        assert!(allocated(&log) <= KEPT + (64 << 10), "{}", allocated(&log));
        assert_eq!((state.head, state.tail), (0, 0));
    }

    #[test]
    fn a_damaged_length_is_an_error() {
        let (log, mut state) = log();
        log.append(&mut state, b"abc").unwrap();
        log.write(0, &u64::MAX.to_le_bytes()).unwrap();
        assert!(log.take(&mut state).is_err());
        log.write(0, &100u64.to_le_bytes()).unwrap();
        assert!(log.take(&mut state).is_err());
    }
}
