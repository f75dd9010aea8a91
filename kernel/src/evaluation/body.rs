//! What a cell runs, and what its syntax alone tells of it.

use std::collections::BTreeSet;
use std::ops::Range;

use ra_ap_syntax::ast::{self, AstNode, HasName};
use ra_ap_syntax::{SyntaxKind, SyntaxNode};

use super::literals;
use super::macros::MacroCall;
use super::source::{Code, Source};
use super::statements::Statement;
use crate::analysis::words;
use crate::cell::{self, VALUE_SHOWN};

/// The statements of a cell that are run, and what they define.
#[derive(Clone, Debug, Default)]
pub(super) struct Body {
    pieces: Vec<Piece>,
    pub(super) locals: Vec<Local>,
    /// A `?` may leave the cell.
    pub(super) returns_errors: bool,
    /// It waits for futures.
    pub(super) awaits: bool,
    /// Every identifier in it, also those in strings and comments.
    words: BTreeSet<String>,
}

#[derive(Clone, Debug)]
enum Piece {
    Code(Code),
    Generated(&'static str),
    /// What is in front of this place of the code may not be ended.
    End(usize),
}

/// A name that a `let` of the cell binds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Local {
    pub(super) name: String,
    /// In the code.
    pub(super) range: Range<usize>,
    pub(super) is_mutable: bool,
    /// Where the syntax tells it.
    pub(super) type_: Option<String>,
}

impl Body {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Adds a statement. The expression at the end has no semicolon, and may have a value.
    pub(super) fn add(&mut self, statement: &Statement, is_last: bool) {
        let node = &statement.node;
        if let Some(definition) = ast::LetStmt::cast(node.clone()) {
            self.add_locals(&definition, statement);
        }
        self.returns_errors |= is_in(node, is_question_mark);
        self.awaits |= is_in(node, is_await);
        self.words.extend(words(&statement.text).map(str::to_owned));
        let code = Code {
            text: statement.text.clone(),
            start: Some(statement.start),
        };
        if is_last && ast::Expr::can_cast(node.kind()) {
            self.pieces.push(Piece::Generated("let _ = "));
        }
        self.pieces.push(Piece::Code(code));
        if is_last && needs_semicolon(node) {
            let end = statement.node_start + usize::from(node.text_range().len());
            self.pieces.push(Piece::End(end));
        }
    }

    fn add_locals(&mut self, definition: &ast::LetStmt, statement: &Statement) {
        let Some(pattern) = definition.pat() else { return };
        let offset = usize::from(statement.node.text_range().start());
        let start = statement.node_start;
        let is_whole = matches!(&pattern, ast::Pat::IdentPat(pattern) if pattern.pat().is_none());
        for pattern in pattern.syntax().descendants().filter_map(ast::IdentPat::cast) {
            let Some(name) = pattern.name() else { continue };
            let range = name.syntax().text_range();
            let place = |position: ra_ap_syntax::TextSize| start + usize::from(position) - offset;
            self.locals.push(Local {
                name: name.text().to_string(),
                range: place(range.start())..place(range.end()),
                is_mutable: pattern.mut_token().is_some(),
                type_: is_whole.then(|| literals::type_of(definition)).flatten(),
            });
        }
    }

    /// Whether a value at the end is shown.
    pub(super) fn shows_value(&self) -> bool {
        let shows = |piece: &Piece| matches!(piece, Piece::Code(code) if code.text.contains(VALUE_SHOWN));
        self.pieces.iter().any(shows)
    }

    /// Has the value at the end shown without looking for the best way to, which asks for its type before all is known that
    /// tells it; false where there is none, or it is done.
    pub(super) fn show_plainly(&mut self) -> bool {
        for index in (0..self.pieces.len()).rev() {
            let Piece::Code(code) = &mut self.pieces[index] else {
                continue;
            };
            let Some(value) = code.text.rsplit_once(VALUE_SHOWN).map(|(value, _)| value) else {
                return false;
            };
            code.text = format!("{value})");
            self.pieces.insert(
                index,
                Piece::Generated("::parcell::cell::EvcxrDisplay::evcxr_display(&"),
            );
            self.pieces.insert(index + 2, Piece::Generated(");"));
            return true;
        }
        false
    }

    /// Has the closure that this variable is defined as own what it captures; false where it is not written as one that
    /// borrows, or that is done.
    pub(super) fn own_captures(&mut self, variable: &str) -> bool {
        let Some(local) = self.locals.iter().rfind(|local| local.name == variable) else {
            return false;
        };
        let defined_at = local.range.start;
        let holds = |piece: &Piece| match piece {
            Piece::Code(Code {
                text,
                start: Some(start),
            }) => (*start..start + text.len()).contains(&defined_at),
            _ => false,
        };
        let Some(index) = self.pieces.iter().position(holds) else {
            return false;
        };
        let Piece::Code(code) = &self.pieces[index] else {
            return false;
        };
        let Some((before, closure)) = code.split_at_closure() else {
            return false;
        };
        let owning = [Piece::Code(before), Piece::Generated("move"), Piece::Code(closure)];
        self.pieces.splice(index..=index, owning);
        true
    }

    /// Has a call of a macro at the end be a statement, of which no value is shown; false where there is none, or it is done.
    pub(super) fn show_no_macro(&mut self) -> bool {
        let last = self.pieces.iter_mut().rev().find_map(|piece| match piece {
            Piece::Code(code) => Some(code),
            Piece::Generated(_) | Piece::End(_) => None,
        });
        let Some(code) = last.filter(|code| code.text.contains(VALUE_SHOWN)) else {
            return false;
        };
        let Some(call) = MacroCall::in_code(code) else {
            return false;
        };
        *code = call.code;
        true
    }

    /// The statements that are calls of macros and may make items, with what takes them out.
    pub(super) fn macro_calls(&self) -> Vec<(usize, MacroCall)> {
        let calls = self.pieces.iter().enumerate().filter_map(|(index, piece)| match piece {
            Piece::Code(code) => Some((index, MacroCall::in_code(code)?)),
            Piece::Generated(_) | Piece::End(_) => None,
        });
        calls.collect()
    }

    /// Takes these statements out, with what was generated around them.
    pub(super) fn take_out(&mut self, statements: &BTreeSet<usize>) {
        let is_code = |piece: &Piece| matches!(piece, Piece::Code(_));
        let mut kept = Vec::new();
        for (index, piece) in self.pieces.iter().enumerate() {
            let is_out = match piece {
                Piece::Code(_) => statements.contains(&index),
                // In front of the last one or behind it.
                _ => self
                    .pieces
                    .iter()
                    .rposition(is_code)
                    .is_some_and(|last| statements.contains(&last)),
            };
            if !is_out {
                kept.push(piece.clone());
            }
        }
        self.pieces = kept;
    }

    /// Whether this name occurs in it.
    pub(super) fn mentions(&self, name: &str) -> bool {
        self.words.contains(name.trim_start_matches("r#"))
    }

    /// Every name that occurs in it.
    pub(super) fn words(&self) -> &BTreeSet<String> {
        &self.words
    }

    pub(super) fn write(&self, source: &mut Source) {
        for piece in &self.pieces {
            match piece {
                Piece::Code(code) => source.code(code),
                Piece::Generated(text) => source.generate(text),
                Piece::End(place) => source.end(*place),
            }
        }
    }

    /// Whether the types of all that it defines are known from its syntax.
    pub(super) fn has_known_types(&self) -> bool {
        let is_settled = |local: &Local| match &local.type_ {
            Some(type_) => !literals::is_open(type_) || self.is_mentioned_once(local),
            None => false,
        };
        self.locals.iter().all(is_settled)
    }

    /// What follows may tell that a number is of another type than it would be by itself.
    fn is_mentioned_once(&self, local: &Local) -> bool {
        let codes = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Code(code) => Some(&code.text),
            Piece::Generated(_) | Piece::End(_) => None,
        });
        codes
            .flat_map(|text| words(text))
            .filter(|word| *word == local.name)
            .count()
            == 1
    }
}

impl Code {
    /// What stands in front of the closure that a `let` defines a variable as, and the rest; None where it is something
    /// else, or says what it does with what it captures.
    fn split_at_closure(&self) -> Option<(Code, Code)> {
        let nodes = cell::nodes(&self.text);
        let [(range, node)] = &nodes[..] else { return None };
        let definition = ast::LetStmt::cast(node.clone())?;
        let ast::Expr::ClosureExpr(closure) = definition.initializer()? else {
            return None;
        };
        if closure.move_token().is_some() || closure.async_token().is_some() {
            return None;
        }
        let within = closure.syntax().text_range().start() - node.text_range().start();
        let (before, rest) = self.text.split_at(range.start + usize::from(within));
        let code = |text: &str, start: Option<usize>| Code {
            text: text.to_owned(),
            start,
        };
        let rest_starts = self.start.map(|start| start + before.len());
        Some((code(before, self.start), code(rest, rest_starts)))
    }
}

/// Whether generated code behind it would be taken for a part of it. The last semicolon of a cell may be left out.
fn needs_semicolon(node: &SyntaxNode) -> bool {
    let ends = node.last_token().map(|token| token.kind());
    ast::Expr::can_cast(node.kind()) || ends != Some(SyntaxKind::SEMICOLON)
}

/// Whether something is in a statement, but not in what has a body of its own.
fn is_in(node: &SyntaxNode, is_wanted: fn(&SyntaxNode) -> bool) -> bool {
    if has_body_of_its_own(node) {
        return false;
    }
    is_wanted(node) || node.children().any(|child| is_in(&child, is_wanted))
}

fn has_body_of_its_own(node: &SyntaxNode) -> bool {
    match node.kind() {
        SyntaxKind::FN | SyntaxKind::CLOSURE_EXPR | SyntaxKind::IMPL | SyntaxKind::TRAIT => true,
        SyntaxKind::BLOCK_EXPR => ast::BlockExpr::cast(node.clone())
            .is_some_and(|block| block.async_token().is_some() || block.try_block_modifier().is_some()),
        _ => false,
    }
}

fn is_question_mark(node: &SyntaxNode) -> bool {
    node.kind() == SyntaxKind::TRY_EXPR || has_token(node, |token| token == "?")
}

fn is_await(node: &SyntaxNode) -> bool {
    node.kind() == SyntaxKind::AWAIT_EXPR || has_token(node, |token| token == "await")
}

/// Whether a token is in what a macro is given, which has no more structure than that.
fn has_token(node: &SyntaxNode, is_wanted: fn(&str) -> bool) -> bool {
    let tokens = node.children_with_tokens().filter_map(|child| child.into_token());
    node.kind() == SyntaxKind::TOKEN_TREE && tokens.into_iter().any(|token| is_wanted(token.text()))
}

#[cfg(test)]
mod tests {
    use super::super::statements::Statements;
    use super::*;

    fn body(code: &str) -> Body {
        let mut body = Body::default();
        let statements = Statements::parse(code).statements;
        for (index, statement) in statements.iter().enumerate() {
            body.add(statement, index + 1 == statements.len());
        }
        body
    }

    #[test]
    fn what_a_let_binds_is_found_with_its_place() {
        let code = "// first\nlet a = f(); let (mut b, P { c, d: [e, ..] }) = g();";
        let body = body(code);
        let names: Vec<_> = body
            .locals
            .iter()
            .map(|local| (&*local.name, local.is_mutable))
            .collect();
        assert_eq!(names, [("a", false), ("b", true), ("c", false), ("e", false)]);
        for local in &body.locals {
            assert_eq!(code[local.range.clone()], local.name);
        }
        assert!(!body.has_known_types());
    }

    #[test]
    fn a_question_mark_leaves_the_cell_only_outside_of_functions() {
        for code in ["f()?;", "let a = g(h()?);", "println!(\"{}\", f()?);", "if a { b?; }"] {
            assert!(body(code).returns_errors, "{code}");
        }
        for code in ["let f = || g()?;", "async { f()? };", "let a = \"?\";", "f();"] {
            assert!(!body(code).returns_errors, "{code}");
        }
        assert!(body("f().await;").awaits && body("println!(\"{}\", f().await);").awaits);
        assert!(!body("let f = async { g().await };").awaits);
    }

    #[test]
    fn names_are_mentioned_wherever_they_stand() {
        let body = body("let a = b; println!(\"{c} {d:?}\"); m!(e); // f");
        for name in ["a", "b", "c", "d", "e", "f", "r#b"] {
            assert!(body.mentions(name), "{name}");
        }
        assert!(!body.mentions("g"));
    }

    #[test]
    fn the_type_of_a_number_is_known_where_nothing_else_can_tell_it() {
        assert!(body("let n = 1;").has_known_types());
        assert!(!body("let n = 1; let m: u64 = n;").has_known_types());
        assert!(body("let n = 1u8; let m = n_of(1);").locals[0].type_.is_some());
        assert!(body("let n = 1u8; let m: u64 = n.into();").has_known_types());
        assert!(body("f();").has_known_types());
    }
}
