//! Notebooks as files: reading one, judging whether parcell can run it, and filling in what came of it.
//!
//! The document is kept as JSON. A typed model would drop what it does not know (fields that other tools have put into
//! cells, outputs of types yet to come), and whoever runs a notebook expects the rest of it back unchanged. The typed
//! model of `nbformat` serves to upgrade the version before that (`upgrade`).

mod cells;
mod language;
mod upgrade;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};

use crate::identity;
use crate::session;

/// The first minor version of nbformat 4 in which cells have ids.
const MINOR_WITH_CELL_IDS: u64 = 5;
const MAJOR: u64 = 4;
/// Under this name the metadata keeps the states of widgets.
const WIDGET_STATE: &str = "application/vnd.jupyter.widget-state+json";

/// A notebook whose structure has been checked.
#[derive(Debug)]
pub(super) struct Notebook {
    /// The document without its cells.
    document: Map<String, Value>,
    cells: Vec<Map<String, Value>>,
}

/// A cell to be run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct CodeCell {
    /// Which of the notebook's cells, from 0, cells of other types included.
    pub(super) index: usize,
    pub(super) source: String,
    /// A failure of this cell is what its author expects.
    pub(super) may_fail: bool,
    /// The error with which it ended when it was run last.
    pub(super) failure: Option<String>,
}

/// Why a file was refused.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum ReadError {
    #[error("there is no file {}", .path.display())]
    Missing { path: PathBuf },
    #[error("{} is a directory, not a notebook", .path.display())]
    Directory { path: PathBuf },
    #[error("cannot read {}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is not a notebook that parcell can run", .path.display())]
    Refused { path: PathBuf, source: FormatError },
}

/// What is wrong with the contents of a notebook.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum FormatError {
    #[error("the file is empty")]
    Empty,
    #[error("it is not UTF-8 text (first bad byte at offset {offset})")]
    NotUtf8 { offset: usize },
    // The parser's message ends with line and column.
    #[error("it is not JSON: {error}")]
    NotJson { error: serde_json::Error },
    #[error("it is JSON, but {reason}")]
    NotNotebook { reason: String },
    #[error(
        "it is in version {version} of the notebook format, which parcell does not read; convert it with \
         `jupyter nbconvert --to notebook --nbformat 4`"
    )]
    TooOld { version: u64 },
    #[error("it is in version {version} of the notebook format; parcell reads version 4")]
    TooNew { version: u64 },
    #[error("this is a notebook for {language}; parcell runs Rust notebooks")]
    OtherLanguage { language: String },
    #[error("this is a notebook for the kernel {name:?}; parcell runs Rust notebooks")]
    OtherKernel { name: String },
}

impl Notebook {
    /// Reads a notebook, and refuses what parcell could not run.
    pub(super) fn read(path: &Path) -> Result<Notebook, ReadError> {
        let path_buf = || path.to_path_buf();
        let contents = fs::read(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => ReadError::Missing { path: path_buf() },
            io::ErrorKind::IsADirectory => ReadError::Directory { path: path_buf() },
            _ => ReadError::Io {
                path: path_buf(),
                source,
            },
        })?;
        Notebook::parse(&contents).map_err(|source| ReadError::Refused {
            path: path_buf(),
            source,
        })
    }

    fn parse(contents: &[u8]) -> Result<Notebook, FormatError> {
        let text = std::str::from_utf8(contents).map_err(|e| FormatError::NotUtf8 {
            offset: e.valid_up_to(),
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim().is_empty() {
            return Err(FormatError::Empty);
        }
        let value = serde_json::from_str(text).map_err(|error| FormatError::NotJson { error })?;
        Notebook::from_json(value)
    }

    fn from_json(value: Value) -> Result<Notebook, FormatError> {
        let not_notebook = |reason: &str| FormatError::NotNotebook {
            reason: reason.to_owned(),
        };
        let value = match value.get("nbformat").map(Value::as_u64) {
            None => return Err(not_notebook("it has no `nbformat`, which every notebook has")),
            Some(None) => return Err(not_notebook("its `nbformat` is not a number")),
            Some(Some(MAJOR)) => value,
            Some(Some(newer)) if newer > MAJOR => return Err(FormatError::TooNew { version: newer }),
            Some(Some(older)) => upgrade::upgrade(value, older)?,
        };
        let Value::Object(mut document) = value else {
            return Err(not_notebook("it is not an object"));
        };
        let metadata = document.entry("metadata").or_insert_with(|| json!({}));
        let metadata = metadata
            .as_object()
            .ok_or_else(|| not_notebook("its `metadata` is not an object"))?;
        language::check(metadata)?;
        let Some(Value::Array(cells)) = document.remove("cells") else {
            return Err(not_notebook("it has no list of `cells`"));
        };
        let mut notebook = Notebook {
            document,
            cells: cells::checked(cells)?,
        };
        notebook.set_minor_version();
        cells::complete_ids(&mut notebook.cells);
        Ok(notebook)
    }

    /// The code cells, in order.
    pub(super) fn code_cells(&self) -> Vec<CodeCell> {
        let code = self.cells.iter().enumerate().filter(|(_, cell)| cells::is_code(cell));
        code.map(|(index, cell)| CodeCell {
            index,
            source: cells::source(cell),
            may_fail: cells::has_tag(cell, "raises-exception"),
            failure: cells::failure(cell),
        })
        .collect()
    }

    /// The headings of the text, each with the index of its cell.
    pub(super) fn headings(&self) -> impl Iterator<Item = (usize, String)> {
        let text = self.cells.iter().enumerate().filter(|(_, cell)| !cells::is_code(cell));
        text.flat_map(|(index, cell)| {
            let source = cells::source(cell);
            let headings = source.lines().filter(|line| line.starts_with('#'));
            headings.map(|line| (index, line.to_owned())).collect::<Vec<_>>()
        })
    }

    /// Puts other code into the cell at `index`.
    pub(super) fn set_source(&mut self, index: usize, source: &str) {
        if let Some(cell) = self.cells.get_mut(index) {
            cell.insert("source".to_owned(), source.into());
        }
    }

    /// Forgets what an earlier run put out, which must not stand beside what this one does.
    pub(super) fn clear_outputs(&mut self) {
        for cell in self.cells.iter_mut().filter(|cell| cells::is_code(cell)) {
            cell.insert("execution_count".to_owned(), Value::Null);
            cell.insert("outputs".to_owned(), json!([]));
        }
    }

    /// Says that parcell is the notebook's kernel.
    pub(super) fn set_kernel(&mut self) {
        // `from_json` has made sure that there is such an object.
        let Some(Value::Object(metadata)) = self.document.get_mut("metadata") else {
            return;
        };
        metadata.insert(
            "kernelspec".to_owned(),
            json!({
                "name": identity::NAME,
                "display_name": identity::DISPLAY_NAME,
                "language": identity::LANGUAGE,
            }),
        );
        metadata.insert(
            "language_info".to_owned(),
            json!({
                "name": identity::LANGUAGE,
                "codemirror_mode": identity::LANGUAGE,
                "file_extension": identity::FILE_EXTENSION,
                "mimetype": identity::MIMETYPE,
                "pygments_lexer": identity::LANGUAGE,
            }),
        );
    }

    /// Keeps the widgets that the outputs show, which are then seen where no kernel runs; None where there are none.
    pub(super) fn set_widgets(&mut self, widgets: Option<Value>) {
        // `from_json` has made sure that there is such an object.
        let Some(Value::Object(metadata)) = self.document.get_mut("metadata") else {
            return;
        };
        // Those of an earlier run are of no use to the outputs of this one.
        metadata.remove("widgets");
        if let Some(state) = widgets {
            let widgets = json!({WIDGET_STATE: {"state": state, "version_major": 2, "version_minor": 0}});
            metadata.insert("widgets".to_owned(), widgets);
        }
    }

    /// Fills in what came of the cell at `index`.
    pub(super) fn record(&mut self, index: usize, execution_count: u32, outputs: Vec<Value>) {
        if let Some(cell) = self.cells.get_mut(index) {
            cell.insert("execution_count".to_owned(), execution_count.into());
            cell.insert("outputs".to_owned(), outputs.into());
        }
    }

    /// The notebook as a file, laid out as Jupyter does it so that differences to one that Jupyter has written are
    /// small.
    pub(super) fn into_json(self) -> Result<Vec<u8>, serde_json::Error> {
        let mut document = self.document;
        let cells = self.cells.into_iter().map(|mut cell| {
            let source = cells::source(&cell);
            cell.insert("source".to_owned(), session::lines(&source));
            Value::Object(cell)
        });
        document.insert("cells".to_owned(), cells.collect());
        let mut json = Vec::new();
        document.serialize(&mut Serializer::with_formatter(
            &mut json,
            PrettyFormatter::with_indent(b" "),
        ))?;
        json.push(b'\n');
        Ok(json)
    }

    fn set_minor_version(&mut self) {
        let minor = self.document.get("nbformat_minor").and_then(Value::as_u64).unwrap_or(0);
        self.document
            .insert("nbformat_minor".to_owned(), minor.max(MINOR_WITH_CELL_IDS).into());
    }
}

#[cfg(test)]
mod tests;
