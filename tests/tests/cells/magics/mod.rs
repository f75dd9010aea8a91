//! Magics: lines that are not Rust, and cells that are none.

mod help;
mod mixed;
mod reset;
mod session;
mod shell;
mod surroundings;
mod timing;

use parcell_tests::{CellFailure, Execution, Notebook};
use std::time::Duration;

/// From the interrupt to idle, and until what was ended is gone.
const LIMIT: Duration = Duration::from_secs(2);

/// The texts of all that was displayed.
fn displayed(cell: &mut Execution) -> Vec<String> {
    let texts = cell.take_displays().into_iter().map(|data| {
        assert!(data["text/html"].is_string(), "{data}");
        data["text/plain"].as_str().expect("plain text").to_owned()
    });
    texts.collect()
}

/// What a cell that succeeds prints to standard output, and nothing else.
async fn printed(notebook: &mut Notebook, code: &str) -> String {
    let mut cell = notebook.succeed(code).await;
    cell.take_stdout()
}

fn assert_failure(failure: &CellFailure, ename: &str, parts: &[&str]) {
    assert_eq!(failure.ename, ename, "{}", failure.text());
    failure.assert_shows(parts);
    failure.assert_hides(&["lib.rs", "parcell::", "evcxr"]);
}
