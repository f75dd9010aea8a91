//! Where a session is: the environment variables that it is found by, and its directory.

mod session_files;
mod variables;

pub(crate) use session_files::{SessionFiles, has_room_for_sockets};
pub(crate) use variables::{forget_session, prepare, restore, temporary_directory};
