//! The directories of what parcell keeps for the user: its data, which are the history and the JupyterLab that it has
//! set up, and its cache, which is the compiled library.

use std::path::PathBuf;

use crate::identity::NAME;

/// Names another directory of data than that in the user's own.
pub(crate) const DATA_VARIABLE: &str = "PARCELL_DATA_DIR";
/// Names another cache than that in the user's own.
pub(crate) const CACHE_VARIABLE: &str = "PARCELL_CACHE_DIR";

/// Where data are kept, or None where no home is known. It need not exist.
pub(crate) fn data_directory() -> Option<PathBuf> {
    chosen(DATA_VARIABLE, dirs::data_dir)
}

/// Where the cache is, or None where no home is known. It need not exist.
pub(crate) fn cache_directory() -> Option<PathBuf> {
    chosen(CACHE_VARIABLE, dirs::cache_dir)
}

fn chosen(variable: &str, of_user: fn() -> Option<PathBuf>) -> Option<PathBuf> {
    match std::env::var_os(variable) {
        Some(directory) => Some(PathBuf::from(directory)),
        None => Some(of_user()?.join(NAME)),
    }
}
