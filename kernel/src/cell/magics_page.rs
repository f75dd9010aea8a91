//! The page `docs/magics.md` has every magic and every option of the tables, as they are in the tables, and an example of
//! each. What it says about them besides is written by hand, and the examples are run by `tests/jupyter/test_pages.py`.
//!
//! `UPDATE_DOCS=1 cargo test -p parcell-kernel magics_page` writes the tables into the page.

use std::fs;
use std::path::Path;

use super::commands::COMMANDS;
use super::magics::{MAGICS, MagicHelp, SHELL};

/// Set to write the page where it is not current.
const UPDATE: &str = "UPDATE_DOCS";

/// What stands in the page between two comments with its name.
struct Part {
    name: &'static str,
    text: String,
}

/// All that the page has from the tables.
fn parts() -> Vec<Part> {
    let commands = Part {
        name: "commands",
        text: commands(),
    };
    MAGICS.iter().map(magic).chain([commands]).collect()
}

/// How a magic is written, and its options.
fn magic(magic: &MagicHelp) -> Part {
    let mut text = format!("```text\n{}\n```\n", magic.usage());
    if !magic.options.is_empty() {
        text.push_str("\n| option | what it does | without it |\n|---|---|---|\n");
    }
    for option in magic.options {
        let default = option.default.unwrap_or_default();
        text.push_str(&row([&code(&option.usage()), option.summary, default]));
    }
    Part { name: magic.name, text }
}

/// The commands to the engine.
fn commands() -> String {
    let rows = COMMANDS
        .iter()
        .map(|command| row([&code(command.usage), command.summary]));
    format!("| command | what it does |\n|---|---|\n{}", rows.collect::<String>())
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn row<const COLUMNS: usize>(cells: [&str; COLUMNS]) -> String {
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

/// The page with these parts in their places.
fn filled(page: &str, parts: &[Part]) -> String {
    let mut page = page.to_owned();
    for part in parts {
        let (begin, end) = marks(part.name);
        let (before, rest) = page
            .split_once(&begin)
            .unwrap_or_else(|| panic!("the page has no {begin}"));
        let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("the page has no {end}"));
        page = format!("{before}{begin}\n{}{end}{after}", part.text);
    }
    page
}

/// The page without these parts: what was written by hand.
fn by_hand(page: &str) -> String {
    let empty: Vec<_> = parts()
        .into_iter()
        .map(|part| Part {
            text: String::new(),
            ..part
        })
        .collect();
    filled(page, &empty)
}

/// The comments around a part.
fn marks(name: &str) -> (String, String) {
    (
        format!("<!-- from the table: {name} -->"),
        format!("<!-- end of {name} -->"),
    )
}

#[test]
fn the_page_says_what_the_tables_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/magics.md");
    let page = fs::read_to_string(&path).unwrap();
    let current = filled(&page, &parts());
    if std::env::var_os(UPDATE).is_some() {
        // In one step: the other test reads it at the same time.
        let new = path.with_extension("md.new");
        fs::write(&new, &current).unwrap();
        fs::rename(&new, &path).unwrap();
    } else {
        assert!(
            page == current,
            "{} is not current: {UPDATE}=1 cargo test -p parcell-kernel magics_page",
            path.display()
        );
    }
    let marked = current.matches("<!-- from the table: ").count();
    assert_eq!(marked, parts().len(), "the page has parts that are in no table");
}

#[test]
fn every_magic_and_every_option_has_an_example() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/magics.md")).unwrap();
    let page = by_hand(&page);
    let cells: Vec<&str> = page
        .split("```rust")
        .skip(1)
        .filter_map(|cell| cell.split("```").next())
        .collect();
    for magic in MAGICS {
        let examples: Vec<_> = cells.iter().filter(|cell| uses(cell, magic.name)).collect();
        assert!(!examples.is_empty(), "{} has no example", magic.name);
        for option in magic.options {
            let shown = |flag: &str| {
                examples
                    .iter()
                    .any(|cell| cell.split([' ', '=', '\n']).any(|word| word == flag))
            };
            assert!(
                option.flags().any(shown),
                "{} {} has no example",
                magic.name,
                option.flag
            );
        }
    }
}

/// Whether a line of the cell begins with the magic.
fn uses(cell: &str, name: &str) -> bool {
    cell.lines().any(|line| match name {
        SHELL => line.starts_with(SHELL),
        name => line.split_whitespace().next() == Some(name),
    })
}
