//! What went wrong, shown on the cell as it was written, in the way of rustc.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet, Title};
use evcxr::CompilationError;
use serde_json::Value;

use super::backtrace;
use super::event::CellError;
use super::locations::{Location, Locations};
use super::output::Panic;
use crate::cell::{MagicError, Place, SourceMap};

/// More errors than this help nobody.
const SHOWN: usize = 20;

/// How many columns a line of code has with what marks it, before the part without marks is left out. This is a line as
/// long as rustfmt makes it, behind a line number; JupyterLab shows as much in a window of 1280 pixels, and wraps what is
/// longer, so that marks would not be below what they mark.
const WIDTH: usize = 106;

/// A cell and what was compiled in its place.
pub(super) struct Compiled<'a> {
    pub(super) cell: u32,
    pub(super) source: &'a str,
    pub(super) map: &'a SourceMap,
    pub(super) locations: &'a Locations,
}

/// The error of a cell that does not compile.
pub(super) fn compile_error(errors: &[CompilationError], compiled: &Compiled<'_>) -> CellError {
    let is_error = |error: &&CompilationError| !matches!(error.level(), "warning" | "note");
    let mut errors: Vec<_> = errors.iter().filter(is_error).collect();
    errors.dedup_by_key(|error| (error.message(), error.rendered()));
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

/// The error of a cell whose magic is wrong.
pub(super) fn magic_error(error: &MagicError, cell: u32, source: &str) -> CellError {
    let path = cell_name(cell);
    let snippet = Snippet::source(source).path(&path).annotation(
        AnnotationKind::Primary
            .span(visible(source, error.range.clone()))
            .label(&error.label),
    );
    let report = [Level::ERROR
        .primary_title(&error.message)
        .element(snippet)
        .element(Level::HELP.message(&error.help))];
    CellError {
        ename: "MagicError".to_owned(),
        evalue: error.message.clone(),
        traceback: lines(&renderer().render(&report)),
    }
}

/// The error of a cell that panicked.
pub(super) fn panic_error(panic: &Panic, locations: &Locations) -> CellError {
    let message = locations.in_text(&panic.message);
    let level = Level::ERROR.with_name("panic");
    let frames = panic.frames(locations);
    let place = panic.compiled_place();
    let rendered = render_at(&level, &message, locations.first_in(&place), "panicked here", locations)
        .or_else(|| {
            // Code of a crate panicked, and this is where a cell called it.
            let message = format!("{message}, at {place}");
            let location = frames.first().map(|frame| frame.location);
            render_at(&level, &message, location, "called from here", locations)
        })
        .unwrap_or_else(|| {
            let title = format!("panicked at {}: {message}", panic.place(locations));
            renderer().render(&[Group::with_title(level.primary_title(title))])
        });
    let mut traceback = lines(&rendered);
    traceback.extend(backtrace::lines(&frames));
    CellError {
        ename: "Panic".to_owned(),
        evalue: message,
        traceback,
    }
}

/// The error that `?` took out of a cell at a compiled place, and what caused it.
pub(super) fn early_return(
    ename: String,
    evalue: &str,
    place: &str,
    causes: &[String],
    locations: &Locations,
) -> CellError {
    let level = Level::ERROR.with_name(ename.as_str());
    let rendered = render_at(
        &level,
        evalue,
        locations.first_in(place),
        "`?` left the cell here",
        locations,
    )
    .unwrap_or_else(|| renderer().render(&[Group::with_title(level.clone().primary_title(evalue))]));
    let mut traceback = lines(&rendered);
    traceback.extend_from_slice(causes);
    CellError {
        ename,
        evalue: evalue.to_owned(),
        traceback,
    }
}

/// The error of a cell whose workers failed, which the library has put into words.
pub(super) fn failure(ename: String, evalue: &str, more: &[String], locations: &Locations) -> CellError {
    let message = locations.in_text(evalue);
    let rendered = render_at(
        &Level::ERROR,
        &message,
        locations.first_in(evalue),
        "panicked here",
        locations,
    )
    .unwrap_or_else(|| renderer().render(&[Group::with_title(Level::ERROR.primary_title(&message))]));
    let mut traceback = lines(&rendered);
    traceback.extend(more.iter().map(|line| locations.in_text(line)));
    CellError {
        ename,
        evalue: message,
        traceback,
    }
}

/// A message with the line of a cell that it is about; None where there is no such line.
fn render_at(
    level: &Level<'_>,
    message: &str,
    location: Option<Location>,
    label: &str,
    locations: &Locations,
) -> Option<String> {
    let location = location?;
    let range = locations.line_range(location)?;
    let snippet = Snippet::source(locations.source(location.cell)?)
        .path(cell_name(location.cell))
        .annotation(AnnotationKind::Primary.span(range).label(label));
    Some(renderer().render(&[level.clone().primary_title(message).element(snippet)]))
}

/// What a library has refused when it was compiled for a cell's types, in its words: a panic of a constant. Where that is
/// in the library is of no interest.
fn refusal(error: &CompilationError) -> Option<String> {
    error.message().strip_prefix("evaluation panicked: ").map(str::to_owned)
}

/// An error that is only a sentence.
pub(super) fn plain_error(ename: &str, evalue: &str) -> CellError {
    CellError {
        ename: ename.to_owned(),
        evalue: evalue.to_owned(),
        traceback: lines(&format!("\x1b[1;31m{ename}\x1b[0m: {evalue}")),
    }
}

/// How messages name a cell. What a client has evaluated after a cell has no number.
fn cell_name(cell: u32) -> String {
    match cell {
        0 => "expression".to_owned(),
        cell => format!("cell {cell}"),
    }
}

fn title(error: &CompilationError) -> String {
    if is_not_displayable(error) {
        return format!("error: {NOT_DISPLAYABLE}");
    }
    if let Some(refusal) = refusal(error) {
        return format!("error: {refusal}");
    }
    match error.code() {
        Some(code) => format!("error[{code}]: {}", error.message()),
        None => format!("error: {}", without_status(&error.message())),
    }
}

fn title_with_code<'a>(message: &'a str, error: &'a CompilationError) -> Title<'a> {
    let title = Level::ERROR.primary_title(message);
    match error.code() {
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
    fn render(&self, error: &CompilationError) -> String {
        let annotations = self.annotations(error);
        if annotations.is_empty() {
            return self.render_elsewhere(error);
        }
        let path = cell_name(self.cell);
        if is_not_displayable(error) {
            return render_not_displayable(&path, self.source, &annotations);
        }
        let message = self.locations.in_text(&without_status(&error.message()));
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

    /// An error in no line of this cell: in an item of an earlier one, or in generated code.
    fn render_elsewhere(&self, error: &CompilationError) -> String {
        if let Some(refusal) = refusal(error)
            && let Some(rendered) = self.render_refusal(&refusal, error)
        {
            return rendered;
        }
        let spans = self.spans(&error.json);
        let Some((cell, _)) = spans.first().map(|span| (span.cell, ())) else {
            let rendered = error.rendered();
            return self
                .locations
                .in_text(if rendered.is_empty() { error.message() } else { rendered }.as_str());
        };
        let Some(source) = self.locations.source(cell) else {
            return error.message();
        };
        let path = cell_name(cell);
        let message = error.message();
        let title = title_with_code(&message, error);
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
    fn render_refusal(&self, refusal: &str, error: &CompilationError) -> Option<String> {
        let location = self.locations.first_in(&error.rendered());
        render_at(&Level::ERROR, refusal, location, "refused", self.locations)
    }

    /// The error's own spans, on the cell.
    fn annotations(&self, error: &CompilationError) -> Vec<Note> {
        let mut notes: Vec<Note> = Vec::new();
        for spanned in error.spanned_messages() {
            let Some(span) = &spanned.span else { continue };
            let text = self.map.text();
            let (Some(start), Some(end)) = (
                position(text, span.start_line, span.start_column),
                position(text, span.end_line, span.end_column),
            ) else {
                continue;
            };
            let range = visible(self.source, self.map.place(start..end.max(start)).range());
            // evcxr puts the message there where rustc has no label.
            let label = if spanned.label.ends_with(&error.message()) || spanned.label.starts_with("required by") {
                String::new()
            } else {
                // What stands there is generated.
                spanned.label.replace("`evcxr_variable_store`", "the end of the cell")
            };
            match notes.iter_mut().find(|note| note.range == range) {
                Some(note) if note.label.is_empty() || label.is_empty() => {
                    note.label.push_str(&label);
                    note.primary |= spanned.is_primary;
                }
                _ => notes.push(Note {
                    range,
                    label,
                    primary: spanned.is_primary,
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
            children.push(Child {
                is_help: true,
                message: STANDING_WORKERS.to_owned(),
                snippet: None,
            });
        }
        children
    }

    fn child(&self, json: &Value) -> Option<Child> {
        let message = self.locations.in_text(json["message"].as_str()?);
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
        let Place::Written(range) = place else { return None };
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

const NOT_DISPLAYABLE: &str = "the value of the last expression cannot be shown";

/// Whether the mistake is that the value at the end of the cell cannot be shown.
fn is_not_displayable(error: &CompilationError) -> bool {
    error.message().contains("`evcxr_display`")
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

/// A marked part of a source.
#[derive(Clone, Debug)]
struct Note {
    range: Range<usize>,
    label: String,
    primary: bool,
}

impl Note {
    fn annotation(&self) -> Annotation<'_> {
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
struct CellSpan {
    cell: u32,
    note: Note,
    replacement: Option<String>,
}

/// A note or a suggestion that belongs to an error.
struct Child {
    is_help: bool,
    message: String,
    snippet: Option<ChildSnippet>,
}

struct ChildSnippet {
    cell: u32,
    source: String,
    spans: Vec<CellSpan>,
}

/// What rustc says of a function that has to hold without what surrounds it.
const MUST_OUTLIVE: &str = "function requires argument type to outlive `'static`";

/// The library's methods whose function is sent to standing workers.
const SENT_BY: [&str; 2] = [".submit(", ".apply_async("];

const STANDING_WORKERS: &str = "a function for standing workers captures nothing: use `Pool::map`, `Pool::apply` or \
     `Process::spawn`, whose workers see what a closure captures, or give what it needs as the argument";

impl Child {
    /// Whether the error is that a closure captures references, and standing workers were to run it.
    fn is_about_standing_workers(&self) -> bool {
        let is_sent = |snippet: &ChildSnippet| {
            let mut marked = snippet
                .spans
                .iter()
                .filter_map(|span| snippet.source.get(span.note.range.clone()));
            marked.any(|code| SENT_BY.iter().any(|method| code.contains(method)))
        };
        self.message == MUST_OUTLIVE && self.snippet.as_ref().is_some_and(is_sent)
    }

    fn is_suggestion(&self) -> bool {
        let spans = self.snippet.iter().flat_map(|snippet| &snippet.spans);
        spans.into_iter().any(|span| span.replacement.is_some())
    }

    fn level(&self) -> Level<'static> {
        if self.is_help { Level::HELP } else { Level::NOTE }
    }

    fn group<'a>(&'a self, snippet: &'a ChildSnippet) -> Group<'a> {
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

/// The byte offset of a line and a column in characters, both counted from 1.
fn position(text: &str, line: usize, column: usize) -> Option<usize> {
    let start = match line.checked_sub(1)? {
        0 => 0,
        before => text.match_indices('\n').nth(before - 1)?.0 + 1,
    };
    let line = text[start..].split('\n').next().unwrap_or_default();
    let column = column.checked_sub(1)?;
    Some(start + line.char_indices().nth(column).map_or(line.len(), |(offset, _)| offset))
}

/// A range that can be marked: within the text, and not empty where something is there.
fn visible(source: &str, range: Range<usize>) -> Range<usize> {
    let start = source.floor_char_boundary(range.start.min(source.len()));
    let end = source.ceil_char_boundary(range.end.clamp(start, source.len()));
    start..end
}

fn renderer() -> Renderer {
    let renderer = if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        Renderer::plain()
    } else {
        Renderer::styled()
    };
    renderer.term_width(WIDTH)
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
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
    fn positions_count_characters() {
        let text = "é = 1;\nlet b;";
        assert_eq!(position(text, 1, 3).map(|at| &text[at..at + 1]), Some("="));
        assert_eq!(position(text, 2, 5).map(|at| &text[at..]), Some("b;"));
        assert_eq!(position(text, 2, 99), Some(text.len()));
        assert_eq!(position(text, 3, 1), None);
    }

    #[test]
    fn a_wrong_magic_is_shown_on_its_line() {
        let source = "%%pool -n abc 0..3\nfn f(x: u8) {}";
        let error = MagicError {
            message: "`abc` is not a number".into(),
            range: 10..13,
            label: "not a number".into(),
            help: "give a number".into(),
        };
        let shown = magic_error(&error, 3, source).traceback.join("\n");
        for part in ["cell 3:1:11", "%%pool -n abc 0..3", "not a number", "give a number"] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }

    #[test]
    fn of_a_long_line_the_part_that_is_marked_is_shown() {
        let source = format!("%%pool -n 4 {} abc", "0..3 ".repeat(60));
        let at = source.len() - 3;
        let error = MagicError {
            message: "`abc` is too much".into(),
            range: at..source.len(),
            label: "too much".into(),
            help: "leave it out".into(),
        };
        let shown = anstream::adapter::strip_str(&magic_error(&error, 3, &source).traceback.join("\n")).to_string();
        let longest = shown.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(WIDTH), "{shown}");
        assert!(shown.contains("0..3  abc"), "{shown}");
    }
}
