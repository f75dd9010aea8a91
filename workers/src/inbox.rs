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

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use rustix::pipe::{PipeFlags, pipe_with};

    use super::*;
    use crate::fuzzing::{Changed, changed, cuts, for_all, pieces};
    use crate::sys::counted::frugally;

    type Taken = (u64, bool, Vec<u8>);

    fn written(records: Vec<(usize, bool, Vec<u8>)>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (index, failed, payload) in records {
            let start = bytes.len();
            record::begin(index, &mut bytes);
            bytes.extend_from_slice(&payload);
            record::finish(start, failed, &mut bytes);
        }
        bytes
    }

    fn take(inbox: &mut Inbox, taken: &mut Vec<Taken>) {
        let flow = inbox.take_records(|record| {
            taken.push((record.index, record.failed, record.payload.to_vec()));
            ControlFlow::<()>::Continue(())
        });
        assert!(flow.is_continue());
    }

    #[test]
    fn any_bytes_give_the_same_records_however_they_come() {
        let records = vec((any::<usize>(), any::<bool>(), vec(any::<u8>(), 0..40)), 0..5).prop_map(written);
        for_all(1000, (changed(records), cuts()), |(Changed { bytes, .. }, cuts)| {
            let mut expected = Vec::new();
            let mut rest = &bytes[..];
            while let Some((record, size)) = record::first(rest) {
                expected.push((record.index, record.failed, record.payload.to_vec()));
                rest = &rest[size..];
            }
            let (reading, writing) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).unwrap();
            let mut inbox = Inbox::new(reading);
            let mut taken = Vec::new();
            frugally(bytes.len(), || {
                for (index, piece) in pieces(&bytes, &cuts).iter().enumerate() {
                    // Some come through the pipe, some another way.
                    if index % 2 == 0 {
                        inbox.push(piece);
                    } else {
                        for part in piece.chunks(4096) {
                            io::write(&writing, part).unwrap();
                            inbox.receive();
                        }
                    }
                    take(&mut inbox, &mut taken);
                }
            });
            assert_eq!(taken, expected);
            inbox.drop_partial();
            inbox.drain();
            take(&mut inbox, &mut taken);
            assert_eq!(taken, expected);
        });
    }
}
