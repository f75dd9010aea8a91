//! How many cores this process may use.

/// The number of cores that this process can use at once: those its CPU affinity allows, and no more than the CPU
/// quota of its control groups (version 1 or 2) is worth.
///
/// It is at least 1. Inside a container or under `taskset` it is smaller than the machine's number of cores.
///
/// # Examples
///
/// ```
/// assert!(parcell::cpu_count() >= 1);
/// ```
#[must_use]
pub fn cpu_count() -> usize {
    // The standard library reads the affinity mask and walks the control groups of both versions. It can fail only
    // where a sandbox forbids the question; one worker is then the safe answer.
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
