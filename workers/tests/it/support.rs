//! What several tests need: seeing that workers are gone, and running a test's body as a program of its own.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use parcell::Process;
use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// Sees whether processes forked during its life still run: they inherit the write end of its pipe.
pub(crate) struct Survivors {
    read: File,
    write: File,
}

impl Survivors {
    pub(crate) fn watch() -> Self {
        let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
        Self {
            read: read.into(),
            write: write.into(),
        }
    }

    /// Returns when no such process runs; the test's time limit ends a wait in vain.
    pub(crate) fn assert_none(self) {
        let Self { mut read, write } = self;
        drop(write);
        assert_eq!(read.read(&mut [0; 1]).unwrap(), 0);
    }
}

/// The process was a child of this one, and has been waited for.
#[track_caller]
pub(crate) fn assert_waited_for(pid: u32) {
    let id = Pid::from_raw(pid.cast_signed()).unwrap();
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    assert_eq!(waitid(WaitId::Pid(id), options).unwrap_err(), Errno::CHILD);
}

/// The variable that names the test whose body a copy of this test program runs.
const ROLE: &str = "PARCELL_TEST_ROLE";

/// Whether this process was started by [`program`] for the test `name`.
pub(crate) fn is_program(name: &str) -> bool {
    std::env::var(ROLE).is_ok_and(|role| role == name)
}

/// A command that runs only the test `name`, whose [`is_program`] is true there. The test harness is a thread of the
/// program, which is known.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(ROLE, name)
        .env("PARCELL_ALLOW_THREADS", "1");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Forks as a notebook's host does, without the library's care; the child's PID, which is `None` in the child.
pub(crate) fn fork() -> Option<Pid> {
    unsafe extern "C" {
        safe fn parcell_fork() -> std::ffi::c_int;
    }
    Pid::from_raw(parcell_fork())
}

/// Waits for something that other processes do; the test's time limit ends a wait in vain.
pub(crate) fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        std::thread::sleep(Duration::from_micros(100));
    }
}

pub(crate) fn kill(process: &Process<()>) {
    process.kill();
    assert!(process.join().is_err());
    assert_eq!(process.exit_code(), Some(-libc::SIGKILL));
}
