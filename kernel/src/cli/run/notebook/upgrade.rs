//! Notebooks of version 3 of the format, brought to version 4.

use serde_json::Value;

use super::{FormatError, language};

/// The oldest version that can be upgraded.
const OLDEST: u64 = 3;

/// The notebook in version 4, where it is in a version that can be upgraded.
pub(super) fn upgrade(value: Value, version: u64) -> Result<Value, FormatError> {
    if version < OLDEST {
        return Err(FormatError::TooOld { version });
    }
    // In version 3 each cell says its language, and the upgrade forgets it.
    for language in cell_languages(&value) {
        language::check_language(language)?;
    }
    let refuse = |reason: String| FormatError::NotNotebook { reason };
    let old: nbformat::v3::Notebook = serde_json::from_value(value)
        .map_err(|error| refuse(format!("it is not a notebook of version 3 as it says: {error}")))?;
    let new = nbformat::upgrade_v3_notebook(old).map_err(|error| refuse(format!("{error:#}")))?;
    serde_json::to_value(new).map_err(|error| refuse(format!("it cannot be upgraded: {error}")))
}

fn cell_languages(notebook: &Value) -> impl Iterator<Item = &str> {
    let worksheets = notebook
        .get("worksheets")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let cells = worksheets.filter_map(|sheet| sheet.get("cells")?.as_array()).flatten();
    cells.filter_map(|cell| cell.get("language")?.as_str())
}
