//! Which types of the notebook are compiled with an identity other than the one that the compiler would give them.
//!
//! The compiler knows a type by its crate and its path in it. Every cell is a crate of the same name and metadata, so that
//! types stay the same from cell to cell; one that has been redefined must not. It is put into a module of its own, under
//! another name each time, and brought back from there: `struct P { x: u8 }` becomes
//! `mod parcell_type_1 { use super::*; pub(super) struct P { pub(super) x: u8 } } pub(crate) use parcell_type_1::P;`.
//! What is private to a cell's crate stays so, and lines keep their numbers.

use std::collections::BTreeMap;

use ra_ap_syntax::ast::{self, AstNode, HasModuleItem, HasName};
use ra_ap_syntax::{Edition, SourceFile, SyntaxKind, SyntaxNode};

/// The identities that types have got so far.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Identities {
    /// That of the whole crate.
    all: u32,
    /// Those of single types.
    types: BTreeMap<String, u32>,
    used: u32,
}

impl Identities {
    /// Gives every type of the notebook another identity.
    pub(crate) fn renew_all(&mut self) {
        self.all += 1;
    }

    /// Gives these types other identities.
    pub(crate) fn renew<'a>(&mut self, types: impl IntoIterator<Item = &'a str>) {
        for name in types {
            self.used += 1;
            self.types.insert(name.to_owned(), self.used);
        }
    }

    /// What the crate is to be compiled with.
    pub(super) fn metadata(&self) -> String {
        format!("epoch-{}", self.all)
    }

    /// The generated source with the types in modules of their own. Line numbers stay.
    pub(crate) fn apply(&self, source: &str) -> Revised {
        let mut insertions = Vec::new();
        if !self.types.is_empty() {
            for item in SourceFile::parse(source, Edition::CURRENT).tree().items() {
                let name = name_of_type(&item);
                if let Some((name, number)) = name.and_then(|name| self.types.get_key_value(&name)) {
                    move_to_module(&item, name, *number, &mut insertions);
                }
            }
        }
        insertions.sort_by_key(|(position, _)| *position);
        let mut text = String::with_capacity(source.len() + 200 * self.types.len());
        let mut position = 0;
        for (next, insertion) in &insertions {
            text.push_str(&source[position..*next]);
            text.push_str(insertion);
            position = *next;
        }
        text.push_str(&source[position..]);
        let insertions = insertions.into_iter().map(|(position, text)| (position, text.len()));
        Revised {
            text,
            insertions: insertions.collect(),
        }
    }
}

/// A source into which something has been inserted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Revised {
    pub(crate) text: String,
    /// Where in the original, and how much.
    insertions: Vec<(usize, usize)>,
}

impl Revised {
    /// The same place in the original.
    pub(crate) fn original(&self, offset: usize) -> usize {
        let mut inserted = 0;
        for (position, length) in &self.insertions {
            if position + inserted >= offset {
                break;
            }
            if offset < position + inserted + length {
                return *position;
            }
            inserted += length;
        }
        offset - inserted
    }
}

fn name_of_type(item: &ast::Item) -> Option<String> {
    let name = match item {
        ast::Item::Struct(item) => item.name(),
        ast::Item::Enum(item) => item.name(),
        ast::Item::Union(item) => item.name(),
        ast::Item::Trait(item) => item.name(),
        _ => None,
    };
    Some(name?.text().to_string())
}

fn move_to_module(item: &ast::Item, name: &str, number: u32, insertions: &mut Vec<(usize, String)>) {
    let range = item.syntax().text_range();
    insertions.push((
        range.start().into(),
        format!("mod parcell_type_{number} {{ #[allow(unused_imports)] use super::*; "),
    ));
    make_visible(item.syntax(), insertions);
    let fields = match item {
        ast::Item::Struct(item) => item.field_list(),
        ast::Item::Union(item) => item.record_field_list().map(ast::FieldList::RecordFieldList),
        _ => None,
    };
    match fields {
        Some(ast::FieldList::RecordFieldList(fields)) => {
            fields
                .fields()
                .for_each(|field| make_visible(field.syntax(), insertions));
        }
        Some(ast::FieldList::TupleFieldList(fields)) => {
            fields
                .fields()
                .for_each(|field| make_visible(field.syntax(), insertions));
        }
        None => {}
    }
    insertions.push((
        range.end().into(),
        format!(" }} #[allow(unused_imports)] pub(crate) use parcell_type_{number}::{name};"),
    ));
}

/// What is private in a crate's root can be used in all of the crate; in a module it has to say so.
fn make_visible(node: &SyntaxNode, insertions: &mut Vec<(usize, String)>) {
    let first = node.children_with_tokens().find(|child| {
        !matches!(
            child.kind(),
            SyntaxKind::ATTR | SyntaxKind::WHITESPACE | SyntaxKind::COMMENT
        )
    });
    if let Some(first) = first.filter(|first| first.kind() != SyntaxKind::VISIBILITY) {
        insertions.push((first.text_range().start().into(), "pub(super) ".to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(source: &str) -> String {
        let mut identities = Identities::default();
        identities.renew(["P", "T"]);
        identities.apply(source).text
    }

    #[test]
    fn a_type_is_moved_to_a_module_of_its_own() {
        let source = "use a::*;\n/// Doc.\n#[derive(Debug)]\nstruct P {\n    /// x\n    x: u8,\n    pub y: u8,\n}\nstruct Q(P);\n";
        assert_eq!(
            applied(source),
            "use a::*;\nmod parcell_type_1 { #[allow(unused_imports)] use super::*; /// Doc.\n#[derive(Debug)]\n\
             pub(super) struct P {\n    /// x\n    pub(super) x: u8,\n    pub y: u8,\n} } \
             #[allow(unused_imports)] pub(crate) use parcell_type_1::P;\nstruct Q(P);\n"
        );
        assert_eq!(applied("struct Q(P);"), "struct Q(P);");
    }

    #[test]
    fn every_kind_of_type_can_be() {
        let moved = |definition: &str| {
            let text = applied(definition);
            let inner = text.split_once("super::*; ").unwrap().1;
            inner.split_once(" } #[allow").unwrap().0.to_owned()
        };
        assert_eq!(
            moved("struct P(u8, #[serde(skip)] u16);"),
            "pub(super) struct P(pub(super) u8, #[serde(skip)] pub(super) u16);"
        );
        assert_eq!(moved("pub enum P { A { x: u8 } }"), "pub enum P { A { x: u8 } }");
        assert_eq!(
            moved("unsafe trait T { fn t(); }"),
            "pub(super) unsafe trait T { fn t(); }"
        );
        assert_eq!(moved("union P { a: u8 }"), "pub(super) union P { pub(super) a: u8 }");
    }

    #[test]
    fn each_renewal_is_another_identity() {
        let mut identities = Identities::default();
        identities.renew(["P"]);
        let first = identities.apply("struct P;").text;
        identities.renew(["P"]);
        assert_ne!(identities.apply("struct P;").text, first);
        let before = identities.metadata();
        identities.renew_all();
        assert_ne!(identities.metadata(), before);
    }
    #[test]
    fn places_are_found_again() {
        let source = "struct P { x: u8 }\nfn f() {}";
        let mut identities = Identities::default();
        identities.renew(["P"]);
        let revised = identities.apply(source);
        for part in ["struct", "x: u8", "fn f"] {
            let (here, there) = (revised.text.find(part).unwrap(), source.find(part).unwrap());
            assert_eq!(revised.original(here), there, "{part}");
        }
        assert_eq!(revised.original(3), 0);
        assert_eq!(Identities::default().apply(source).original(20), 20);
    }
}
