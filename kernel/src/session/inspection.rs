//! Inspection: what something is, and its documentation and source.

use serde_json::json;

use super::documentation::{Part, Style, render};
use super::event::MimeBundle;
use super::knowledge::{Item, Knowledge};
use super::sources;
use crate::cell::{self, Cursor, MagicHelp, Subject, SubjectKind};
use crate::evaluation::Look;

/// How much is to be said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Detail {
    /// What it is, and its documentation.
    Documentation,
    /// Its source too.
    Source,
}

/// The help as Markdown and as plain text.
pub(super) fn bundle(parts: &[Part]) -> MimeBundle {
    let mut bundle = MimeBundle::new();
    bundle.insert("text/plain".to_owned(), json!(render(parts, Style::Plain)));
    bundle.insert("text/markdown".to_owned(), json!(render(parts, Style::Markdown)));
    bundle
}

/// Help that needs no analysis: on magics, options and commands.
pub(super) fn known_word(code: &str, cursor: &Cursor) -> Option<Vec<Part>> {
    match cursor {
        Cursor::Magic { word } => named(&code[word.clone()]),
        Cursor::Option { magic, word } => {
            let option = magic.option(&code[word.clone()])?;
            Some(vec![Part::Text(format!(
                "`{}` of `{}`: {}",
                option.usage(),
                magic.name,
                option.description()
            ))])
        }
        Cursor::Command { word } => named(&code[word.clone()]),
        Cursor::Crate { .. } | Cursor::Rust(_) | Cursor::Other => None,
    }
}

/// Help on the magic or command of this name.
pub(super) fn named(name: &str) -> Option<Vec<Part>> {
    if let Some(magic) = cell::magic(name) {
        return Some(of_magic(magic));
    }
    let command = cell::commands().iter().find(|command| command.name == name)?;
    let usage = Part::Text(format!("`{}`", command.usage));
    Some(vec![usage, Part::Text(command.summary.to_owned())])
}

fn of_magic(magic: &MagicHelp) -> Vec<Part> {
    let mut parts = vec![
        Part::Text(format!("`{}`", magic.usage())),
        Part::Text(magic.summary.to_owned()),
    ];
    let options: Vec<_> = magic
        .options
        .iter()
        .map(|option| format!("- `{}`: {}", option.usage(), option.description()))
        .collect();
    parts.push(Part::Text(options.join("\n")));
    parts
}

/// What rust-analyzer and the notebook know about what is at a position of a piece of Rust.
pub(super) fn ask(
    look: &mut Look<'_>,
    knowledge: &Knowledge,
    (text, position): (&str, usize),
    detail: Detail,
) -> Option<Vec<Part>> {
    let subject = cell::subject(text, position)?;
    let own = own(text, &subject, knowledge, detail);
    let own = match own {
        Some(Own::Item(parts)) => return Some(parts),
        Some(Own::Variable(parts)) if !binds(text) => return Some(parts),
        own => own,
    };
    let is_macro = subject.kind == SubjectKind::Macro;
    let name = &text[subject.name.clone()];
    let found = examined(text, &subject)
        .iter()
        .filter_map(|code| hover(look, code))
        // A module can have a macro's name, as `vec` has.
        .find(|html| !is_macro || is_of_macro(html));
    match (own, found) {
        // The cell can have a variable of the same name.
        (Some(Own::Variable(parts)), html) if !html.as_deref().is_some_and(is_local) => Some(parts),
        (_, Some(html)) => Some(with_source(html, name, knowledge, detail)),
        _ if is_macro => library_macro(name, detail),
        _ => None,
    }
}

/// What the notebook alone knows.
pub(super) fn from_knowledge(
    knowledge: &Knowledge,
    (text, position): (&str, usize),
    detail: Detail,
) -> Option<Vec<Part>> {
    let subject = cell::subject(text, position)?;
    match own(text, &subject, knowledge, detail)? {
        Own::Item(parts) | Own::Variable(parts) => Some(parts),
    }
}

/// Help on something of the notebook's own.
enum Own {
    Item(Vec<Part>),
    Variable(Vec<Part>),
}

fn own(text: &str, subject: &Subject, knowledge: &Knowledge, detail: Detail) -> Option<Own> {
    let by_itself = subject.path == subject.name && matches!(subject.kind, SubjectKind::Path | SubjectKind::Macro);
    if !by_itself || subject.definition_end.is_some() {
        return None;
    }
    let name = &text[subject.name.clone()];
    if let Some(type_) = knowledge.variable(name) {
        let mut parts = vec![Part::Code(format!("let {name}: {type_}"))];
        if detail == Detail::Source {
            parts.extend(knowledge.items_in(type_).flat_map(source_of_item));
        }
        return Some(Own::Variable(parts));
    }
    let item = knowledge.item(name)?;
    let definition = &item.definition;
    let is_macro = definition.kind == cell::DefinitionKind::Macro;
    if is_macro != (subject.kind == SubjectKind::Macro) {
        return None;
    }
    let mut parts = Vec::new();
    if detail == Detail::Documentation {
        parts.push(Part::Code(definition.signature.clone()));
        parts.push(Part::Text(definition.documentation.clone()));
        parts.push(Part::Text(item.origin()));
    } else {
        parts.extend(source_of_item(item));
    }
    Some(Own::Item(parts))
}

fn source_of_item(item: &Item) -> [Part; 2] {
    [Part::Code(item.source()), Part::Text(item.origin())]
}

/// Whether the code may have variables of its own, which can have the names of the notebook's.
fn binds(code: &str) -> bool {
    ["let ", "|", "fn ", "for ", "match "]
        .iter()
        .any(|binding| code.contains(binding))
}

fn is_of_macro(html: &str) -> bool {
    html.contains("<code class=\"language-rust\">macro_rules!")
        || html.contains("<code class=\"language-rust\">macro ")
        || html.contains("proc_macro")
}

/// A macro of the standard library that rust-analyzer takes for something else.
fn library_macro(name: &str, detail: Detail) -> Option<Vec<Part>> {
    let (source, documentation) = sources::library_macro(name)?;
    let code = match detail {
        Detail::Documentation => format!("macro_rules! {name}"),
        Detail::Source => source,
    };
    Some(vec![Part::Code(code), Part::Text(documentation)])
}

/// Whether rust-analyzer speaks of a variable of the code that it was given.
fn is_local(html: &str) -> bool {
    html.contains("<code class=\"language-rust\">let ")
}

/// Code for rust-analyzer to look at the end of, the best first.
fn examined(text: &str, subject: &Subject) -> Vec<String> {
    let path = &text[subject.path.clone()];
    let name = &text[subject.name.clone()];
    // What a `use` outside of functions names is kept with the notebook's items.
    let used = |path: &str| format!("fn f() {{ use {path}");
    let up_to_name = text[..subject.name.end].to_owned();
    // What is defined further down counts too.
    let below = format!("{text};\n{path}");
    let mut codes = match subject.kind {
        SubjectKind::Macro if path.contains("::") => vec![used(path)],
        SubjectKind::Macro => vec![used(&format!("crate::{path}")), used(&format!("std::{path}"))],
        SubjectKind::Keyword => vec![format!("fn f() {{ {name}")],
        SubjectKind::Path if let Some(end) = subject.definition_end => vec![format!("{}\n{name}", &text[..end])],
        SubjectKind::Path if text[..subject.path.start].trim_end().ends_with("use") => vec![used(path)],
        SubjectKind::Path => vec![up_to_name, below, path.to_owned()],
        SubjectKind::Member => {
            let rest = text[subject.name.end..].trim_start();
            let fields = [up_to_name, below];
            // Methods and fields can have the same name.
            let methods = fields.clone().map(|code| format!("{code}("));
            if rest.is_empty() || rest.starts_with(['(', ':']) {
                [methods, fields].concat()
            } else {
                [fields, methods].concat()
            }
        }
    };
    codes.dedup();
    codes
}

/// What rust-analyzer shows for what the code ends with, as HTML.
fn hover(look: &mut Look<'_>, code: &str) -> Option<String> {
    let markdown = look.hover(code)?;
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(&markdown));
    Some(html)
}

fn with_source(html: String, name: &str, knowledge: &Knowledge, detail: Detail) -> Vec<Part> {
    let source = match detail {
        Detail::Documentation => None,
        Detail::Source => home(&html).map(|home| match sources::find(&home, name, knowledge) {
            Ok(source) => Part::Code(source),
            Err(missing) => Part::Text(missing.to_string()),
        }),
    };
    [Part::Html(html)].into_iter().chain(source).collect()
}

/// The module or type that something belongs to: rust-analyzer shows it in front of the signature.
fn home(html: &str) -> Option<String> {
    const BLOCK: &str = "<pre><code class=\"language-rust\">";
    let (home, rest) = html.strip_prefix(BLOCK)?.split_once("</code></pre>")?;
    let home = home.trim();
    let is_path = home
        .chars()
        .all(|character| character.is_alphanumeric() || matches!(character, '_' | ':'));
    (is_path && rest.contains(BLOCK)).then(|| home.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knowledge() -> Knowledge {
        let mut knowledge = Knowledge::default();
        let variables = [("point", "Point"), ("numbers", "Vec<u64>")];
        knowledge.set_variables(
            variables
                .map(|(name, type_)| (name.to_owned(), type_.to_owned()))
                .into(),
        );
        knowledge.learn(
            4,
            "/// A place.\nstruct Point { x: u8 }\nmacro_rules! twice { () => {} }\n/// Doubles.\nfn double(a: u8) -> u8 { a * 2 }",
        );
        knowledge
    }

    fn known(text: &str, detail: Detail) -> Option<String> {
        from_knowledge(&knowledge(), (text, text.len()), detail).map(|parts| render(&parts, Style::Markdown))
    }

    #[test]
    fn the_notebooks_own_is_known_without_rust_analyzer() {
        use Detail::*;
        assert_eq!(
            known("numbers", Documentation).unwrap(),
            "```rust\nlet numbers: Vec<u64>\n```"
        );
        assert_eq!(
            known("point", Source).unwrap(),
            "```rust\nlet point: Point\n```\n\n```rust\n/// A place.\nstruct Point { x: u8 }\n```\n\nDefined in cell 4."
        );
        assert_eq!(
            known("double(1, ", Documentation).unwrap(),
            "```rust\nfn double(a: u8) -> u8\n```\n\nDoubles.\n\nDefined in cell 4."
        );
        assert!(
            known("twice!", Source)
                .unwrap()
                .contains("macro_rules! twice { () => {} }")
        );
        for text in ["a.numbers", "m::double", "twice", "let numbers", "nothing"] {
            assert_eq!(known(text, Documentation), None, "{text}");
        }
    }

    #[test]
    fn magics_options_and_commands_have_help() {
        let help = |code: &str| {
            let cursor = cell::cursor(code, code.len(), &knowledge());
            known_word(code, &cursor).map(|parts| render(&parts, Style::Plain))
        };
        assert!(help("%%pool").unwrap().starts_with("`%%pool [-n WORKERS]"));
        assert!(help("%%pool --keep-going").unwrap().contains("run every item"));
        assert!(help(":dep").unwrap().contains("Adds a crate"));
        assert_eq!(help("%%po"), None);
    }

    #[test]
    fn the_home_of_something_is_found_in_front_of_its_signature() {
        let block = |text: &str| format!("<pre><code class=\"language-rust\">{text}\n</code></pre>\n");
        let html = format!("{}{}", block("alloc::vec::Vec"), block("pub fn push()"));
        assert_eq!(home(&html).as_deref(), Some("alloc::vec::Vec"));
        assert_eq!(home(&block("u64")), None);
    }
}
