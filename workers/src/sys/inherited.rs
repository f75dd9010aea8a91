//! Descriptors that a program is started with, and is told the numbers of.

use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Mutex;

use rustix::io::{FdFlags, fcntl_setfd};

use super::poisoned::EvenIfPoisoned;

/// The numbers that have an owner.
static TAKEN: Mutex<Vec<RawFd>> = Mutex::new(Vec::new());

/// The descriptor with this number, which the process that started this program has passed on for it to own. What this
/// program starts does not get it.
///
/// # Errors
///
/// Where it is not open, or was taken before.
pub(crate) fn take(number: RawFd) -> io::Result<OwnedFd> {
    let mut taken = TAKEN.lock().even_if_poisoned();
    if number < 3 || taken.contains(&number) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: it is borrowed for this call only, which fails if it is not open, and not -1.
    fcntl_setfd(unsafe { BorrowedFd::borrow_raw(number) }, FdFlags::CLOEXEC)?;
    taken.push(number);
    // SAFETY: it is open, as was just seen, and who started this program has passed it on to be owned by who is told its
    // number; that it has no other owner here is what `TAKEN` is for.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_taken() {
        for number in [-1, 0, 2, 987_654] {
            take(number).unwrap_err();
        }
    }
}
