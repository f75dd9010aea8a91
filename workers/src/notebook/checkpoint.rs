//! Whether the host makes checkpoints.

use std::ffi::c_int;
use std::sync::OnceLock;

use super::host::exported;

/// The function that the host exports. It is told 1 to make checkpoints, 0 to make none, and -1 to change nothing; it
/// returns 1 where checkpoints are made.
type HostCheckpoint = extern "C" fn(c_int) -> c_int;

/// Makes a choice, or none, and tells what holds; `None` where there is no host.
pub(crate) fn choose(wanted: Option<bool>) -> Option<bool> {
    static FUNCTION: OnceLock<Option<HostCheckpoint>> = OnceLock::new();
    // SAFETY: the host exports a function of this type.
    let function = (*FUNCTION.get_or_init(|| unsafe { exported(c"parcell_checkpoint") }))?;
    Some(function(wanted.map_or(-1, c_int::from)) == 1)
}
