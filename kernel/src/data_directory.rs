//! The directory of what parcell keeps for the user: the history, and the JupyterLab that it has set up.

use std::path::PathBuf;

/// Names another one than that in the user's data directory.
pub(crate) const VARIABLE: &str = "PARCELL_DATA_DIR";

/// Where it is, or None where no home is known. It need not exist.
pub(crate) fn data_directory() -> Option<PathBuf> {
    match std::env::var_os(VARIABLE) {
        Some(directory) => Some(PathBuf::from(directory)),
        None => Some(dirs::data_dir()?.join(crate::identity::NAME)),
    }
}
