//! Errors of the compiler, brought from the code that was compiled to the cells that it was made of.

use annotate_snippets::{AnnotationKind, Level, Snippet, Title};
use serde_json::Value;

use super::notes::{CellSpan, Child, ChildSnippet, Note};
use super::{cell_name, lines, render_at, renderer, visible};
use crate::cell::{Event, Provenance, SourceMap};
use crate::evaluation::{Diagnostic, Label, STORE};
use crate::library;
use crate::session::event::CellError;
use crate::session::gone::Gone;
use crate::session::locations::Locations;

/// More errors than this help nobody.
const SHOWN: usize = 20;

/// A cell and what was compiled in its place.
pub(in crate::session) struct Compiled<'a> {
    pub(in crate::session) cell: u32,
    pub(in crate::session) source: &'a str,
    pub(in crate::session) map: &'a SourceMap,
    pub(in crate::session) locations: &'a Locations,
    pub(in crate::session) gone: &'a Gone,
}

/// The error of a cell that does not compile.
pub(in crate::session) fn compile_error(errors: &[Diagnostic], compiled: &Compiled<'_>) -> CellError {
    let mut errors: Vec<_> = errors.iter().filter(|error| error.is_error).collect();
    errors.dedup_by_key(|error| (&error.message, &error.rendered));
    // What follows from a mistake elsewhere, in code that nobody wrote, only distracts.
    if errors.iter().any(|error| !compiled.annotations(error).is_empty()) {
        errors.retain(|error| !compiled.annotations(error).is_empty());
    }
    let mut traceback: Vec<String> = Vec::new();
    for error in errors.iter().take(SHOWN) {
        traceback.extend(lines(&compiled.render(error)));
        traceback.push(String::new());
    }
    if errors.len() > SHOWN {
        traceback.push(format!("and {} more errors", errors.len() - SHOWN));
    }
    traceback.pop_if(|line| line.is_empty());
    let evalue = errors
        .first()
        .map(|error| title(error))
        .unwrap_or_else(|| "the cell does not compile".to_owned());
    CellError {
        ename: "CompileError".to_owned(),
        evalue,
        traceback,
    }
}

fn title(error: &Diagnostic) -> String {
    if is_not_displayable(error) {
        return format!("error: {NOT_DISPLAYABLE}");
    }
    if let Some(refusal) = refusal(error) {
        return format!("error: {refusal}");
    }
    match &error.code {
        Some(code) => format!("error[{code}]: {}", error.message),
        None => format!("error: {}", without_status(&error.message)),
    }
}

fn title_with_code<'a>(message: &'a str, error: &'a Diagnostic) -> Title<'a> {
    let title = Level::ERROR.primary_title(message);
    match &error.code {
        Some(code) => title.id(code),
        None => title,
    }
}

/// A message of cargo's without its account of what it was doing, such as "    Updating the index".
fn without_status(message: &str) -> String {
    let is_status = |line: &&str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let verb = words
            .first()
            .is_some_and(|word| word.ends_with("ing") && word.starts_with(char::is_uppercase));
        (line.starts_with(' ') && verb) || line.starts_with("Blocking waiting")
    };
    let kept: Vec<_> = message.lines().skip_while(is_status).collect();
    let text = if kept.is_empty() {
        message.to_owned()
    } else {
        kept.join("\n")
    };
    text.strip_prefix("error: ").map(str::to_owned).unwrap_or(text)
}

impl Compiled<'_> {
    fn render(&self, error: &Diagnostic) -> String {
        let annotations = self.annotations(error);
        if annotations.is_empty() {
            return self.render_elsewhere(error);
        }
        let path = cell_name(self.cell);
        if is_not_displayable(error) {
            return render_not_displayable(&path, self.source, &annotations);
        }
        let message = self.in_text(&without_status(&error.message));
        let title = title_with_code(&message, error);
        let snippet = Snippet::source(self.source)
            .path(&path)
            .annotations(annotations.iter().map(Note::annotation));
        let mut primary = title.element(snippet);
        let children = self.children(&error.json);
        let mut groups = Vec::new();
        for child in &children {
            match &child.snippet {
                None => primary = primary.element(child.level().message(child.message.as_str())),
                Some(snippet) => groups.push(child.group(snippet)),
            }
        }
        groups.insert(0, primary);
        renderer().render(&groups)
    }

    /// A text of the compiler's about this cell, with places in it. Closures are known by theirs.
    fn in_text(&self, text: &str) -> String {
        let whole = text.replace("{closure@lib.rs:", &format!("{{closure@cell{}/lib.rs:", self.cell));
        self.locations.in_text(&whole)
    }

    /// An error in no line of this cell: in an item of an earlier one, or in generated code.
    fn render_elsewhere(&self, error: &Diagnostic) -> String {
        if let Some(refusal) = refusal(error)
            && let Some(rendered) = self.render_refusal(&refusal, error)
        {
            return rendered;
        }
        let spans = self.spans(&error.json);
        let Some(cell) = spans.first().map(|span| span.cell) else {
            let text = Some(&error.rendered).filter(|rendered| !rendered.is_empty());
            return self.locations.in_text(text.unwrap_or(&error.message));
        };
        let Some(source) = self.locations.source(cell) else {
            return error.message.clone();
        };
        let path = cell_name(cell);
        let title = title_with_code(&error.message, error);
        let notes: Vec<_> = spans
            .into_iter()
            .filter(|span| span.cell == cell)
            .map(|span| span.note)
            .collect();
        let snippet = Snippet::source(source)
            .path(&path)
            .annotations(notes.iter().map(Note::annotation));
        renderer().render(&[title.element(snippet)])
    }

    /// rustc tells the types that the library was compiled for, and so where a closure of a cell is.
    fn render_refusal(&self, refusal: &str, error: &Diagnostic) -> Option<String> {
        let marked = self.locations.marked_in(&error.rendered, Event::Panic(refusal));
        render_at(&Level::ERROR, refusal, marked, "refused", self.locations)
    }

    /// The error's own spans, on the cell.
    fn annotations(&self, error: &Diagnostic) -> Vec<Note> {
        let mut notes: Vec<Note> = Vec::new();
        for Label {
            range,
            text,
            is_primary,
        } in &error.labels
        {
            let end = range.end.max(range.start);
            let range = visible(self.source, self.map.place(range.start..end).range());
            let label = if text.starts_with("required by") {
                String::new()
            } else {
                // What stands there is generated.
                self.in_text(text).replace(&format!("`{STORE}`"), "the end of the cell")
            };
            match notes.iter_mut().find(|note| note.range == range) {
                Some(note) if note.label.is_empty() || label.is_empty() => {
                    note.label.push_str(&label);
                    note.primary |= is_primary;
                }
                _ => notes.push(Note {
                    range,
                    label,
                    primary: *is_primary,
                }),
            }
        }
        notes
    }

    /// rustc's notes and suggestions.
    fn children(&self, json: &Value) -> Vec<Child> {
        let children = json["children"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut children: Vec<_> = children.iter().filter_map(|child| self.child(child)).collect();
        if children.iter().any(Child::is_about_standing_workers) {
            // What `move` would capture is refused as well.
            children.retain(|child| !child.is_suggestion());
            children.push(Child::what_standing_workers_want());
        }
        let missing = json["message"].as_str().and_then(missing_name);
        if let Some(name) = missing.filter(|name| library::exports(name)) {
            children.extend(Child::imports(
                "consider importing what the library has",
                &[&format!("use parcell::{name};")],
            ));
        }
        if let Some(explanation) = missing.and_then(|name| self.gone.explanation(name)) {
            children.push(Child::help(explanation));
        }
        if children.iter().any(Child::is_about_references) {
            children.push(Child::what_is_sent());
        }
        children
    }

    fn child(&self, json: &Value) -> Option<Child> {
        let message = self.in_text(json["message"].as_str()?);
        if let Some(imports) = imports(json) {
            return Child::imports(&message, &imports);
        }
        let all_spans = json["spans"].as_array().map_or(0, Vec::len);
        let spans = self.spans(json);
        let is_suggestion = json["spans"][0]["suggested_replacement"].is_string();
        // Advice to change what nobody wrote is no help.
        if message.contains("parcell_")
            || message.contains("parcell::cell::")
            || (is_suggestion && spans.len() < all_spans)
        {
            return None;
        }
        let snippet = spans.first().map(|span| span.cell).and_then(|cell| {
            let source = self.locations.source(cell)?.to_owned();
            let notes = spans.into_iter().filter(|span| span.cell == cell).collect();
            Some(ChildSnippet {
                cell,
                source,
                spans: notes,
            })
        });
        Some(Child {
            is_help: json["level"] == "help",
            message,
            snippet,
        })
    }

    /// The spans of compiled code that come from cells.
    fn spans(&self, json: &Value) -> Vec<CellSpan> {
        let spans = json["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
        spans.iter().filter_map(|span| self.span(span)).collect()
    }

    fn span(&self, span: &Value) -> Option<CellSpan> {
        if !span["file_name"].as_str()?.ends_with("lib.rs") {
            return None;
        }
        let number = |name: &str| span[name].as_u64().and_then(|number| usize::try_from(number).ok());
        let start = (number("line_start")?, number("column_start")?);
        let end = (number("line_end")?, number("column_end")?);
        let (cell, place) = self.locations.place(self.cell, start, end)?;
        let Provenance::Written(range) = place else { return None };
        Some(CellSpan {
            cell,
            note: Note {
                range,
                label: span["label"].as_str().unwrap_or_default().to_owned(),
                primary: span["is_primary"] == true,
            },
            replacement: span["suggested_replacement"].as_str().map(str::to_owned),
        })
    }
}

/// What a library has refused when it was compiled for a cell's types, in its words: a panic of a constant. Where that is
/// in the library is of no interest.
fn refusal(error: &Diagnostic) -> Option<String> {
    error.message.strip_prefix("evaluation panicked: ").map(str::to_owned)
}

/// The name that a scope has not, according to a message such as "cannot find type `Array` in this scope".
fn missing_name(message: &str) -> Option<&str> {
    let (_, name) = message.strip_suffix("` in this scope")?.rsplit_once('`')?;
    message.starts_with("cannot find ").then_some(name)
}

/// The imports that rustc suggests: it would put them at the top of its crate, where no cell is.
fn imports(json: &Value) -> Option<Vec<&str>> {
    let spans = json["spans"].as_array()?;
    let replacements = spans.iter().map(|span| span["suggested_replacement"].as_str());
    let imports: Option<Vec<&str>> = replacements
        .map(|replacement| replacement.map(str::trim).filter(|text| text.starts_with("use ")))
        .collect();
    imports.filter(|imports| !imports.is_empty())
}

const NOT_DISPLAYABLE: &str = "the value of the last expression cannot be shown";

/// Whether the mistake is that the value at the end of the cell cannot be shown.
fn is_not_displayable(error: &Diagnostic) -> bool {
    error.message.contains("`evcxr_display`")
}

fn render_not_displayable(path: &str, source: &str, annotations: &[Note]) -> String {
    let marked = annotations.iter().find(|note| note.primary).or(annotations.first());
    let range = marked.map(|note| note.range.clone()).unwrap_or_default();
    let snippet = Snippet::source(source).path(path).annotation(
        AnnotationKind::Primary
            .span(range)
            .label("its type doesn't implement `Debug`"),
    );
    let help = "add `#[derive(Debug)]` to the type, or end the line with `;` to show nothing";
    let title = Level::ERROR.primary_title(NOT_DISPLAYABLE);
    renderer().render(&[title.element(snippet).element(Level::HELP.message(help))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_s_status_is_left_out_of_messages() {
        let message = "    Updating the index\nerror: no matching package named `x` found\nlocation searched";
        assert_eq!(
            without_status(message),
            "no matching package named `x` found\nlocation searched"
        );
        assert_eq!(without_status("mismatched types"), "mismatched types");
    }

    #[test]
    fn the_name_that_is_missing_is_read() {
        assert_eq!(missing_name("cannot find type `Array` in this scope"), Some("Array"));
        assert_eq!(missing_name("cannot find macro `plot` in this scope"), Some("plot"));
        assert_eq!(missing_name("mismatched types"), None);
    }

    #[test]
    fn imports_are_read_from_suggestions() {
        let suggestion = |texts: &[&str]| {
            let spans = texts
                .iter()
                .map(|text| serde_json::json!({"suggested_replacement": text}));
            serde_json::json!({"spans": spans.collect::<Vec<_>>()})
        };
        let both = suggestion(&["use a::X;\n", "use b::X;\n\n"]);
        assert_eq!(imports(&both), Some(vec!["use a::X;", "use b::X;"]));
        assert_eq!(imports(&suggestion(&["use a::X;\n", "y"])), None);
        assert_eq!(imports(&suggestion(&[])), None);
    }
}
