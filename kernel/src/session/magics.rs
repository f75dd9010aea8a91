//! What `%who`, `%lsmagic` and `%help` show, tables as text and as HTML; and what `%%html` and its like do.

use std::fmt::Write as _;
use std::sync::LazyLock;

use regex::Regex;

use super::event::MimeBundle;
use crate::cell::{MAGICS, MagicHelp};
use crate::evaluation::Shown;

/// The longest usage that is listed, in characters.
const SHORT: usize = 30;

/// The variables and their types.
pub(super) fn variables<'a>(variables: impl Iterator<Item = (&'a str, &'a str)>) -> MimeBundle {
    let mut rows: Vec<[String; 2]> = variables
        .map(|(name, type_)| [name.to_owned(), short_type(type_)])
        .collect();
    if rows.is_empty() {
        return bundle(
            "There are no variables.".to_owned(),
            "<p>There are no variables.</p>".to_owned(),
        );
    }
    rows.sort_unstable();
    let rows: Vec<[&str; 2]> = rows.iter().map(|row| row.each_ref().map(String::as_str)).collect();
    table(["Variable", "Type"], &rows)
}

/// A type as people write it: the standard library's by their names alone.
pub(super) fn short_type(type_: &str) -> String {
    // The pattern is a constant, and tested.
    #[expect(clippy::unwrap_used, reason = "a constant pattern")]
    static PATH: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(^|[^\w:>])(?:::)?(?:(?:std|core|alloc)::(?:[a-z_0-9]+::)*)?").unwrap());
    PATH.replace_all(type_, "$1").into_owned()
}

/// What commands show, one below the other.
pub(super) fn of_commands(shown: &[Shown]) -> MimeBundle {
    let bundles: Vec<MimeBundle> = shown.iter().map(of_command).collect();
    let all_have = |mime: &str| bundles.iter().all(|bundle| bundle.contains_key(mime));
    let mut all = MimeBundle::new();
    for mime in ["text/plain", "text/html", "text/markdown"] {
        let texts: Vec<&str> = bundles.iter().filter_map(|bundle| bundle.get(mime)?.as_str()).collect();
        if !texts.is_empty() && all_have(mime) {
            all.insert(mime.to_owned(), texts.join("\n").into());
        }
    }
    all
}

fn of_command(shown: &Shown) -> MimeBundle {
    match shown {
        Shown::Text(text) => MimeBundle::from_iter([("text/plain".to_owned(), text.as_str().into())]),
        Shown::Markdown(text) => {
            MimeBundle::from_iter(["text/plain", "text/markdown"].map(|mime| (mime.to_owned(), text.as_str().into())))
        }
        Shown::Table { heads, rows } => {
            let rows: Vec<[&str; 2]> = rows.iter().map(|row| row.each_ref().map(String::as_str)).collect();
            table(*heads, &rows)
        }
    }
}

/// All magics, each with a line of help.
pub(super) fn list() -> MimeBundle {
    let usages: Vec<String> = MAGICS.iter().map(short_usage).collect();
    let rows: Vec<[&str; 2]> = std::iter::zip(&usages, MAGICS)
        .map(|(usage, magic)| [usage.as_str(), magic.summary])
        .collect();
    table(["Magic", "What it does"], &rows)
}

/// How it is used, as far as that leaves room for what it does on the line of a terminal.
fn short_usage(magic: &MagicHelp) -> String {
    let usage = magic.usage();
    if usage.len() <= SHORT {
        usage
    } else {
        format!("{} ...", magic.name)
    }
}

/// One magic with its options.
pub(super) fn help(magic: &MagicHelp) -> MimeBundle {
    let usage = magic.usage();
    let mut text = format!("{usage}\n    {}", magic.summary);
    let mut html = format!("<p><code>{}</code><br>{}</p>", escaped(&usage), escaped(magic.summary));
    let cells: Vec<[String; 2]> = magic
        .options
        .iter()
        .map(|option| [option.usage(), option.description()])
        .collect();
    let rows: Vec<[&str; 2]> = cells.iter().map(|[usage, text]| [usage.as_str(), text]).collect();
    if !rows.is_empty() {
        text.push_str("\n\n");
        text.push_str(&text_table(["Option", "What it does"], &rows));
        html.push_str(&html_table(["Option", "What it does"], &rows));
    }
    bundle(text, html)
}

/// A document that stands in a cell, for those too who can only show text.
pub(super) fn document(mime: &str, text: &str) -> MimeBundle {
    MimeBundle::from_iter([
        ("text/plain".to_owned(), text.trim_end().into()),
        (mime.to_owned(), text.into()),
    ])
}

fn table(heads: [&str; 2], rows: &[[&str; 2]]) -> MimeBundle {
    bundle(text_table(heads, rows), html_table(heads, rows))
}

fn bundle(text: String, html: String) -> MimeBundle {
    MimeBundle::from_iter([
        ("text/plain".to_owned(), text.into()),
        ("text/html".to_owned(), html.into()),
    ])
}

/// Two columns, the first as wide as its longest word.
fn text_table(heads: [&str; 2], rows: &[[&str; 2]]) -> String {
    let lines = || std::iter::once(&heads).chain(rows);
    let width = lines().map(|[first, _]| first.chars().count()).max().unwrap_or(0);
    let lines: Vec<String> = lines()
        .map(|[first, second]| format!("{first:width$}  {second}"))
        .collect();
    lines.join("\n")
}

fn html_table([first, second]: [&str; 2], rows: &[[&str; 2]]) -> String {
    let head = |name| format!("<th style=\"text-align:left\">{name}</th>");
    let mut html = format!("<table><tr>{}{}</tr>", head(first), head(second));
    for [first, second] in rows {
        // Writing to a String does not fail.
        let _ = write!(
            html,
            "<tr><td style=\"text-align:left\"><code>{}</code></td><td style=\"text-align:left\">{}</td></tr>",
            escaped(first),
            escaped(second)
        );
    }
    html.push_str("</table>");
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bundle: &MimeBundle, mime: &str) -> String {
        bundle[mime].as_str().unwrap_or_default().to_owned()
    }

    #[test]
    fn variables_are_in_a_table_by_name() {
        let shown = variables([("names", "Vec<&str>"), ("é", "u8")].into_iter());
        assert_eq!(
            text(&shown, "text/plain"),
            "Variable  Type\nnames     Vec<&str>\né         u8"
        );
        assert!(text(&shown, "text/html").contains("Vec&lt;&amp;str&gt;"));
        let shown = variables(std::iter::empty());
        assert_eq!(text(&shown, "text/plain"), "There are no variables.");
    }

    #[test]
    fn types_are_written_as_people_do() {
        for (type_, short) in [
            (
                "std::collections::hash::map::HashMap<alloc::string::String, Vec<u64>>",
                "HashMap<String, Vec<u64>>",
            ),
            (
                "::std::vec::Vec<::std::result::Result<i32, ::parcell::TaskError>>",
                "Vec<Result<i32, parcell::TaskError>>",
            ),
            (
                "&'static [<P as std::ops::Deref>::Target]",
                "&'static [<P as Deref>::Target]",
            ),
            ("ndarray::Array1<f64>", "ndarray::Array1<f64>"),
            (
                "Box<dyn Fn(i32) -> core::option::Option<P> + Send>",
                "Box<dyn Fn(i32) -> Option<P> + Send>",
            ),
        ] {
            assert_eq!(short_type(type_), short);
        }
    }

    #[test]
    fn what_several_commands_show_is_one_result() {
        let table = Shown::Table {
            heads: ["a", "b"],
            rows: vec![["x<y".to_owned(), "1".to_owned()]],
        };
        let shown = of_commands(std::slice::from_ref(&table));
        assert!(shown["text/html"].as_str().unwrap().contains("x&lt;y"), "{shown:?}");
        assert_eq!(shown["text/plain"], "a    b\nx<y  1");
        let shown = of_commands(&[Shown::Text("first".to_owned()), table]);
        assert_eq!(shown["text/plain"], "first\na    b\nx<y  1");
        assert!(!shown.contains_key("text/html"), "the text would be missing: {shown:?}");
        assert!(of_commands(&[]).is_empty());
    }

    #[test]
    fn every_magic_is_listed_and_explained() {
        let listed = text(&list(), "text/plain");
        assert!(
            listed.contains("%%pool ... ") && listed.contains("%%writefile [-a] PATH "),
            "{listed}"
        );
        for magic in MAGICS {
            let line = listed.lines().find(|line| line.ends_with(magic.summary)).unwrap();
            assert!(line.starts_with(magic.name) && line.chars().count() < 110, "{line}");
            let shown = text(&help(magic), "text/plain");
            assert!(shown.starts_with(&magic.usage()), "{shown}");
            assert!(
                magic.options.iter().all(|option| shown.contains(option.summary)),
                "{shown}"
            );
        }
    }
}
