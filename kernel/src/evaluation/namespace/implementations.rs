//! Implementations that are written again: a later one takes the place of an earlier one, as with functions, and so do the
//! methods of a type.

use std::collections::BTreeSet;
use std::ops::Range;

use ra_ap_syntax::ast::{self, AstNode, HasModuleItem};
use ra_ap_syntax::{Edition, SourceFile, SyntaxKind, SyntaxNode};

use super::Namespace;
use super::needed::Part;
use crate::analysis::name_of;

impl Namespace {
    /// Takes away from what earlier cells have implemented what this implements again.
    pub(super) fn replace_implementations(&mut self, new: &ast::Impl) {
        let replaced = Replaced::by(new);
        for item in &mut self.items {
            item.parts.retain_mut(|part| replaced.is_left_of(part));
        }
        self.items.retain(|item| !item.parts.is_empty());
    }
}

/// The names by which an implementation is known: of the type, and of the trait.
pub(super) fn names_of(implementation: &ast::Impl) -> impl Iterator<Item = String> {
    let types = [implementation.self_ty(), implementation.trait_()];
    types.into_iter().flatten().filter_map(|type_| {
        let ast::Type::PathType(path) = type_ else { return None };
        Some(path.path()?.segment()?.name_ref()?.text().to_string())
    })
}

/// What an implementation takes the place of.
struct Replaced {
    head: String,
    /// What it defines, where it is of no trait: other implementations may define more.
    names: Option<BTreeSet<String>>,
}

impl Replaced {
    fn by(new: &ast::Impl) -> Replaced {
        let names = new.trait_().is_none().then(|| {
            let items = new.assoc_item_list().into_iter().flat_map(|list| list.assoc_items());
            items.filter_map(|item| name_of(item.syntax())).collect()
        });
        Replaced {
            head: head_of(new),
            names,
        }
    }

    /// Takes it out of a part; false where nothing is left of that.
    fn is_left_of(&self, part: &mut Part) -> bool {
        // Twice in one cell it is a mistake.
        if part.code.start.is_some() || !part.code.text.contains("impl") {
            return true;
        }
        let file = SourceFile::parse(&part.code.text, Edition::CURRENT).tree();
        let Some(ast::Item::Impl(old)) = file.items().next() else {
            return true;
        };
        if head_of(&old) != self.head {
            return true;
        }
        let Some(names) = &self.names else { return false };
        let all: Vec<ast::AssocItem> = old
            .assoc_item_list()
            .into_iter()
            .flat_map(|list| list.assoc_items())
            .collect();
        let is_replaced = |item: &&ast::AssocItem| name_of(item.syntax()).is_some_and(|name| names.contains(&name));
        let replaced: Vec<Range<usize>> = all
            .iter()
            .filter(is_replaced)
            .map(|item| item.syntax().text_range().into())
            .collect();
        if !replaced.is_empty() && replaced.len() == all.len() {
            return false;
        }
        let mut text = part.code.text.clone();
        for range in replaced.into_iter().rev() {
            text.replace_range(range, "");
        }
        if text != part.code.text {
            *part = part.with_text(text);
        }
        true
    }
}

/// What stands in front of the body, token by token.
fn head_of(implementation: &ast::Impl) -> String {
    let is_body = |node: &SyntaxNode| ast::AssocItemList::can_cast(node.kind());
    let skipped = |kind: SyntaxKind| matches!(kind, SyntaxKind::WHITESPACE | SyntaxKind::COMMENT);
    let start = implementation.impl_token().map(|token| token.text_range().start());
    let tokens = implementation
        .syntax()
        .children_with_tokens()
        .filter(|element| Some(element.text_range().start()) >= start)
        .filter(|element| !element.as_node().is_some_and(is_body))
        .flat_map(|element| match element {
            ra_ap_syntax::NodeOrToken::Node(node) => node
                .descendants_with_tokens()
                .filter_map(|element| element.into_token())
                .collect::<Vec<_>>(),
            ra_ap_syntax::NodeOrToken::Token(token) => vec![token],
        });
    let words: Vec<String> = tokens
        .filter(|token| !skipped(token.kind()))
        .map(|token| token.text().to_owned())
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::super::source::Source;
    use super::super::super::statements::Statements;
    use super::super::Imports;
    use super::*;

    /// What is left of cells after each other.
    fn left_of(cells: &[&str]) -> String {
        let mut namespace = Namespace::default();
        for cell in cells {
            namespace.add(&Statements::parse(cell).statements, Imports::TakenApart);
            namespace.commit();
        }
        let mut source = Source::default();
        namespace.write_items(None, &mut source);
        source.into_text()
    }

    #[test]
    fn an_implementation_of_a_trait_takes_the_place_of_the_one_before() {
        let text = left_of(&[
            "trait Shape { fn area(&self) -> u8; }\nstruct Square;\nimpl Shape for Square { fn area(&self) -> u8 { 1 } }",
            "// Better.\nimpl  Shape\nfor Square { fn area(&self) -> u8 { 2 } }",
        ]);
        assert!(text.contains("{ 2 }") && !text.contains("{ 1 }"), "{text}");
        let others = left_of(&[
            "impl From<u8> for P { fn from(_: u8) -> P { P } }",
            "impl From<u16> for P { fn from(_: u16) -> P { P } }",
        ]);
        assert_eq!(others.matches("impl From").count(), 2, "{others}");
    }

    #[test]
    fn methods_that_are_written_again_take_the_place_of_those_before() {
        let cells = [
            "struct P;\nimpl P { fn a() -> u8 { 1 }\n/// Stays.\nfn b() -> u8 { 2 } }",
            "impl P { fn a() -> u8 { 3 } fn c() {} }",
        ];
        let text = left_of(&cells);
        assert!(
            text.contains("{ 3 }") && text.contains("/// Stays.\nfn b()") && text.contains("fn c()"),
            "{text}"
        );
        assert!(!text.contains("{ 1 }"), "{text}");
        let again = left_of(&[cells[0], cells[0]]);
        assert_eq!(again.matches("impl P").count(), 1, "{again}");
    }

    #[test]
    fn what_is_written_twice_in_one_cell_stays_a_mistake() {
        let text = left_of(&["impl T for P {}\nimpl T for P {}"]);
        assert_eq!(text.matches("impl T for P").count(), 2, "{text}");
    }

    #[test]
    fn an_implementation_goes_with_its_type_and_not_with_what_stands_in_front_of_it() {
        let cell =
            "struct A;\nstruct B;\nimpl A { fn a() {} }\nfn f() {}\nimpl Clone for B { fn clone(&self) -> B { B } }";
        let text = left_of(&[cell, "struct B(u8);\nfn f() -> u8 { 1 }"]);
        assert!(text.contains("impl A") && !text.contains("impl Clone for B"), "{text}");
        let text = left_of(&[cell, "struct A(u8);"]);
        assert!(!text.contains("impl A") && text.contains("impl Clone for B"), "{text}");
    }
}
