//! Standard input of cells: what they read from descriptor 0 is asked of whoever submitted the cell.
//!
//! Descriptor 0 itself is empty, for the programs and workers that cells start. This executable exports `read` and its
//! like: libraries loaded by it, cells' standard library among them, call these, and a read of descriptor 0 in the
//! notebook process becomes a question to the kernel. (What makes the system call itself, as C's `scanf` does, finds
//! the descriptor empty.) Each question takes a socket of its own with it, on which the answer comes; nobody else waits
//! meanwhile, and the end of either side ends the question.
//!
//! Answers are read as lines are that are typed at a terminal: one at a time, whole or in parts. Lines of an answer that
//! a cell has not read are gone with the cell. The rest of a line that it has read in part is in the standard library's
//! buffer, and the next read finds it, also in a later cell: nobody can empty that buffer without its lock, which a
//! variable may hold from cell to cell.

use std::collections::VecDeque;
use std::ffi::{c_int, c_uint, c_void};
use std::fs::File;
use std::io::{self, Read};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use parcell::contract::events::WorkerEvent;
use parcell::contract::symbols;

use super::channel::{Channel, ReceiveError};
use super::library_symbols;
use super::messages::{Answered, EVENTS_DESCRIPTOR};

const STANDARD_INPUT: RawFd = 0;
/// The longest prompt, in bytes. A prompt is a line; the limit keeps the message that carries it within a channel's.
const LONGEST_PROMPT: usize = 8 * 1024;

/// The process whose reads are questions: the notebook process, and none of its forks.
static ASKING: AtomicI32 = AtomicI32::new(0);
/// Which device standard input was at the start; 0 until then. A cell may put a file of its own in its place.
static DEVICE: AtomicU64 = AtomicU64::new(0);
/// What has been answered and not been read.
static REST: Mutex<VecDeque<u8>> = Mutex::new(VecDeque::new());

/// From now on, what this process reads from standard input is asked for.
pub(super) fn ask_from_here() {
    // A process that takes over has what cells have put there.
    let _ = DEVICE.compare_exchange(0, device(), Ordering::Relaxed, Ordering::Relaxed);
    ASKING.store(own_pid(), Ordering::Release);
}

/// Forgets what has been answered and not been read.
pub(super) fn forget_rest() {
    rest().clear();
}

/// Keeps other threads from the text that waits to be read: to be held across a fork, which would otherwise take the
/// lock of a thread that the fork does not have.
pub(super) fn hold() -> impl Drop {
    rest()
}

/// Reads as read(2) does, except from standard input.
#[unsafe(no_mangle)]
unsafe extern "C" fn read(descriptor: c_int, buffer: *mut c_void, length: usize) -> isize {
    if !is_question(descriptor) || length == 0 {
        // SAFETY: this is what the caller asked for; what it must keep to is what read(2) says.
        return unsafe { libc::syscall(libc::SYS_read, descriptor, buffer, length) } as isize;
    }
    // SAFETY: the caller gives a buffer of this length to be written to, as for read(2).
    result(read_answer(unsafe {
        std::slice::from_raw_parts_mut(buffer.cast(), length)
    }))
}

/// Reads as readv(2) does, except from standard input, which fills one buffer at a time.
#[unsafe(no_mangle)]
unsafe extern "C" fn readv(descriptor: c_int, buffers: *const libc::iovec, count: c_int) -> isize {
    if is_question(descriptor) && count > 0 {
        // SAFETY: the caller gives this many buffers, as for readv(2).
        let buffers = unsafe { std::slice::from_raw_parts(buffers, count as usize) };
        if let Some(buffer) = buffers.iter().find(|buffer| buffer.iov_len > 0) {
            // SAFETY: as above; the buffer may be written to.
            return unsafe { read(descriptor, buffer.iov_base, buffer.iov_len) };
        }
    }
    // SAFETY: this is what the caller asked for; what it must keep to is what readv(2) says.
    (unsafe { libc::syscall(libc::SYS_readv, descriptor, buffers, count) }) as isize
}

/// Moves data as splice(2) does, except from standard input: callers then read and write themselves.
#[unsafe(no_mangle)]
unsafe extern "C" fn splice(
    from: c_int,
    from_offset: *mut libc::loff_t,
    to: c_int,
    to_offset: *mut libc::loff_t,
    length: usize,
    flags: c_uint,
) -> isize {
    if is_question(from) {
        return result(Err(rustix::io::Errno::INVAL.into()));
    }
    // SAFETY: this is what the caller asked for; what it must keep to is what splice(2) says.
    (unsafe { libc::syscall(libc::SYS_splice, from, from_offset, to, to_offset, length, flags) }) as isize
}

const _: () = symbols::HOST_INPUT.defined_by(parcell_host_input, "parcell_host_input");

/// Asks for a line, for the library.
///
/// # Safety
/// `prompt` must be `length` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn parcell_host_input(prompt: *const u8, length: usize, password: bool) -> c_int {
    // SAFETY: the caller says so.
    let prompt = String::from_utf8_lossy(unsafe { std::slice::from_raw_parts(prompt, length) });
    if !asks() {
        set_errno(0);
        return -1;
    }
    match ask(&prompt, password) {
        Ok(Some(answer)) => answer.into_raw_fd(),
        Ok(None) => {
            set_errno(0);
            -1
        }
        Err(error) => result(Err(error)) as c_int,
    }
}

/// What has been answered, after asking if there is nothing; zero bytes where there is nobody to ask.
fn read_answer(buffer: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
    loop {
        let taken = take_line(&mut rest(), buffer);
        if taken > 0 {
            return Ok(taken);
        }
        let Some(answer) = ask("", false)? else {
            return Ok(0);
        };
        let mut text = Vec::new();
        File::from(answer).read_to_end(&mut text)?;
        // Other threads may ask and be answered at the same time: each answer stays whole.
        let mut rest = rest();
        rest.extend(text);
        rest.push_back(b'\n');
    }
}

/// Moves the first line of `rest`, or as much of it as there is room for, to `buffer`.
///
/// Never more than a line, as a terminal does: what reads a line then has nothing of the next in its own buffer.
fn take_line(rest: &mut VecDeque<u8>, buffer: &mut [MaybeUninit<u8>]) -> usize {
    let line = rest
        .iter()
        .position(|&byte| byte == b'\n')
        .map_or(rest.len(), |end| end + 1);
    let length = line.min(buffer.len());
    for (place, byte) in buffer.iter_mut().zip(rest.drain(..length)) {
        place.write(byte);
    }
    length
}

/// Asks the kernel, and waits for the answer; None where there is nobody to ask.
fn ask(prompt: &str, password: bool) -> io::Result<Option<OwnedFd>> {
    if prompt.len() > LONGEST_PROMPT {
        return Err(rustix::io::Errno::MSGSIZE.into());
    }
    // The question may stand on the line that the cell is printing.
    library_symbols::flush_output_of_cells();
    let (ours, of_kernel) = Channel::pair()?;
    let question = WorkerEvent::InputRequested {
        prompt: prompt.into(),
        password,
    };
    events().send(&question, &[of_kernel.as_fd()])?;
    drop(of_kernel);
    match ours.receive::<Answered>() {
        Ok((Answered, descriptors)) => Ok(descriptors.into_iter().next()),
        Err(ReceiveError::Closed) => Ok(None),
        Err(error) => Err(io::Error::other(error)),
    }
}

/// The channel to the kernel that the library uses as well.
fn events() -> ManuallyDrop<Channel> {
    // SAFETY: the supervisor made this number for this process, for as long as it lives; it is not closed here.
    let socket = unsafe { OwnedFd::from_raw_fd(EVENTS_DESCRIPTOR) };
    ManuallyDrop::new(Channel::from(socket))
}

fn rest() -> MutexGuard<'static, VecDeque<u8>> {
    REST.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_question(descriptor: c_int) -> bool {
    descriptor == STANDARD_INPUT && asks() && device() == DEVICE.load(Ordering::Relaxed)
}

fn asks() -> bool {
    ASKING.load(Ordering::Acquire) == own_pid()
}

fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

/// The device that standard input is; zero for a file, a pipe, and where it is closed.
fn device() -> u64 {
    // SAFETY: borrowed for the length of one call, which fails if the number names nothing.
    let descriptor = unsafe { BorrowedFd::borrow_raw(STANDARD_INPUT) };
    rustix::fs::fstat(descriptor).map_or(0, |status| status.st_rdev)
}

/// The result as C functions give it.
fn result(read: io::Result<usize>) -> isize {
    match read {
        Ok(length) => length as isize,
        Err(error) => {
            set_errno(error.raw_os_error().unwrap_or(libc::EIO));
            -1
        }
    }
}

fn set_errno(errno: c_int) {
    // SAFETY: writing this thread's errno is always allowed.
    unsafe { *libc::__errno_location() = errno };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(rest: &mut VecDeque<u8>, room: usize) -> String {
        let mut buffer = vec![MaybeUninit::uninit(); room];
        let length = take_line(rest, &mut buffer);
        // SAFETY: this many bytes have been written.
        let bytes = buffer[..length].iter().map(|byte| unsafe { byte.assume_init() });
        String::from_utf8(bytes.collect()).unwrap()
    }

    #[test]
    fn a_read_gives_a_line_or_as_much_of_it_as_there_is_room_for() {
        let mut rest = VecDeque::from(b"first\nsecond line\n\n".to_vec());
        assert_eq!(take(&mut rest, 100), "first\n");
        assert_eq!(take(&mut rest, 6), "second");
        assert_eq!(take(&mut rest, 100), " line\n");
        assert_eq!(take(&mut rest, 1), "\n");
        assert_eq!(take(&mut rest, 100), "");
    }
}
