//! The name in a piece of Rust that somebody wants to know about.

use std::ops::Range;

use ra_ap_parser::LexedStr;
use ra_ap_syntax::ast::{self, AstNode};
use ra_ap_syntax::{Edition, SyntaxKind, TextSize};

use super::parsing::{PREFIX, parse_code};

/// A name and what it is reached by. Ranges are in the text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Subject {
    pub(crate) name: Range<usize>,
    /// The name with the names before it that `::` and `.` join to it.
    pub(crate) path: Range<usize>,
    pub(crate) kind: SubjectKind,
    /// Where the statement or item that defines the name ends, if the name stands in its own definition.
    pub(crate) definition_end: Option<usize>,
}

/// How a name is reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SubjectKind {
    /// By itself or by a path.
    Path,
    /// As a field or method of a value.
    Member,
    Macro,
    Keyword,
}

/// The name that the position (in bytes) is in or behind; failing that, the function whose arguments it is in.
pub(crate) fn subject(text: &str, position: usize) -> Option<Subject> {
    let tokens = Tokens(LexedStr::new(Edition::CURRENT, text));
    let index = tokens.name_at(position).or_else(|| tokens.called_at(position))?;
    let kind = tokens.kind(index);
    let path_start = tokens.path_start(index);
    let name = tokens.0.text_range(index);
    Some(Subject {
        definition_end: (kind == SubjectKind::Path)
            .then(|| definition_end(text, name.start))
            .flatten(),
        path: tokens.0.text_start(path_start)..name.end,
        name,
        kind,
    })
}

struct Tokens<'a>(LexedStr<'a>);

impl Tokens<'_> {
    fn name_at(&self, position: usize) -> Option<usize> {
        let touching: Vec<usize> = (0..self.0.len())
            .filter(|index| {
                let range = self.0.text_range(*index);
                range.start <= position && position <= range.end
            })
            .collect();
        let name = touching.iter().rev().find(|index| self.is_name(**index)).copied();
        // Behind the `!` of a macro.
        name.or_else(|| {
            let bang = *touching.iter().find(|index| self.0.kind(**index) == SyntaxKind::BANG)?;
            bang.checked_sub(1).filter(|name| self.is_name(*name))
        })
    }

    /// The function or macro whose brackets the position is in.
    fn called_at(&self, position: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for index in (0..self.0.len())
            .rev()
            .filter(|index| self.0.text_range(*index).end <= position)
        {
            match self.0.kind(index) {
                SyntaxKind::R_PAREN | SyntaxKind::R_BRACK | SyntaxKind::R_CURLY => depth += 1,
                SyntaxKind::L_PAREN | SyntaxKind::L_BRACK | SyntaxKind::L_CURLY if depth > 0 => depth -= 1,
                SyntaxKind::L_CURLY => return None,
                SyntaxKind::L_PAREN | SyntaxKind::L_BRACK => {
                    let name = index.checked_sub(1)?;
                    let name = match self.0.kind(name) {
                        SyntaxKind::BANG => name.checked_sub(1)?,
                        _ => name,
                    };
                    if self.0.kind(name) == SyntaxKind::IDENT {
                        return Some(name);
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn is_name(&self, index: usize) -> bool {
        let kind = self.0.kind(index);
        kind == SyntaxKind::IDENT || kind.is_keyword(Edition::CURRENT)
    }

    fn kind(&self, index: usize) -> SubjectKind {
        let is = |index: usize, kind: SyntaxKind| index < self.0.len() && self.0.kind(index) == kind;
        if is(index + 1, SyntaxKind::BANG) && !is(index + 2, SyntaxKind::EQ) {
            SubjectKind::Macro
        } else if index > 0 && is(index - 1, SyntaxKind::DOT) && !(index > 1 && is(index - 2, SyntaxKind::DOT)) {
            SubjectKind::Member
        } else if is(index, SyntaxKind::IDENT) || self.path_start(index) != index {
            SubjectKind::Path
        } else {
            SubjectKind::Keyword
        }
    }

    /// The first token of the path that ends with this one.
    fn path_start(&self, mut index: usize) -> usize {
        let is = |index: usize, kind: SyntaxKind| self.0.kind(index) == kind;
        loop {
            let joint = if index >= 2 && is(index - 1, SyntaxKind::COLON) && is(index - 2, SyntaxKind::COLON) {
                2
            } else if index >= 1 && is(index - 1, SyntaxKind::DOT) {
                1
            } else {
                return index;
            };
            match index.checked_sub(joint + 1) {
                Some(previous) if self.is_name(previous) || is(previous, SyntaxKind::INT_NUMBER) => index = previous,
                _ => return index,
            }
        }
    }
}

/// The end of the `let` or the item whose name is at this place.
fn definition_end(text: &str, name: usize) -> Option<usize> {
    let file = parse_code(text).syntax_node();
    let place = TextSize::try_from(name + PREFIX.len()).ok()?;
    let token = file.token_at_offset(place).right_biased()?;
    let name = token.parent().and_then(ast::Name::cast)?;
    let definition = name
        .syntax()
        .ancestors()
        .skip(1)
        .find(|node| ast::LetStmt::can_cast(node.kind()) || ast::Item::can_cast(node.kind()))?;
    let in_pattern = ast::LetStmt::cast(definition.clone())
        .and_then(|statement| statement.pat())
        .is_some_and(|pattern| pattern.syntax().text_range().contains_range(name.syntax().text_range()));
    let names_item = name.syntax().parent().as_ref() == Some(&definition);
    let end = usize::from(definition.text_range().end()).checked_sub(PREFIX.len())?;
    (in_pattern || names_item).then_some(end.min(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The path and the kind of what is at the place marked with `¦`.
    fn found(marked: &str) -> Option<(String, SubjectKind)> {
        let position = marked.find('¦').unwrap();
        let text = marked.replacen('¦', "", 1);
        subject(&text, position).map(|subject| (text[subject.path].to_owned(), subject.kind))
    }

    #[test]
    fn the_name_at_the_position_with_its_path() {
        use SubjectKind::*;
        for (marked, path, kind) in [
            ("let é = std::me¦m::swap(a)", "std::mem", Path),
            ("foo.ba¦r()", "foo.bar", Member),
            ("foo.0.bar¦", "foo.0.bar", Member),
            ("f(x).bar¦", "bar", Member),
            ("0..le¦n", "len", Path),
            ("print¦ln!(\"\")", "println", Macro),
            ("println!¦(\"\")", "println", Macro),
            ("a¦ != b", "a", Path),
            ("ma¦tch x {}", "match", Keyword),
            ("self::na¦me", "self::name", Path),
        ] {
            assert_eq!(found(marked), Some((path.to_owned(), kind)), "{marked}");
        }
        assert_eq!(found("1 + ¦ 2"), None);
    }

    #[test]
    fn in_arguments_it_is_the_function() {
        assert_eq!(found("swap(&mut 1, ¦").unwrap().0, "swap");
        assert_eq!(found("a.push(f(1), (2 + ¦))").unwrap().0, "a.push");
        assert_eq!(found("vec![1, ¦]").unwrap(), ("vec".to_owned(), SubjectKind::Macro));
        assert_eq!(found("f({ ¦ })"), None);
    }

    #[test]
    fn a_name_in_its_definition_ends_with_it() {
        let end = |text: &str| {
            let position = text.find("name").unwrap();
            let subject = subject(text, position).unwrap();
            subject.definition_end.map(|end| text[..end].to_owned())
        };
        assert_eq!(end("let name = 1; 2").as_deref(), Some("let name = 1;"));
        assert_eq!(end("let (a, name) = f(); 2").as_deref(), Some("let (a, name) = f();"));
        assert_eq!(end("fn name() { 1 }\n2").as_deref(), Some("fn name() { 1 }"));
        assert_eq!(end("let a = name;"), None);
        assert_eq!(end("let a = |name| name;"), None);
    }
}
