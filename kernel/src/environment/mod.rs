//! What evcxr finds where it runs: the environment variables, the session's directory with our tools in it, and what is in
//! scope from the start.
//!
//! A session runs cells in it, and `library` compiles the library in it, so that both find every file in the same place.

pub(crate) mod prelude;
mod session_files;
mod variables;

pub(crate) use session_files::{EVCXR_VARIABLE, SessionFiles, has_room_for_sockets};
pub(crate) use variables::{forget_session, prepare, restore, temporary_directory};
