//! Who may decide how the running cell ends: one compare-and-swap in memory that the supervisor and the notebook
//! process share.
//!
//! The notebook process commits a cell that has ended; the supervisor cancels one that is to be interrupted. Whoever
//! moves the state away from `RUNNING` has decided, so that a cell is never both completed and killed.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

const IDLE: u32 = 0;
const RUNNING: u32 = 1;
const COMMITTED: u32 = 2;
const CANCELLED: u32 = 3;

/// The state of the running cell.
#[derive(Debug)]
pub(crate) struct Transaction {
    memory: OwnedFd,
    state: NonNull<AtomicU32>,
}

impl Transaction {
    /// A new one, with nothing running.
    pub(crate) fn create() -> io::Result<Transaction> {
        let memory = memfd_create("parcell-transaction", MemfdFlags::CLOEXEC)?;
        ftruncate(&memory, size_of::<AtomicU32>() as u64)?;
        Transaction::open(memory)
    }

    /// The one that another process created.
    pub(crate) fn open(memory: OwnedFd) -> io::Result<Transaction> {
        // SAFETY: a fresh shared mapping is made at an address that the kernel chooses. It is as long as the state,
        // is aligned to a page, zeroed memory is a valid AtomicU32, and only atomics access it in every process.
        let address = unsafe {
            mmap(
                std::ptr::null_mut(),
                size_of::<AtomicU32>(),
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &memory,
                0,
            )?
        };
        let state = NonNull::new(address.cast()).ok_or_else(|| io::Error::other("mapped at address zero"))?;
        Ok(Transaction { memory, state })
    }

    /// A cell starts.
    pub(crate) fn begin(&self) {
        self.state().store(RUNNING, Ordering::Release);
    }

    /// The cell has ended; false if it has been cancelled.
    pub(crate) fn commit(&self) -> bool {
        self.decide(COMMITTED)
    }

    /// The cell must not complete; false if it has, or if none runs.
    pub(crate) fn cancel(&self) -> bool {
        self.decide(CANCELLED)
    }

    /// Nothing runs.
    pub(crate) fn end(&self) {
        self.state().store(IDLE, Ordering::Release);
    }

    fn decide(&self, state: u32) -> bool {
        self.state()
            .compare_exchange(RUNNING, state, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    fn state(&self) -> &AtomicU32 {
        // SAFETY: the mapping lives as long as `self`, and is valid for an AtomicU32 as said where it is made.
        unsafe { self.state.as_ref() }
    }
}

impl AsFd for Transaction {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, and nothing borrows the state any more.
        let unmapped = unsafe { munmap(self.state.as_ptr().cast(), size_of::<AtomicU32>()) };
        debug_assert!(unmapped.is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_side_decides() {
        let supervisor = Transaction::create().unwrap();
        let notebook = Transaction::open(supervisor.as_fd().try_clone_to_owned().unwrap()).unwrap();
        assert!(!supervisor.cancel(), "nothing runs");
        supervisor.begin();
        assert!(notebook.commit());
        assert!(!supervisor.cancel(), "the cell has completed");
        supervisor.begin();
        assert!(supervisor.cancel());
        assert!(!notebook.commit(), "the cell has been cancelled");
        supervisor.end();
        assert!(!notebook.commit());
    }
}
