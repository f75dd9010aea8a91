//! The parent's end of a worker's result pipe: bytes gathered until they make whole records.

use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::buffer::spare_capacity;
use rustix::io::{self, Errno};
use rustix::pipe::fcntl_setpipe_size;

use crate::record::{self, Record};

/// How many bytes one read asks for.
const READ: usize = 64 * 1024;
/// How many reads in a row one worker gets while others may wait.
const READS_A_TURN: usize = 16;

/// What has come from one worker.
#[derive(Debug)]
pub(crate) struct Inbox {
    pipe: Arc<OwnedFd>,
    open: bool,
    bytes: Vec<u8>,
}

impl Inbox {
    /// Reads from `pipe`, on which reads do not block.
    pub(crate) fn new(pipe: OwnedFd) -> Self {
        Self {
            pipe: Arc::new(pipe),
            open: true,
            bytes: Vec::new(),
        }
    }

    /// The same with room in the pipe for so many bytes, if they can be had, so that the worker need not wait for each read.
    pub(crate) fn with_room(self, bytes: usize) -> Self {
        // It is faster with it, and works without.
        let _ = fcntl_setpipe_size(&self.pipe, bytes);
        self
    }

    /// The pipe, unless it has come to its end.
    pub(crate) fn pollable(&self) -> Option<&Arc<OwnedFd>> {
        self.open.then_some(&self.pipe)
    }

    /// Reads what is there, but not for long.
    pub(crate) fn receive(&mut self) {
        for _ in 0..READS_A_TURN {
            if !self.read() {
                return;
            }
        }
    }

    /// Reads all that is there: for a worker that has ended.
    pub(crate) fn drain(&mut self) {
        while self.read() {}
    }

    /// Adds bytes that came another way.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Forgets the record that is not complete, and never will be.
    pub(crate) fn drop_partial(&mut self) {
        self.bytes.clear();
    }

    /// Takes the complete records, in order, until `take` says that it wants no more.
    pub(crate) fn take_records<B>(&mut self, mut take: impl FnMut(Record<'_>) -> ControlFlow<B>) -> ControlFlow<B> {
        let mut start = 0;
        while let Some((record, size)) = record::first(&self.bytes[start..]) {
            start += size;
            take(record)?;
        }
        self.bytes.drain(..start);
        ControlFlow::Continue(())
    }

    /// Reads once; whether there may be more.
    fn read(&mut self) -> bool {
        if !self.open {
            return false;
        }
        self.bytes.reserve(READ);
        match io::retry_on_intr(|| io::read(&self.pipe, spare_capacity(&mut self.bytes))) {
            Ok(0) => self.open = false,
            Ok(_) => return true,
            Err(Errno::AGAIN) => {}
            // Nothing else is to be expected of a pipe; what is missing counts as not done by the worker.
            Err(_) => self.open = false,
        }
        false
    }
}
