//! What a supervisor leaves behind that is killed: the notebook's processes, and programs that cells have started. They
//! become children of the kernel, which ends them as the supervisor would have.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, WaitOptions, getpid, set_child_subreaper, waitpid};

use super::descendants;
use super::supervisor::end_all;

/// Whether this process is one whose orphans are looked for.
static ADOPTS: AtomicBool = AtomicBool::new(false);

/// From here on orphans of this process's supervisors are its children.
pub(crate) fn adopt() -> io::Result<()> {
    set_child_subreaper(Some(getpid()))?;
    ADOPTS.store(true, Ordering::Relaxed);
    Ok(())
}

/// Kills them, with all that they have started, and waits for them. Only where this process adopts any, and when it has no
/// supervisor.
pub(crate) fn end() {
    if ADOPTS.load(Ordering::Relaxed) {
        end_all(|| {
            descendants::adopted()
                .into_iter()
                .filter(|pid| !is_over(*pid))
                .collect()
        });
    }
}

/// Whether a child has ended, which was then waited for.
fn is_over(pid: Pid) -> bool {
    matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(Some(_)))
}
