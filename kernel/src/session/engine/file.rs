//! Files that `%run` runs: Rust, or the code cells of a notebook.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cell::{self, DefinitionKind};

/// A piece of code that is run as a cell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Code {
    pub(super) text: String,
    /// Which of the notebook's code cells it is, counted from 1.
    pub(super) cell: Option<usize>,
}

/// Why a file cannot be run.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("it is no notebook: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error("it is no notebook: it has no list of `cells`")]
    NoCells,
}

/// The file that a line with `%run` or `%load` names, where it is there: no process is asked for its working directory.
pub(super) fn named_in(line: &str) -> Option<PathBuf> {
    let (_, name) = line.trim().split_once(char::is_whitespace)?;
    Some(PathBuf::from(name.trim())).filter(|path| path.is_file())
}

/// What is run for a file.
pub(super) fn read(path: &Path) -> Result<Vec<Code>, ReadError> {
    let text = fs::read_to_string(path)?;
    if path.extension().is_some_and(|extension| extension == "ipynb") {
        of_notebook(&text)
    } else {
        Ok(vec![Code {
            text: of_program(&text),
            cell: None,
        }])
    }
}

fn of_notebook(text: &str) -> Result<Vec<Code>, ReadError> {
    let notebook: Value = serde_json::from_str(text)?;
    let cells = notebook["cells"].as_array().ok_or(ReadError::NoCells)?;
    let code = cells.iter().filter(|cell| cell["cell_type"] == "code");
    Ok(code
        .enumerate()
        .map(|(index, cell)| Code {
            text: source(&cell["source"]),
            cell: Some(index + 1),
        })
        .collect())
}

/// The format has room for a text and for a list of its lines.
fn source(source: &Value) -> String {
    match source {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// A program's `main` is called. What its comments at the top say is about a file, which a cell is not.
fn of_program(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut is_top = true;
    for line in text.split_inclusive('\n') {
        let begin = line.trim_start();
        is_top &= begin.trim().is_empty() || begin.starts_with("//") || begin.starts_with("#!");
        match line.split_once("//!") {
            Some((indent, rest)) if is_top && indent.trim().is_empty() => {
                code.push_str(indent);
                code.push_str("// ");
                code.push_str(rest);
            }
            _ => code.push_str(line),
        }
    }
    let is_main =
        |definition: &cell::Definition| definition.kind == DefinitionKind::Function && definition.name == "main";
    if cell::definitions(&code).iter().any(is_main) {
        code.push_str("\nmain()");
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_function_of_a_program_is_called() {
        assert_eq!(
            of_program("//! A program.\n\nfn main() {\n    //! Inside.\n}\n"),
            "//  A program.\n\nfn main() {\n    //! Inside.\n}\n\nmain()"
        );
        assert_eq!(
            of_program("fn double(n: u8) -> u8 { n * 2 }\n"),
            "fn double(n: u8) -> u8 { n * 2 }\n"
        );
    }

    #[test]
    fn the_code_of_a_notebook_is_run_cell_by_cell() {
        let notebook = r##"{"cells": [
            {"cell_type": "markdown", "source": "# Title"},
            {"cell_type": "code", "source": ["let a = 1;\n", "a"]},
            {"cell_type": "code", "source": "a + 1"}
        ]}"##;
        let codes = of_notebook(notebook).unwrap();
        let texts: Vec<_> = codes
            .iter()
            .map(|code| (code.text.as_str(), code.cell.unwrap()))
            .collect();
        assert_eq!(texts, [("let a = 1;\na", 1), ("a + 1", 2)]);
        for (wrong, why) in [("{}", "no list of `cells`"), ("no json", "no notebook")] {
            let error = of_notebook(wrong).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
