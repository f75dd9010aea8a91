//! What a crew's workers and the process that they work for have in shared memory.

use std::sync::atomic::AtomicU64;

use crate::handles::log::{Log, LogState};
use crate::sys::monitor::Monitor;
use crate::sys::placed::{Placed, place};
use crate::sys::region::Kind;

/// The most workers that a crew has.
pub(super) const MAX_WORKERS: usize = 1024;

pub(super) const CREW: Kind = Kind::named(b"crew");
pub(super) const HUB: Kind = Kind::named(b"hub");

/// The bell of both: there is a task, there is a result.
pub(super) const ARRIVED: usize = 0;

/// The tasks of one crew. The tasks themselves are in the region's first log, and have its numbers.
#[repr(C)]
pub(super) struct CrewMemory {
    pub(super) tasks: Monitor<Tasks>,
    pub(super) desks: [Desk; MAX_WORKERS],
}

place!(CrewMemory { tasks, desks });

#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct Tasks {
    pub(super) log: LogState,
    /// Nothing more will come: workers end when they are done.
    pub(super) closed: u64,
}

/// What one worker writes.
#[repr(C, align(64))]
pub(super) struct Desk {
    /// One more than the number of the task that it is on, or was on last; 0 for none.
    pub(super) task: AtomicU64,
    /// Not 0 when it has aborted for lack of memory.
    pub(super) note: AtomicU64,
    /// `done << 1 | is on a task`.
    pub(super) activity: AtomicU64,
}

place!(Desk { task, note, activity });

/// The results for one process, in the region's first log.
#[repr(C)]
pub(super) struct HubMemory {
    pub(super) results: Monitor<LogState>,
}

place!(HubMemory { results });

/// How much memory stays for the next large argument or result.
const KEPT: u64 = 72 << 20;
/// How much of a log is mapped: calls by the hundred thousand, and none of their large arguments and results.
const MAPPED: usize = 16 << 20;

/// Where a crew's tasks are.
pub(super) fn task_log(memory: &Placed<CrewMemory>) -> Log {
    Log::new(memory.region(), 0).keeping(KEPT).mapping(MAPPED)
}

/// Where a process's results are.
pub(super) fn result_log(memory: &Placed<HubMemory>) -> Log {
    Log::new(memory.region(), 0).keeping(KEPT).mapping(MAPPED)
}
