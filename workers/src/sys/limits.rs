//! How much memory this process may use.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process use `bytes` more than it does now. What it asks for beyond that is refused, which Rust answers with
/// an abort.
pub(crate) fn limit_memory(bytes: u64) -> io::Result<()> {
    let limit = data_size()?.saturating_add(bytes);
    let Rlimit { maximum, .. } = getrlimit(Resource::Data);
    let limit = maximum.map_or(limit, |maximum| maximum.min(limit));
    let new = Rlimit {
        current: Some(limit),
        maximum: Some(limit),
    };
    Ok(setrlimit(Resource::Data, new)?)
}

/// The private writable memory of this process, in bytes, as `RLIMIT_DATA` counts it.
fn data_size() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    let kibibytes =
        kibibytes.ok_or_else(|| io::Error::other("/proc/self/status does not tell how much memory is used"))?;
    Ok(kibibytes * 1024)
}
