//! Whether the host makes checkpoints.

use std::ffi::c_int;
use std::sync::OnceLock;

use super::host::exported;
use crate::contract::symbols::{HOST_CHECKPOINT, HostCheckpoint};

/// Makes a choice, or none, and tells what holds; `None` where there is no host.
pub(crate) fn choose(wanted: Option<bool>) -> Option<bool> {
    static FUNCTION: OnceLock<Option<HostCheckpoint>> = OnceLock::new();
    let function = (*FUNCTION.get_or_init(|| exported(HOST_CHECKPOINT)))?;
    Some(function(wanted.map_or(-1, c_int::from)) == 1)
}
