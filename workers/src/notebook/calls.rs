//! Which calls in cells led to a panic in a worker. The kernel, which has the compiled cells, turns them into lines; naming them
//! here would take a worker longer than most items do.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::is_notebook;
use crate::sys::unwind::{self, CodePlace};

/// How many calls are told. More help nobody: it is a recursion.
const TOLD: usize = 20;

/// Set in a worker on a cluster that runs cells' functions, where there is no host.
static FAR_FROM_HOST: AtomicBool = AtomicBool::new(false);

/// From here on this process runs cells' functions on another machine than the notebook's.
pub(crate) fn work_far_from_host() {
    FAR_FROM_HOST.store(true, Ordering::Relaxed);
}

/// The calls of this thread that were made in cells, innermost first, each as the file of a compiled cell and a place in
/// it. None in a plain program.
pub(crate) fn calls_in_cells() -> Vec<String> {
    if !is_notebook() && !FAR_FROM_HOST.load(Ordering::Relaxed) {
        return Vec::new();
    }
    let calls = unwind::calls().into_iter().filter(is_in_cell).take(TOLD);
    calls
        .map(|CodePlace { module, offset }| format!("{module}+{offset:#x}"))
        .collect()
}

/// Whether the library has the name that evcxr gives compiled cells.
fn is_in_cell(place: &CodePlace) -> bool {
    let name = Path::new(&place.module).file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with("libcode_") && name.ends_with(".so"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_known_by_their_files() {
        let place = |module: &str| CodePlace {
            module: module.to_owned(),
            offset: 1,
        };
        assert!(is_in_cell(&place("/tmp/x/libcode_12.so")));
        assert!(!is_in_cell(&place("/lib/libc.so.6")));
        assert!(!is_in_cell(&place("/tmp/libcode_12.so/main")));
    }
}
