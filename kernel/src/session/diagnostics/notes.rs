//! What the compiler says beside an error's title: marks on the code, notes, and suggestions. Where it asks for a
//! function that outlives its cell, this says what standing workers want.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Snippet};

use super::cell_name;

/// A marked part of a source.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub(super) range: Range<usize>,
    pub(super) label: String,
    pub(super) primary: bool,
}

impl Note {
    pub(super) fn annotation(&self) -> Annotation<'_> {
        let kind = if self.primary {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let annotation = kind.span(self.range.clone());
        if self.label.is_empty() {
            annotation
        } else {
            annotation.label(self.label.as_str())
        }
    }
}

/// A span of compiled code that comes from a cell.
pub(super) struct CellSpan {
    pub(super) cell: u32,
    pub(super) note: Note,
    pub(super) replacement: Option<String>,
}

/// A note or a suggestion that belongs to an error.
pub(super) struct Child {
    pub(super) is_help: bool,
    pub(super) message: String,
    pub(super) snippet: Option<ChildSnippet>,
}

pub(super) struct ChildSnippet {
    pub(super) cell: u32,
    pub(super) source: String,
    pub(super) spans: Vec<CellSpan>,
}

/// What rustc says of a function that has to hold without what surrounds it.
const MUST_OUTLIVE: &str = "function requires argument type to outlive `'static`";

/// The library's methods whose function is sent to standing workers.
const SENT_BY: [&str; 2] = [".submit(", ".apply_async("];

const STANDING_WORKERS: &str = "a function for standing workers or a cluster captures nothing: use `Pool::map`, `Pool::apply` or \
     `Process::spawn`, whose workers see what a closure captures, or give what it needs as the argument";

/// What rustc says of a reference that has to travel.
const MUST_IMPLEMENT: &str = "must implement `Deserialize<'0>`, for any lifetime";

const SENT_VALUES: &str = "references cannot be sent to a worker: use owned values, such as `String` for `&str`";

/// More imports than this are a guess.
const MOST_IMPORTS: usize = 6;
/// Modules that generated code uses, and that nobody should import from.
const INTERNAL: [&str; 2] = ["parcell::cell", "parcell_type_"];

impl Child {
    /// Advice to import one of these; None where none is of use.
    pub(super) fn imports(advice: &str, imports: &[&str]) -> Option<Child> {
        let is_internal = |import: &&&str| INTERNAL.iter().any(|module| import.contains(module));
        let mut listed: Vec<String> = imports
            .iter()
            .filter(|import| !is_internal(import))
            .map(|import| format!("`{import}`"))
            .collect();
        if listed.len() > MOST_IMPORTS {
            let more = listed.len() - MOST_IMPORTS;
            listed.truncate(MOST_IMPORTS);
            listed.push(format!("and {more} more"));
        }
        let message = match &listed[..] {
            [] => return None,
            [one] => format!("{advice}: {one}"),
            several => format!("{advice}:\n{}", several.join("\n")),
        };
        Some(Child::help(message))
    }

    /// Advice of our own.
    pub(super) fn help(message: String) -> Child {
        Child {
            is_help: true,
            message,
            snippet: None,
        }
    }

    pub(super) fn what_standing_workers_want() -> Child {
        Child::help(STANDING_WORKERS.to_owned())
    }

    pub(super) fn what_is_sent() -> Child {
        Child::help(SENT_VALUES.to_owned())
    }

    /// Whether the error is that a reference was to be sent to a worker.
    pub(super) fn is_about_references(&self) -> bool {
        self.message.contains(MUST_IMPLEMENT)
    }

    /// Whether the error is that a closure captures references, and standing workers or a cluster were to run it.
    pub(super) fn is_about_standing_workers(&self) -> bool {
        let is_sent = |snippet: &ChildSnippet| {
            let mut marked = snippet
                .spans
                .iter()
                .filter_map(|span| snippet.source.get(span.note.range.clone()));
            marked.any(|code| SENT_BY.iter().any(|method| code.contains(method)))
        };
        // Where it is no code of the user's that wants it, it is that of a map on a cluster.
        self.message == MUST_OUTLIVE && self.snippet.as_ref().is_none_or(is_sent)
    }

    pub(super) fn is_suggestion(&self) -> bool {
        let spans = self.snippet.iter().flat_map(|snippet| &snippet.spans);
        spans.into_iter().any(|span| span.replacement.is_some())
    }

    pub(super) fn level(&self) -> Level<'static> {
        if self.is_help { Level::HELP } else { Level::NOTE }
    }

    pub(super) fn group<'a>(&'a self, snippet: &'a ChildSnippet) -> Group<'a> {
        let title = self.level().secondary_title(self.message.as_str());
        let replacements: Vec<_> = snippet
            .spans
            .iter()
            .filter_map(|span| Some((span.note.range.clone(), span.replacement.as_deref()?)))
            .collect();
        if replacements.is_empty() {
            let annotations = snippet.spans.iter().map(|span| span.note.annotation());
            return title.element(
                Snippet::source(snippet.source.as_str())
                    .path(cell_name(snippet.cell))
                    .annotations(annotations),
            );
        }
        let patches = replacements
            .into_iter()
            .map(|(range, replacement)| Patch::new(range, replacement));
        title.element(
            Snippet::source(snippet.source.as_str())
                .path(cell_name(snippet.cell))
                .patches(patches),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_listed_without_internal_ones() {
        let advice = |imports: &[&str]| Some(Child::imports("consider importing", imports)?.message);
        assert_eq!(
            advice(&["use a::X;"]).as_deref(),
            Some("consider importing: `use a::X;`")
        );
        assert_eq!(
            advice(&["use a::X;", "use parcell::cell::X;", "use b::X;"]).as_deref(),
            Some("consider importing:\n`use a::X;`\n`use b::X;`")
        );
        assert_eq!(advice(&["use parcell::cell::X;"]), None);
        let many = advice(&["use a::X;"; 9]).unwrap();
        assert!(many.ends_with("`use a::X;`\nand 3 more"), "{many}");
    }
}
