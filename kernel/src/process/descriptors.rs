//! Which descriptors the checkpoint shares with the notebook process, and the `close` that gives them up in both.
//!
//! A fork holds every descriptor open. Were the checkpoint to keep the end of a pipe that a cell closes, whoever reads
//! the other end would wait for ever for its end. So this executable exports `close`: libraries loaded by it, cells'
//! standard library among them, call this one, and it tells the checkpoint. Regular files are kept, since nobody waits
//! for them and the checkpoint may still need them.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

/// Descriptors with higher numbers are not mirrored; few systems allow them at all.
const LIMIT: usize = 1 << 16;

/// The descriptors that were open when the checkpoint was made, a bit each.
static SHARED: [AtomicU64; LIMIT / 64] = [const { AtomicU64::new(0) }; LIMIT / 64];
/// The socket to the checkpoint, or -1.
static CHECKPOINT: AtomicI32 = AtomicI32::new(-1);
/// The process whose descriptors are mirrored. Its forks close theirs without telling anybody.
static OWNER: AtomicI32 = AtomicI32::new(0);

/// Says which descriptors exist now: those that the next fork shares. `ours` are left out; they are not the cells'.
pub(super) fn open_descriptors(ours: &[RawFd]) -> io::Result<Vec<RawFd>> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd")? {
        if let Some(descriptor) = entry?.file_name().to_str().and_then(|name| name.parse::<RawFd>().ok())
            && descriptor > 2
            && !ours.contains(&descriptor)
        {
            open.push(descriptor);
        }
    }
    // The directory that they were read from was one of them.
    open.retain(|&descriptor| is_open(descriptor));
    Ok(open)
}

/// From now on, closing one of `shared` in this process is said on `checkpoint`.
pub(super) fn mirror(shared: &[RawFd], checkpoint: BorrowedFd<'_>) {
    stop_mirroring();
    for word in &SHARED {
        word.store(0, Ordering::Relaxed);
    }
    for &descriptor in shared {
        if let Some((word, bit)) = position(descriptor) {
            word.fetch_or(bit, Ordering::Relaxed);
        }
    }
    OWNER.store(rustix::process::getpid().as_raw_nonzero().get(), Ordering::Relaxed);
    CHECKPOINT.store(checkpoint.as_raw_fd(), Ordering::Release);
}

/// From now on nobody is told.
pub(super) fn stop_mirroring() {
    CHECKPOINT.store(-1, Ordering::Release);
}

/// The message that a descriptor has been closed.
pub(super) const CLOSED: u8 = b'C';

/// Reads such a message.
pub(super) fn closed(message: &[u8]) -> Option<RawFd> {
    match message {
        [CLOSED, number @ ..] => Some(RawFd::from_le_bytes(number.try_into().ok()?)),
        _ => None,
    }
}

/// Closes a descriptor as close(2) does, and tells the checkpoint. Standard output and error stay as they are: all that the
/// notebook shows goes there, and what is opened next would take their numbers.
#[unsafe(no_mangle)]
extern "C" fn close(descriptor: c_int) -> c_int {
    if (1..=2).contains(&descriptor) && is_owner() {
        return 0;
    }
    let tell = must_tell(descriptor);
    // SAFETY: this is what the caller asked for; the rules for who may close what are the caller's, as with close(2).
    let result = unsafe { libc::syscall(libc::SYS_close, descriptor) } as c_int;
    if let Some(checkpoint) = tell {
        // SAFETY: reading and writing this thread's errno is always allowed. The caller must find close's own.
        let errno = unsafe { *libc::__errno_location() };
        tell_checkpoint(checkpoint, descriptor);
        // SAFETY: as above.
        unsafe { *libc::__errno_location() = errno };
    }
    result
}

/// The checkpoint's socket, if the checkpoint holds `descriptor` and somebody might wait for its end.
fn must_tell(descriptor: RawFd) -> Option<RawFd> {
    let checkpoint = CHECKPOINT.load(Ordering::Acquire);
    let (word, bit) = position(descriptor)?;
    if checkpoint < 0 || word.load(Ordering::Relaxed) & bit == 0 {
        return None;
    }
    if !is_owner() || is_file(descriptor) {
        return None;
    }
    // The number may be used again, for something that the checkpoint does not hold.
    word.fetch_and(!bit, Ordering::Relaxed);
    Some(checkpoint)
}

fn is_owner() -> bool {
    OWNER.load(Ordering::Relaxed) == rustix::process::getpid().as_raw_nonzero().get()
}

fn is_open(descriptor: RawFd) -> bool {
    // SAFETY: as in `is_file`.
    let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
    rustix::io::fcntl_getfd(descriptor).is_ok()
}

pub(super) fn is_file(descriptor: RawFd) -> bool {
    // SAFETY: borrowed for the length of one call, which fails if the number names nothing.
    let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
    rustix::fs::fstat(descriptor.as_fd())
        .is_ok_and(|status| rustix::fs::FileType::from_raw_mode(status.st_mode).is_file())
}

/// Allocates nothing and takes no lock: `close` is called anywhere.
fn tell_checkpoint(checkpoint: RawFd, descriptor: RawFd) {
    let mut message = [CLOSED, 0, 0, 0, 0];
    message[1..].copy_from_slice(&descriptor.to_le_bytes());
    // SAFETY: the socket is open while its number is in CHECKPOINT; were it not, sending fails and the checkpoint is
    // gone anyway.
    let checkpoint = unsafe { BorrowedFd::borrow_raw(checkpoint) };
    // A checkpoint that is gone needs no message.
    let _ = rustix::net::send(checkpoint, &message, rustix::net::SendFlags::NOSIGNAL);
}

fn position(descriptor: RawFd) -> Option<(&'static AtomicU64, u64)> {
    let index = usize::try_from(descriptor).ok()?;
    Some((SHARED.get(index / 64)?, 1 << (index % 64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_descriptor() {
        assert_eq!(closed(&[CLOSED, 7, 1, 0, 0]), Some(263));
        assert_eq!(closed(&[CLOSED, 7]), None);
        assert_eq!(closed(b"T"), None);
    }
}
