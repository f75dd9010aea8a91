//! Waiting for a child and learning, with how it ended, how much memory it had needed.

use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use rustix::io::{self, Errno};
use rustix::process::WaitIdOptions;

use super::exit::Exit;
use super::usage::duration;

/// How a child ended that has now been waited for, and the most memory it had resident, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waited {
    pub(crate) exit: Exit,
    pub(crate) peak_memory: u64,
    /// The processor time that it and what it had waited for had used.
    pub(crate) cpu: Duration,
}

/// `waitid` with the usage that only the system call itself gives; `None` if `options` say not to wait and the child
/// has not ended.
pub(crate) fn wait(pidfd: BorrowedFd<'_>, options: WaitIdOptions) -> io::Result<Option<Waited>> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the descriptor is open, and both pointers are to memory for what the kernel writes there.
    let result = unsafe {
        libc::syscall(
            libc::SYS_waitid,
            libc::P_PIDFD,
            pidfd.as_raw_fd(),
            info.as_mut_ptr(),
            options.bits(),
            usage.as_mut_ptr(),
        )
    };
    if result == -1 {
        return Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO));
    }
    // SAFETY: all-zero bytes are valid for both, which is what is there where the kernel has not written.
    let (info, usage) = unsafe { (info.assume_init(), usage.assume_init()) };
    // SAFETY: after `waitid` the fields are those of a child's end, or all zero.
    let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
    if pid == 0 {
        return Ok(None);
    }
    let exit = match info.si_code {
        libc::CLD_EXITED => Exit::Code(status),
        libc::CLD_KILLED | libc::CLD_DUMPED => Exit::Signal(status),
        _ => Exit::Lost,
    };
    // The kernel counts in KiB.
    let peak_memory = u64::try_from(usage.ru_maxrss).unwrap_or_default().saturating_mul(1024);
    let cpu = duration(usage.ru_utime) + duration(usage.ru_stime);
    Ok(Some(Waited { exit, peak_memory, cpu }))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::process::{Child, Command};

    use rustix::process::{Pid, PidfdFlags, pidfd_open};

    use super::*;

    fn start(command: &[&str]) -> (Child, std::os::fd::OwnedFd) {
        let child = Command::new(command[0]).args(&command[1..]).spawn().unwrap();
        let pidfd = pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).unwrap();
        (child, pidfd)
    }

    #[test]
    fn an_end_is_told_with_the_memory_it_took() {
        let (mut child, pidfd) = start(&["sh", "-c", "exit 3"]);
        let waited = wait(pidfd.as_fd(), WaitIdOptions::EXITED).unwrap().unwrap();
        assert_eq!(waited.exit, Exit::Code(3));
        assert!(waited.peak_memory > 64 * 1024, "{waited:?}");
        assert!(child.wait().is_err());
        let (mut busy, pidfd) = start(&[
            "sh",
            "-c",
            "while [ $(cut -d' ' -f14 /proc/$$/stat) -lt 3 ]; do :; done",
        ]);
        let waited = wait(pidfd.as_fd(), WaitIdOptions::EXITED).unwrap().unwrap();
        assert!(waited.cpu >= Duration::from_millis(20), "{waited:?}");
        assert!(busy.wait().is_err());
    }

    #[test]
    fn one_that_runs_is_not_waited_for_unless_asked() {
        let (mut child, pidfd) = start(&["sleep", "60"]);
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        assert_eq!(wait(pidfd.as_fd(), options), Ok(None));
        child.kill().unwrap();
        let waited = wait(pidfd.as_fd(), WaitIdOptions::EXITED).unwrap().unwrap();
        assert_eq!(waited.exit, Exit::Signal(libc::SIGKILL));
        assert!(child.wait().is_err());
    }
}
