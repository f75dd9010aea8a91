//! What a session has on disk: its directory, with all that evcxr needs to start in it.

use std::fs;
use std::io;
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::process::messages::KERNEL_SOCKET;
use crate::session_directory::{self, SessionDirectory};
use crate::toolchain::{self, Tools};

/// Where evcxr compiles, in the directory.
pub(super) const EVCXR: &str = "evcxr";
/// Read by evcxr: where it compiles.
pub(crate) const EVCXR_VARIABLE: &str = "EVCXR_TMPDIR";
/// Where evcxr, rust-analyzer and compilers put their temporary files, in the directory.
pub(super) const TEMPORARY: &str = "tmp";

/// A session's directory with evcxr's tools in it; removed on drop.
#[derive(Debug)]
pub(crate) struct SessionFiles {
    directory: SessionDirectory,
    tools: Tools,
}

impl SessionFiles {
    /// Creates the directory that the environment was prepared for, and clears away those of sessions that were killed.
    pub(crate) fn create() -> io::Result<SessionFiles> {
        let path = session_directory::of_this_process()
            .ok_or_else(|| io::Error::other("this process was not prepared for a session"))?;
        let directory = SessionDirectory::create(path)?;
        let path = directory.path();
        fs::create_dir(path.join(TEMPORARY))?;
        let tools = Tools::create(path)?;
        toolchain::stand_alone(path, EVCXR)?;
        Ok(SessionFiles { directory, tools })
    }

    /// The session's directory.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Where evcxr compiles.
    pub(crate) fn evcxr(&self) -> PathBuf {
        std::env::var_os(EVCXR_VARIABLE).map_or_else(|| self.directory().join(EVCXR), PathBuf::from)
    }

    /// What evcxr must find only while it starts.
    pub(super) fn tools(&self) -> &Tools {
        &self.tools
    }
}

/// Whether the session's directory leaves room in the path of a socket for the sockets' names.
pub(crate) fn has_room_for_sockets() -> bool {
    let session = session_directory::of_this_process().unwrap_or_default();
    let names = [KERNEL_SOCKET, toolchain::progress::SOCKET];
    names
        .iter()
        .all(|name| SocketAddr::from_pathname(session.join(name)).is_ok())
}
