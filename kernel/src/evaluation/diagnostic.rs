//! What the compiler says about generated source, brought to the code that is being evaluated.

use std::ops::Range;

use serde_json::Value;

use super::source::{Origin, Source};
use crate::toolchain::{CELL_FILES, Revised};

/// A message of the compiler's, or one of ours about a command.
#[derive(Clone, Debug)]
pub(crate) struct Diagnostic {
    pub(crate) message: String,
    /// Such as E0382.
    pub(crate) code: Option<String>,
    /// Whether it is an error, and no warning or note.
    pub(crate) is_error: bool,
    /// As the compiler shows it.
    pub(crate) rendered: String,
    /// What it marks in the code that is being evaluated.
    pub(crate) labels: Vec<Label>,
    /// As the compiler said it.
    pub(crate) json: Value,
    origins: Vec<Origin>,
}

/// A mark on the code that is being evaluated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Label {
    /// In bytes.
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
    pub(crate) is_primary: bool,
}

/// What was compiled: the generated source, and what it was made into for the compiler.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compiled<'a> {
    pub(super) source: &'a Source,
    pub(super) revised: &'a Revised,
}

impl Diagnostic {
    /// None where it only sums up others.
    pub(super) fn read(json: &Value, compiled: Compiled<'_>) -> Option<Diagnostic> {
        let mut json = json;
        let mut origins = compiled.origins(json);
        for child in children(json) {
            let of_child = compiled.origins(child);
            if !origins.iter().any(is_written) && of_child.iter().any(is_written) {
                // What is wrong with generated code follows from what was written.
                json = child;
                origins = of_child;
                break;
            }
            origins.extend(of_child);
        }
        let message = json["message"].as_str()?;
        let unended = origins.iter().any(|origin| matches!(origin, Origin::End { .. }));
        let message = at_the_end(message, unended);
        let sums_up = ["aborting due to", "For more information about", "Some errors "];
        if sums_up.iter().any(|start| message.starts_with(start)) {
            return None;
        }
        Some(Diagnostic {
            message,
            code: json["code"]["code"].as_str().map(str::to_owned),
            is_error: !matches!(json["level"].as_str(), Some("warning" | "note")),
            rendered: json["rendered"].as_str().unwrap_or_default().to_owned(),
            labels: compiled.labels(json, unended),
            json: json.clone(),
            origins,
        })
    }

    /// One of ours, about a part of the code.
    pub(super) fn about(message: impl Into<String>, range: Range<usize>) -> Diagnostic {
        let origin = Origin::Cell { start: range.start };
        Diagnostic {
            message: message.into(),
            code: None,
            is_error: true,
            rendered: String::new(),
            labels: vec![Label {
                range,
                text: String::new(),
                is_primary: true,
            }],
            json: Value::Null,
            origins: vec![origin],
        }
    }

    /// One that is about no part of the code.
    pub(super) fn general(message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            labels: Vec::new(),
            origins: Vec::new(),
            ..Diagnostic::about(message, 0..0)
        }
    }

    /// Whether it is about what a person wrote.
    pub(super) fn is_about_cells(&self) -> bool {
        self.origins.iter().any(is_written)
    }

    /// Those variables that it says something about storing of.
    pub(super) fn stored_variables(&self) -> impl Iterator<Item = &str> {
        self.origins.iter().filter_map(|origin| match origin {
            Origin::Storing(variable) => Some(variable.as_str()),
            _ => None,
        })
    }

    /// The compiler's explanation of this kind of error.
    pub(super) fn explanation(&self) -> Option<&str> {
        self.json["code"]["explanation"].as_str()
    }
}

fn is_written(origin: &Origin) -> bool {
    matches!(origin, Origin::Cell { .. } | Origin::Earlier | Origin::End { .. })
}

/// A message without what nobody has written, where that ends the code.
fn at_the_end(message: &str, unended: bool) -> String {
    match unended {
        true => message.replace("`;`", "the end of the cell"),
        false => message.to_owned(),
    }
}

fn children(json: &Value) -> &[Value] {
    json["children"].as_array().map(Vec::as_slice).unwrap_or_default()
}

impl Compiled<'_> {
    fn origins(&self, json: &Value) -> Vec<Origin> {
        spans(json)
            .filter_map(|span| self.range(span))
            .flat_map(|range| self.source.origins(range))
            .cloned()
            .collect()
    }

    fn labels(&self, json: &Value, unended: bool) -> Vec<Label> {
        let labels = spans(json).filter_map(|span| {
            Some(Label {
                range: self.source.in_cell(self.range(span)?)?,
                text: at_the_end(span["label"].as_str().unwrap_or_default(), unended),
                is_primary: span["is_primary"] == true,
            })
        });
        labels.collect()
    }

    /// Where a span is in the generated source; that of a macro's expansion is where the macro is called.
    fn range(&self, span: &Value) -> Option<Range<usize>> {
        if !is_cell_file(span["file_name"].as_str()?) {
            return self.range(span["expansion"].get("span")?);
        }
        let offset = |name: &str| usize::try_from(span[name].as_u64()?).ok();
        let start = self.revised.original(offset("byte_start")?);
        Some(start..self.revised.original(offset("byte_end")?).max(start))
    }
}

fn spans(json: &Value) -> impl Iterator<Item = &Value> {
    json["spans"].as_array().into_iter().flatten()
}

/// Whether this is the file that cells are compiled from, by the name that the compiler shows.
fn is_cell_file(name: &str) -> bool {
    let number = name
        .strip_prefix(CELL_FILES)
        .and_then(|rest| rest.strip_suffix("/lib.rs"));
    name == "src/lib.rs"
        || number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::source::Code;
    use super::*;

    fn source() -> Source {
        let mut source = Source::default();
        source.generate("fn f() {");
        let text = "let a = b;".to_owned();
        source.code(&Code { text, start: Some(3) });
        source.store("a", "put(a);");
        source
    }

    fn span(file: &str, start: usize, end: usize) -> Value {
        json!({"file_name": file, "byte_start": start, "byte_end": end, "is_primary": true, "label": "here"})
    }

    fn read(json: &Value) -> Option<Diagnostic> {
        let source = source();
        let revised = crate::toolchain::Identities::default().apply(source.text());
        let compiled = Compiled {
            source: &source,
            revised: &revised,
        };
        Diagnostic::read(json, compiled)
    }

    #[test]
    fn marks_are_brought_to_the_cell() {
        let json = json!({"message": "no `b`", "level": "error", "code": {"code": "E0425"},
                          "spans": [span("cell7/lib.rs", 17, 18)], "children": []});
        let diagnostic = read(&json).unwrap();
        let label = Label {
            range: 11..12,
            text: "here".to_owned(),
            is_primary: true,
        };
        assert_eq!(diagnostic.labels, [label]);
        assert!(diagnostic.is_error && diagnostic.is_about_cells());
        assert_eq!(diagnostic.code.as_deref(), Some("E0425"));
        assert_eq!(
            read(&json!({"message": "aborting due to 1 previous error", "spans": []})).map(|d| d.message),
            None
        );
    }

    #[test]
    fn what_a_macro_expands_to_is_where_it_is_called() {
        let mut inner = span("/rustc/library/std/src/macros.rs", 1, 2);
        inner["expansion"] = json!({"span": span("src/lib.rs", 13, 14)});
        let json = json!({"message": "m", "level": "error", "spans": [inner]});
        assert_eq!(read(&json).unwrap().labels[0].range, 7..8);
        let elsewhere = json!({"message": "m", "level": "error", "spans": [span("/x/src/lib.rs", 13, 14)]});
        assert!(read(&elsewhere).unwrap().labels.is_empty());
    }

    #[test]
    fn what_is_wrong_with_storing_is_known_by_the_variable() {
        let json = json!({"message": "moved", "level": "error", "spans": [span("cell1/lib.rs", 24, 25)]});
        let diagnostic = read(&json).unwrap();
        assert_eq!(diagnostic.stored_variables().collect::<Vec<_>>(), ["a"]);
        assert!(!diagnostic.is_about_cells());
        let child = json!({"message": "because of this", "level": "help", "spans": [span("cell1/lib.rs", 13, 14)]});
        let with_child =
            json!({"message": "bad", "level": "error", "spans": [span("cell1/lib.rs", 24, 25)], "children": [child]});
        assert_eq!(read(&with_child).unwrap().message, "because of this");
    }
}
