//! What a session has on disk: its directory, with the package that cells are compiled in.

use std::fs;
use std::io;
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::process::messages::KERNEL_SOCKET;
use crate::session_directory::{self, SessionDirectory};
use crate::toolchain;

/// The package that cells are compiled in, in the directory.
const PACKAGE: &str = "package";
/// Where rust-analyzer and compilers put their temporary files, in the directory.
pub(super) const TEMPORARY: &str = "tmp";

/// A session's directory; removed on drop.
#[derive(Debug)]
pub(crate) struct SessionFiles {
    directory: SessionDirectory,
}

impl SessionFiles {
    /// Creates the directory that the environment was prepared for, and clears away those of sessions that were killed.
    pub(crate) fn create() -> io::Result<SessionFiles> {
        let path = session_directory::of_this_process()
            .ok_or_else(|| io::Error::other("this process was not prepared for a session"))?;
        let directory = SessionDirectory::create(path)?;
        let path = directory.path();
        fs::create_dir(path.join(TEMPORARY))?;
        toolchain::stand_alone(path, PACKAGE)?;
        Ok(SessionFiles { directory })
    }

    /// The session's directory.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The package that cells are compiled in.
    pub(crate) fn package(&self) -> PathBuf {
        self.directory().join(PACKAGE)
    }
}

/// Whether the session's directory leaves room in the path of a socket for the socket's name.
pub(crate) fn has_room_for_sockets() -> bool {
    let session = session_directory::of_this_process().unwrap_or_default();
    SocketAddr::from_pathname(session.join(KERNEL_SOCKET)).is_ok()
}
