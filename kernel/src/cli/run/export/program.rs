//! A notebook's cells as one program: items first, then `main` with the statements of one cell after the other.
//!
//! In a notebook an item may be defined again, and what was defined with it follows. In a program that is a block with items of its
//! own, in which the rest of the notebook stands.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use ra_ap_syntax::ast::{self, AstNode};
use ra_ap_syntax::{SyntaxKind, SyntaxNode};

use crate::cell::{self, DefinitionKind};
use crate::session::ProgramPart;

/// Macros of which everybody knows that they make items.
const MAKING_ITEMS: [&str; 3] = ["thread_local", "lazy_static", "bitflags"];
/// Functions that have something to tell only in a notebook.
const OF_NOTEBOOKS: [&str; 1] = ["last_results"];
/// The crate that runs what waits.
pub(super) const RUNTIME: &str = "tokio";

/// A cell, as far as a program has it.
#[derive(Debug, Default)]
pub(super) struct ProgramCell {
    /// Which of the notebook's cells, from 1.
    pub(super) position: usize,
    /// The headings in front of it.
    pub(super) headings: Vec<String>,
    pub(super) source: String,
    pub(super) parts: Vec<ProgramPart>,
    pub(super) state: CellState,
}

/// What the notebook knows of a cell.
#[derive(Debug, Default)]
pub(super) enum CellState {
    #[default]
    Works,
    /// It ended with this error. What it defines is there.
    Failed(String),
    /// It does not compile, for this reason.
    Broken(String),
    /// It asks for something that only a notebook has.
    OfNotebook(&'static str),
}

impl CellState {
    /// Why there is only a comment of it; None where it is there.
    pub(super) fn complaint(&self) -> Option<String> {
        match self {
            CellState::Works => None,
            CellState::Failed(error) => Some(format!("failed in the notebook: {error}")),
            CellState::Broken(error) => Some(format!("does not compile: {error}")),
            CellState::OfNotebook(what) => Some(format!("asks for what only a notebook has: {what}")),
        }
    }
}

/// A program that is being put together.
#[derive(Debug, Default)]
struct Program {
    /// The items in front of `main`.
    items: String,
    main: String,
    /// What is defined, from the outermost scope to the one that is open.
    scopes: Vec<Scope>,
    waits: bool,
}

#[derive(Debug, Default)]
struct Scope {
    /// By name; implementations by their headers.
    items: HashMap<String, String>,
    /// In their order.
    order: Vec<String>,
}

/// The source of a program of these cells, from the notebook of this name; with these modules, which show values.
pub(super) fn program(notebook: &str, cells: &[ProgramCell], displays: &[String]) -> String {
    let mut program = Program {
        scopes: vec![Scope::default()],
        ..Program::default()
    };
    program.scopes[0].define("main", "");
    for cell in cells {
        program.add(cell);
    }
    program.finish(notebook, displays)
}

impl Program {
    fn add(&mut self, cell: &ProgramCell) {
        for heading in &cell.headings {
            self.comment(&format!(" {heading}"));
        }
        if let Some(why) = cell.state.complaint() {
            self.left_out(cell, &why);
        }
        for part in &cell.parts {
            match (part, &cell.state) {
                (_, CellState::Broken(_)) => {}
                (ProgramPart::Code(code), CellState::Works) => self.code(code, true),
                // What it did was undone, or is not there; what it defined is.
                (ProgramPart::Code(code), CellState::Failed(_) | CellState::OfNotebook(_)) => self.code(code, false),
                (ProgramPart::LeftOut(line), CellState::Works) => self.comment(&format!(" {line}")),
                (ProgramPart::LeftOut(_), CellState::Failed(_) | CellState::OfNotebook(_)) => {}
            }
        }
        self.main.push('\n');
    }

    /// A cell of which only the text is there.
    fn left_out(&mut self, cell: &ProgramCell, why: &str) {
        let first = why.lines().next().unwrap_or_default();
        self.comment(&format!(" Cell {} {first}", cell.position));
        for line in cell.source.lines() {
            self.comment(&format!("     {line}"));
        }
    }

    fn comment(&mut self, text: &str) {
        for line in text.lines() {
            // Writing to a string does not fail.
            let _ = writeln!(self.main, "//{line}");
        }
    }

    fn code(&mut self, code: &str, has_statements: bool) {
        let code = &without_commands(&readable(code));
        let mut start = 0;
        let mut last = None;
        let mut items = Vec::new();
        let mut statements = String::new();
        for (range, node) in cell::nodes(code) {
            let (start, end) = (std::mem::replace(&mut start, range.end), range.end.min(code.len()));
            let text = code[start.min(end)..end].trim_matches('\n');
            self.waits |= has_statements && waits(&node);
            if is_item(&node) {
                items.push(text.trim().to_owned());
            } else {
                statements.push_str(text);
                statements.push('\n');
                last = Some(text.trim_end().ends_with([';', '}']));
            }
        }
        if last == Some(false) {
            statements.truncate(statements.trim_end().len());
            statements.push_str(";\n");
        }
        // What follows the last of them is a comment.
        statements.push_str(code[start.min(code.len())..].trim());
        self.define(items);
        if has_statements {
            self.main.push_str(statements.trim_matches('\n'));
            self.main.push('\n');
        }
    }

    /// Defines items, those that are defined already in a scope of their own.
    fn define(&mut self, items: Vec<String>) {
        let new: Vec<(Vec<String>, String)> = items
            .into_iter()
            .map(|item| (names(&item), item))
            // The same again changes nothing.
            .filter(|(names, item)| {
                !names.iter().all(|name| self.find(name) == Some(item.as_str())) || names.is_empty()
            })
            .collect();
        let changed: BTreeSet<String> = new
            .iter()
            .flat_map(|(names, _)| names)
            .filter(|name| self.find(name).is_some())
            .cloned()
            .collect();
        if !changed.is_empty() {
            let dependents = self.dependents(&changed, &new);
            self.main.push_str("{\n");
            self.scopes.push(Scope::default());
            for item in dependents {
                self.write_item(&names(&item), &item);
            }
        }
        for (names, item) in new {
            self.write_item(&names, &item);
        }
    }

    /// What was defined with one of these, and so on: it follows when they are defined anew.
    fn dependents(&self, changed: &BTreeSet<String>, new: &[(Vec<String>, String)]) -> Vec<String> {
        let is_new = |name: &String| new.iter().any(|(names, _)| names.contains(name));
        let mut changed = changed.clone();
        let mut dependents: Vec<(usize, String)> = Vec::new();
        loop {
            let found = self.visible().into_iter().enumerate().find(|(_, (name, item))| {
                let of_type = name.strip_prefix(IMPLEMENTATION);
                // An implementation follows its type, and nothing else: there can be no other of the same.
                let follows = match of_type {
                    Some(header) => words(header).any(|word| changed.contains(word)),
                    None => !item.starts_with("use ") && words(item).any(|word| changed.contains(word)),
                };
                follows && !changed.contains(name) && !is_new(name)
            });
            let Some((place, (name, item))) = found else { break };
            changed.insert(name);
            dependents.push((place, item));
        }
        dependents.sort();
        dependents.dedup_by(|one, other| one.1 == other.1);
        dependents.into_iter().map(|(_, item)| item).collect()
    }

    /// All that is defined, as it is seen from here.
    fn visible(&self) -> Vec<(String, String)> {
        let mut seen = BTreeSet::new();
        let mut visible: Vec<(String, String)> = self
            .scopes
            .iter()
            .rev()
            .flat_map(|scope| scope.order.iter().rev().map(move |name| (name, &scope.items[name])))
            .filter(|(name, _)| seen.insert((*name).clone()))
            .map(|(name, item)| (name.clone(), item.clone()))
            .collect();
        visible.reverse();
        visible
    }

    fn find(&self, name: &str) -> Option<&str> {
        let found = self.scopes.iter().rev().find_map(|scope| scope.items.get(name));
        found.map(String::as_str)
    }

    fn write_item(&mut self, names: &[String], item: &str) {
        let is_outermost = self.scopes.len() == 1;
        if let Some(scope) = self.scopes.last_mut() {
            for name in names {
                scope.define(name, item);
            }
        }
        let target = if is_outermost { &mut self.items } else { &mut self.main };
        // Imports stand together.
        let is_import = item.starts_with("use ");
        if !is_import && target.ends_with(";\n") {
            target.push('\n');
        }
        target.push_str(item);
        target.push_str(if is_import { "\n" } else { "\n\n" });
    }

    fn finish(mut self, notebook: &str, displays: &[String]) -> String {
        for _ in 1..self.scopes.len() {
            self.main.push_str("}\n");
        }
        let Program { items, main, .. } = self;
        let gap = if items.starts_with("use ") { "" } else { "\n" };
        let (open, close) = if self.waits {
            (
                format!("{RUNTIME}::runtime::Runtime::new()?.block_on(async {{\n"),
                "Ok::<(), Box<dyn std::error::Error>>(())\n})\n",
            )
        } else {
            (String::new(), "Ok(())\n")
        };
        let modules: String = displays.iter().map(|name| format!("mod {name};\n")).collect();
        let imports: String = displays
            .iter()
            .map(|name| format!("use {name}::Display as _;\n"))
            .collect();
        format!(
            "//! The notebook {notebook} as a program, made by `parcell export`.\n\n\
             #![allow(unused, redundant_semicolons)]\n\n{modules}\nuse parcell::prelude::*;\n{imports}{gap}{items}\n\
             fn main() -> Result<(), Box<dyn std::error::Error>> {{\n\
             // Standing workers are copies of this program, and go no further than here.\n\
             parcell::init();\n\n{open}{main}\n{close}}}\n"
        )
    }
}

impl Scope {
    fn define(&mut self, name: &str, item: &str) {
        if self.items.insert(name.to_owned(), item.to_owned()).is_none() {
            self.order.push(name.to_owned());
        }
    }
}

/// What a cell asks for that only a notebook has.
pub(super) fn of_notebook(code: &str) -> Option<&'static str> {
    let mut words = words(code);
    words.find_map(|word| OF_NOTEBOOKS.into_iter().find(|name| *name == word))
}

/// What the names of implementations begin with.
const IMPLEMENTATION: &str = "impl ";

/// The names under which an item is known.
fn names(item: &str) -> Vec<String> {
    let definitions = cell::definitions(item)
        .into_iter()
        .map(|definition| match definition.kind {
            DefinitionKind::Implementation => {
                let header = definition.signature.trim().trim_start_matches("impl").trim_start();
                format!("{IMPLEMENTATION}{header}")
            }
            // Macros have names of their own.
            DefinitionKind::Macro => format!("{}!", definition.name),
            _ => definition.name,
        });
    definitions.chain(cell::imported(item)).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !(character.is_alphanumeric() || character == '_'))
        .filter(|word| !word.is_empty())
}

fn is_item(node: &SyntaxNode) -> bool {
    if ast::Item::can_cast(node.kind()) && node.kind() != SyntaxKind::MACRO_CALL {
        return true;
    }
    let call = node.descendants().find_map(ast::MacroCall::cast);
    let at_beginning = call.filter(|call| call.syntax().text_range().start() == node.text_range().start());
    let path = at_beginning.and_then(|call| call.path());
    path.and_then(|path| path.segment()?.name_ref())
        .is_some_and(|name| MAKING_ITEMS.iter().any(|known| name.text() == *known))
}

/// Whether something is awaited outside of functions and blocks that are made for it.
fn waits(node: &SyntaxNode) -> bool {
    node.descendants()
        .filter(|inner| inner.kind() == SyntaxKind::AWAIT_EXPR)
        .any(|inner| {
            let mut around = inner.ancestors().skip(1).take_while(|ancestor| ancestor != node);
            !around.any(|ancestor| {
                matches!(ancestor.kind(), SyntaxKind::FN | SyntaxKind::CLOSURE_EXPR)
                    || ast::BlockExpr::cast(ancestor).is_some_and(|block| block.async_token().is_some())
            })
        })
}

/// Lines such as `:dep` are the manifest's.
fn without_commands(code: &str) -> String {
    let lines = code.split_inclusive('\n').filter(|line| !cell::is_engine_command(line));
    lines.collect()
}

/// What is generated, as a person would name it.
fn readable(code: &str) -> String {
    code.replace(
        "let parcell_item = ::std::clone::Clone::clone(parcell_item);",
        "let item = item.clone();",
    )
    .replace("parcell_item", "item")
    .replace("parcell_index", "index")
    .replace("::std::vec::Vec<", "Vec<")
    .replace("::std::", "std::")
    .replace("::parcell::", "parcell::")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(codes: &[&str]) -> Vec<ProgramCell> {
        let cell = |(index, code): (usize, &&str)| ProgramCell {
            position: index + 1,
            source: (*code).to_owned(),
            parts: vec![ProgramPart::Code((*code).to_owned())],
            ..ProgramCell::default()
        };
        codes.iter().enumerate().map(cell).collect()
    }

    /// The source without what every program has, in one line.
    fn written(cells: &[ProgramCell]) -> (String, String) {
        let source = program("a.ipynb", cells, &[]);
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (before, rest) = source.split_once("fn main()").unwrap();
        let (_, items) = before.split_once("use parcell::prelude::*;").unwrap();
        let (_, main) = rest.split_once("parcell::init();").unwrap();
        (line(items), line(main))
    }

    #[test]
    fn items_stand_in_front_of_main_and_statements_in_it() {
        let (items, main) = written(&cells(&[
            ":dep rand = \"1\"\nuse std::time::Duration;\nlet a = 1;\n// Doubles.\nfn f(x: i32) -> i32 { 2 * x }\nlet b = f(a)",
            "println!(\"{b}\") // shown",
        ]));
        assert_eq!(
            items,
            "use std::time::Duration; // Doubles. fn f(x: i32) -> i32 { 2 * x }"
        );
        assert_eq!(main, "let a = 1; let b = f(a); println!(\"{b}\"); // shown Ok(()) }");
    }

    #[test]
    fn what_is_defined_again_has_a_block_with_what_depends_on_it() {
        let (items, main) = written(&cells(&[
            "fn f() -> u8 { 1 }\nfn g() -> u8 { f() }\nfn h() {}",
            "f();",
            "fn f() -> u8 { 2 }\ng();",
            "fn k() -> u8 { f() }\nk();",
        ]));
        assert_eq!(items, "fn f() -> u8 { 1 } fn g() -> u8 { f() } fn h() {}");
        assert_eq!(
            main,
            "f(); { fn g() -> u8 { f() } fn f() -> u8 { 2 } g(); fn k() -> u8 { f() } k(); } Ok(()) }"
        );
    }

    #[test]
    fn a_type_that_is_defined_again_takes_its_implementations_along() {
        let (_, main) = written(&cells(&[
            "struct P { x: u8 }\nimpl P { fn x(&self) -> u8 { self.x } }",
            "struct P { x: u8, y: u8 }\nP { x: 1, y: 2 }.x();",
        ]));
        assert_eq!(
            main,
            "{ impl P { fn x(&self) -> u8 { self.x } } struct P { x: u8, y: u8 } P { x: 1, y: 2 }.x(); } Ok(()) }"
        );
    }

    #[test]
    fn the_same_again_is_there_once() {
        let (items, main) = written(&cells(&["use std::fmt;\nfn f() {}", "use std::fmt;\nfn f() {}\nf();"]));
        assert_eq!(items, "use std::fmt; fn f() {}");
        assert_eq!(main, "f(); Ok(()) }");
    }

    #[test]
    fn what_failed_is_a_comment_and_what_it_defined_is_there() {
        let mut cells = cells(&["fn f() {}\nf();\npanic!();", "let a = ;", "f();"]);
        cells[0].state = CellState::Failed("Panic: explicit panic".to_owned());
        cells[1].state = CellState::Broken("expected expression".to_owned());
        let (items, main) = written(&cells);
        assert_eq!(items, "fn f() {}");
        assert_eq!(
            main,
            "// Cell 1 failed in the notebook: Panic: explicit panic // fn f() {} // f(); // panic!(); \
             // Cell 2 does not compile: expected expression // let a = ; f(); Ok(()) }"
        );
    }

    #[test]
    fn who_waits_has_a_runtime() {
        assert!(!program("a", &cells(&["let f = async { g().await };\nasync fn g() {}"]), &[]).contains("Runtime"));
        let source = program("a", &cells(&["let a = g().await;"]), &[]);
        assert!(
            source.contains("tokio::runtime::Runtime::new()?.block_on(async {\nlet a"),
            "{source}"
        );
    }

    #[test]
    fn headings_and_what_only_a_notebook_can_do_are_comments() {
        let mut cells = cells(&["let a = 1;"]);
        cells[0].headings = vec!["## Numbers".to_owned()];
        cells[0].parts.push(ProgramPart::LeftOut("%who".to_owned()));
        let (_, main) = written(&cells);
        assert_eq!(main, "// ## Numbers let a = 1; // %who Ok(()) }");
    }

    #[test]
    fn what_shows_values_of_crates_is_in_modules() {
        let source = program("a", &cells(&["a"]), &["parcell_display_time".to_owned()]);
        let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            line.contains(
                "mod parcell_display_time; use parcell::prelude::*; use parcell_display_time::Display as _; fn"
            ),
            "{source}"
        );
    }

    #[test]
    fn known_macros_make_items() {
        let (items, main) = written(&cells(&[
            "thread_local! { static N: u8 = 1; }\nprintln!(\"thread_local!\");",
        ]));
        assert_eq!(items, "thread_local! { static N: u8 = 1; }");
        assert!(main.starts_with("println!"), "{main}");
    }
}
