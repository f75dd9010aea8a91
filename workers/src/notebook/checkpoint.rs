//! Whether the host makes checkpoints.

use std::ffi::c_int;
use std::sync::OnceLock;

/// The function that the host exports. It is told 1 to make checkpoints, 0 to make none, and -1 to change nothing; it
/// returns 1 where checkpoints are made.
type HostCheckpoint = extern "C" fn(c_int) -> c_int;

/// Makes a choice, or none, and tells what holds; `None` where there is no host.
pub(crate) fn choose(wanted: Option<bool>) -> Option<bool> {
    static FUNCTION: OnceLock<Option<HostCheckpoint>> = OnceLock::new();
    let function = (*FUNCTION.get_or_init(look_up))?;
    Some(function(wanted.map_or(-1, c_int::from)) == 1)
}

fn look_up() -> Option<HostCheckpoint> {
    // SAFETY: the name is a C string; looking up a symbol has no other requirement.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"parcell_checkpoint".as_ptr()) };
    // SAFETY: whoever exports this name promises a function of this type; a null address is excluded.
    (!address.is_null()).then(|| unsafe { std::mem::transmute::<*mut libc::c_void, HostCheckpoint>(address) })
}
