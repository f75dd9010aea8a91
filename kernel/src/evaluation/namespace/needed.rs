//! Which of a notebook's items a cell needs. What it does not need is not compiled with it, so that a cell takes no longer
//! in a long notebook.
//!
//! A name is needed where it occurs as a word, also in strings and comments: that errs on the safe side. What has an effect
//! without being named, as a trait in scope has, is always needed. That it was enough the compiler says: a cell that does
//! not compile is compiled again with everything.

use std::collections::BTreeSet;
use std::sync::Arc;

use ra_ap_syntax::ast::{self, AstNode, HasAttrs};

use super::super::source::{Code, Source};
use super::{Item, Namespace};
use crate::analysis::words;

/// Attributes that do nothing beyond the item that they stand in front of.
const PLAIN_ATTRIBUTES: [&str; 15] = [
    "allow",
    "cold",
    "deny",
    "deprecated",
    "derive",
    "doc",
    "expect",
    "forbid",
    "inline",
    "must_use",
    "non_exhaustive",
    "repr",
    "serde",
    "track_caller",
    "warn",
];

/// A part of an item: its definition, or an implementation behind it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Part {
    pub(super) code: Code,
    words: Arc<BTreeSet<String>>,
    need: Need,
    /// Nothing happens on its account alone when a library that has it is loaded.
    does_nothing: bool,
}

/// When a part is needed.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Need {
    Always,
    /// Where its name is mentioned.
    Mentioned,
    /// Where something is that it implements or is implemented for; these are the words in front of its body.
    Implementing(Arc<BTreeSet<String>>),
}

impl Part {
    /// Of what is needed whatever a cell does, as imports are.
    pub(super) fn always(code: Code) -> Part {
        Part {
            words: Arc::new(all_words(&code.text)),
            code,
            need: Need::Always,
            does_nothing: true,
        }
    }

    /// Of a call of a macro that makes items.
    pub(super) fn made(call: Code) -> Part {
        Part {
            words: Arc::new(all_words(&call.text)),
            code: call,
            need: Need::Mentioned,
            does_nothing: false,
        }
    }

    /// The same with another text, of which some is left out.
    pub(super) fn with_text(&self, text: String) -> Part {
        Part {
            words: Arc::new(all_words(&text)),
            code: Code {
                text,
                start: self.code.start,
            },
            ..self.clone()
        }
    }

    pub(super) fn of_item(item: &ast::Item, code: Code) -> Part {
        let need = match item {
            ast::Item::Const(_)
            | ast::Item::Enum(_)
            | ast::Item::Fn(_)
            | ast::Item::MacroDef(_)
            | ast::Item::MacroRules(_)
            | ast::Item::Module(_)
            | ast::Item::Static(_)
            | ast::Item::Struct(_)
            | ast::Item::TypeAlias(_)
            | ast::Item::Union(_)
                if has_plain_attributes(item) =>
            {
                Need::Mentioned
            }
            ast::Item::Impl(implementation) if has_plain_attributes(item) => {
                let whole = implementation.syntax().text().to_string();
                let body = implementation.assoc_item_list().map(|list| list.syntax().text().len());
                let head = whole.len() - body.map_or(0, usize::from);
                Need::Implementing(Arc::new(all_words(&whole[..head])))
            }
            _ => Need::Always,
        };
        Part {
            words: Arc::new(all_words(&code.text)),
            code,
            need,
            does_nothing: does_nothing(item),
        }
    }
}

/// What a module or the macro that makes items makes is anybody's guess.
fn does_nothing(item: &ast::Item) -> bool {
    let is_definition = matches!(
        item,
        ast::Item::Const(_)
            | ast::Item::Enum(_)
            | ast::Item::Fn(_)
            | ast::Item::Impl(_)
            | ast::Item::MacroDef(_)
            | ast::Item::MacroRules(_)
            | ast::Item::Static(_)
            | ast::Item::Struct(_)
            | ast::Item::Trait(_)
            | ast::Item::TypeAlias(_)
            | ast::Item::Union(_)
    );
    let inner = item.syntax().descendants().filter_map(ast::Item::cast);
    is_definition && inner.into_iter().all(|item| has_plain_attributes(&item))
}

fn has_plain_attributes(item: &ast::Item) -> bool {
    let is_plain = |attribute: ast::Attr| {
        let name = attribute.path().map(|path| path.syntax().text().to_string());
        name.is_some_and(|name| PLAIN_ATTRIBUTES.contains(&name.as_str()))
    };
    item.attrs().all(is_plain)
}

fn all_words(text: &str) -> BTreeSet<String> {
    words(text).map(str::to_owned).collect()
}

impl Namespace {
    /// Whether nothing of what is new has an effect before a cell uses it.
    pub(in super::super) fn only_defines(&self) -> bool {
        let parts = self.items.iter().flat_map(|item| &item.parts);
        let mut others = self.attributes.values().chain(self.extern_crates.values());
        parts
            .into_iter()
            .all(|part| part.code.start.is_none() || part.does_nothing)
            && others.all(|code| code.start.is_none())
    }

    /// Writes what stands in front of a cell's function that names these words; everything where there are none to go by.
    pub(in super::super) fn write_items(&self, words: Option<BTreeSet<String>>, source: &mut Source) {
        for code in self.attributes.values().chain(self.extern_crates.values()) {
            source.code(code);
        }
        let needed = words.map(|words| self.needed(words));
        let (macros, others): (Vec<&Item>, Vec<&Item>) = self.items.iter().partition(|item| item.is_macro);
        for part in macros.iter().chain(&others).flat_map(|item| &item.parts) {
            let is_needed = |needed: &BTreeSet<*const Part>| needed.contains(&std::ptr::from_ref(part));
            if needed.as_ref().is_none_or(is_needed) {
                source.code(&part.code);
            }
        }
    }

    /// The parts that are needed where these words occur. They are known by where they are.
    fn needed(&self, mut words: BTreeSet<String>) -> BTreeSet<*const Part> {
        let names: BTreeSet<&str> = self
            .items
            .iter()
            .flat_map(|item| &item.names)
            .map(String::as_str)
            .collect();
        // What is defined now may be meant, and broken, by all that names it.
        let is_new = |item: &&Item| item.parts.iter().any(|part| part.code.start.is_some());
        let new: BTreeSet<&str> = self
            .items
            .iter()
            .filter(is_new)
            .flat_map(|item| &item.names)
            .map(String::as_str)
            .collect();
        let mut rest: Vec<(&Item, &Part)> = Vec::new();
        for item in &self.items {
            rest.extend(item.parts.iter().map(|part| (item, part)));
        }
        let mut needed = BTreeSet::new();
        loop {
            let before = rest.len();
            rest.retain(|(item, part)| {
                let is_needed = part.code.start.is_some()
                    || new.iter().any(|new| part.words.contains(*new))
                    || match &part.need {
                        Need::Always => true,
                        Need::Mentioned => item.names.is_empty() || item.names.iter().any(|name| words.contains(name)),
                        Need::Implementing(head) => {
                            let mut own = head.iter().filter(|word| names.contains(word.as_str())).peekable();
                            own.peek().is_none() || own.any(|word| words.contains(word))
                        }
                    };
                if is_needed {
                    words.extend(part.words.iter().cloned());
                    needed.insert(std::ptr::from_ref(*part));
                }
                !is_needed
            });
            if rest.len() == before {
                return needed;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::statements::Statements;
    use super::super::Imports;
    use super::*;

    const NOTEBOOK: &str = r#"
        use std::fmt::Write;
        struct Point { x: u8 }
        impl Point { fn new() -> Point { Point { x: START } } }
        const START: u8 = 1;
        trait Area { fn area(&self) -> u8; }
        impl Area for Square { fn area(&self) -> u8 { side(self) } }
        struct Square;
        fn side(_: &Square) -> u8 { 2 }
        fn alone() -> u8 { 3 }
        impl std::fmt::Debug for Lonely { fn fmt(&self) {} }
        struct Lonely;
        #[ctor]
        fn registered() {}
        macro_rules! seven { () => { alone() } }
        fn makes() -> Point { Point::new() }
    "#;

    /// The lines that a cell which names these words is compiled with.
    fn written(earlier: &str, new: &str, words: &str) -> Vec<String> {
        let mut namespace = Namespace::default();
        namespace.add(&Statements::parse(earlier).statements, Imports::TakenApart);
        namespace.commit();
        namespace.add(&Statements::parse(new).statements, Imports::TakenApart);
        let mut source = Source::default();
        namespace.write_items(Some(all_words(words)), &mut source);
        source.into_text().lines().map(|line| line.trim().to_owned()).collect()
    }

    fn has(written: &[String], beginning: &str) -> bool {
        written.iter().any(|line| line.starts_with(beginning))
    }

    #[test]
    fn what_is_mentioned_comes_with_what_that_mentions() {
        let lines = written(NOTEBOOK, "", "makes()");
        for needed in ["fn makes", "struct Point", "impl Point", "const START"] {
            assert!(has(&lines, needed), "{needed} is not in {lines:?}");
        }
        for left_out in [
            "fn alone",
            "struct Lonely",
            "impl std::fmt::Debug for Lonely",
            "macro_rules",
        ] {
            assert!(!has(&lines, left_out), "{left_out} is in {lines:?}");
        }
    }

    #[test]
    fn what_works_without_being_named_is_always_there() {
        let lines = written(NOTEBOOK, "", "1 + 1");
        for needed in [
            "use std::fmt::Write",
            "trait Area",
            "impl Area for Square",
            "struct Square",
            "fn side",
            "#[ctor]",
        ] {
            assert!(has(&lines, needed), "{needed} is not in {lines:?}");
        }
        assert!(!has(&lines, "struct Point") && !has(&lines, "impl Point"), "{lines:?}");
    }

    #[test]
    fn a_macro_comes_with_what_it_expands_to() {
        let lines = written(NOTEBOOK, "", "seven!()");
        assert!(
            has(&lines, "macro_rules! seven") && has(&lines, "fn alone"),
            "{lines:?}"
        );
    }

    #[test]
    fn what_names_something_that_is_defined_anew_is_looked_at() {
        let lines = written(NOTEBOOK, "const START: &str = \"\";", "");
        assert!(has(&lines, "impl Point") && has(&lines, "struct Point"), "{lines:?}");
        let lines = written(NOTEBOOK, "struct Point;", "");
        assert!(has(&lines, "fn makes") && !has(&lines, "fn alone"), "{lines:?}");
    }

    #[test]
    fn without_words_everything_is_written() {
        let mut namespace = Namespace::default();
        namespace.add(&Statements::parse(NOTEBOOK).statements, Imports::TakenApart);
        let mut source = Source::default();
        namespace.write_items(None, &mut source);
        assert!(source.into_text().contains("struct Lonely"));
    }

    #[test]
    fn what_has_an_effect_by_itself_is_no_mere_definition() {
        let only_defines = |code: &str| {
            let mut namespace = Namespace::default();
            namespace.add(
                &Statements::parse("#[ctor] fn earlier() {}").statements,
                Imports::TakenApart,
            );
            namespace.commit();
            namespace.add(&Statements::parse(code).statements, Imports::TakenApart);
            namespace.only_defines()
        };
        for definition in [
            "/// Doubles.\nfn double(a: u8) -> u8 { a * 2 }",
            "#[derive(Clone, Default)] struct P { #[serde(default)] x: u8 } impl P { #[inline] fn x(&self) -> u8 { self.x } }",
            "use std::fmt::Debug; trait T {} impl T for u8 {} const A: u8 = 1; static B: u8 = 2;",
            "macro_rules! m { () => {} }",
        ] {
            assert!(only_defines(definition), "{definition}");
        }
        for effect in [
            "#[ctor] fn at_start() {}",
            "fn f() { #[unsafe(no_mangle)] extern \"C\" fn called() {} }",
            "mod m { inventory::submit! { 1 } }",
            "#[unsafe(link_section = \".init_array\")] static S: extern \"C\" fn() = f;",
            "#![feature(x)]",
            "unsafe extern \"C\" { fn getpid() -> i32; }",
        ] {
            assert!(!only_defines(effect), "{effect}");
        }
    }
}
