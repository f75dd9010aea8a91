//! The checkpoint: a fork of the notebook process that waits, with all variables as they were when the last cell
//! ended, and takes over when the notebook process dies.

use std::ffi::c_int;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};

use parcell::contract::symbols;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::SeekFrom;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair};
use rustix::process::{Pid, setpgid};

use super::descriptors;
use super::fork::{Fork, fork};
use super::input;
use super::library_symbols::LibrarySymbols;

/// Whether checkpoints are made. It belongs to what a cell changes: a successor has the value of its checkpoint.
static ARE_MADE: AtomicBool = AtomicBool::new(true);

/// Whether the notebook wants checkpoints.
pub(super) fn are_made() -> bool {
    ARE_MADE.load(Ordering::Relaxed)
}

const _: () = symbols::HOST_CHECKPOINT.defined_by(parcell_checkpoint, "parcell_checkpoint");

/// Where the library's `%checkpoint` chooses.
#[unsafe(no_mangle)]
extern "C" fn parcell_checkpoint(wanted: c_int) -> c_int {
    if let 0 | 1 = wanted {
        ARE_MADE.store(wanted == 1, Ordering::Relaxed);
    }
    are_made().into()
}

/// The message that makes a checkpoint the notebook process.
const TAKE_OVER: &[u8] = b"T";

/// Asks the checkpoint behind `socket` to take over.
pub(super) fn take_over(socket: BorrowedFd<'_>) -> io::Result<()> {
    send(socket, TAKE_OVER, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// A checkpoint, as the notebook process sees it.
#[derive(Debug)]
pub(super) struct Checkpoint {
    pub(super) pid: Pid,
    pub(super) socket: OwnedFd,
}

/// Who returns from making a checkpoint.
pub(super) enum Role {
    /// The process that made it.
    Maker(Checkpoint),
    /// The checkpoint itself, later: the maker has died and this process goes on in its place.
    Successor,
}

/// Makes a checkpoint of this process. It lives until it has taken over, is killed, or `supervisor` is gone.
///
/// `ours` are the descriptors that are this executable's and not the cells'.
pub(super) fn make(library: Option<&LibrarySymbols>, supervisor: BorrowedFd<'_>, ours: &[RawFd]) -> io::Result<Role> {
    let (socket, waiting) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    let ours: Vec<RawFd> = ours
        .iter()
        .copied()
        .chain([socket.as_raw_fd(), waiting.as_raw_fd()])
        .collect();
    let shared = descriptors::open_descriptors(&ours)?;
    let forked = {
        let _text = input::hold();
        fork(library)?
    };
    match forked {
        Fork::Parent { child } => {
            // Both sides do it, so that it is done whichever runs first; the child may also be gone already.
            let _ = setpgid(Some(child), Some(child));
            descriptors::mirror(&shared, socket.as_fd());
            Ok(Role::Maker(Checkpoint { pid: child, socket }))
        }
        Fork::Child => {
            drop(socket);
            descriptors::stop_mirroring();
            // Fails only where the parent has done it.
            let _ = setpgid(None, None);
            wait_for_turn(&shared, waiting.as_fd(), supervisor);
            Ok(Role::Successor)
        }
    }
}

/// Returns when this process is to take over; ends it when there is nobody left who could ask.
fn wait_for_turn(shared: &[RawFd], waiting: BorrowedFd<'_>, supervisor: BorrowedFd<'_>) {
    let offsets = file_offsets(shared);
    let mut message = [0; 16];
    loop {
        let mut events = [
            PollFd::new(&waiting, PollFlags::IN),
            PollFd::new(&supervisor, PollFlags::IN),
        ];
        match poll(&mut events, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => leave(),
        }
        if !events[1].revents().is_empty() {
            leave();
        }
        if events[0].revents().is_empty() {
            continue;
        }
        match recv(waiting, &mut message, RecvFlags::empty()) {
            Ok((0, _)) | Err(_) => leave(),
            Ok((length, _)) if &message[..length] == TAKE_OVER => break,
            Ok((length, _)) => {
                if let Some(descriptor) = descriptors::closed(&message[..length]) {
                    give_up(descriptor);
                }
            }
        }
    }
    for (descriptor, offset) in offsets {
        // A file that cannot seek any more keeps the offset it has.
        let _ = rustix::fs::seek(borrow(descriptor), SeekFrom::Start(offset));
    }
}

/// Where each open file is being read or written: the offset is shared with the notebook process, which moves it.
fn file_offsets(descriptors: &[RawFd]) -> Vec<(RawFd, u64)> {
    descriptors
        .iter()
        .filter(|&&descriptor| descriptors::is_file(descriptor))
        .filter_map(|&descriptor| Some((descriptor, rustix::fs::tell(borrow(descriptor)).ok()?)))
        .collect()
}

/// Closes what the notebook process has closed. Something harmless takes the number, so that a variable that still
/// holds it never reads, writes or closes what is opened later.
fn give_up(descriptor: RawFd) {
    let Ok(placeholder) = File::open("/dev/null") else {
        return;
    };
    // SAFETY: the notebook process has closed this number, so that nothing of this process uses what it names; the
    // variable that owned it there owns the number here.
    let mut number = unsafe { OwnedFd::from_raw_fd(descriptor) };
    // Where it fails the number stays open, and whoever waits for its end waits on: nothing better can be done here.
    let _ = rustix::io::dup3(&placeholder, &mut number, rustix::io::DupFlags::CLOEXEC);
    std::mem::forget(number);
}

fn borrow<'a>(descriptor: RawFd) -> BorrowedFd<'a> {
    // SAFETY: only descriptors that were open when this process was forked are borrowed, and it closes none of them
    // (it replaces them, see `give_up`).
    unsafe { BorrowedFd::borrow_raw(descriptor) }
}

fn leave() -> ! {
    // SAFETY: ends the process without running what the notebook process has registered for its own end.
    unsafe { libc::_exit(0) }
}
