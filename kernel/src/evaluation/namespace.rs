//! What a notebook has defined: items, imports, crates and variables, and what a cell adds to them.

mod implementations;
mod needed;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use ra_ap_syntax::ast::{self, AstNode};

use super::body::{Body, Local};
use super::boxed::Boxed;
use super::imports;
use super::source::Code;
use super::statements::Statement;
use crate::analysis::name_of;
use crate::toolchain::Manifest;
use implementations::names_of;
use needed::Part;

/// Crates that are there without being added.
const SYSROOT: [&str; 5] = ["std", "core", "alloc", "proc_macro", "test"];

/// Everything that later cells can name.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Namespace {
    pub(super) manifest: Manifest,
    /// Those that there are, or will be when the cell has run.
    pub(super) variables: BTreeMap<String, Variable>,
    /// Those that earlier cells have stored.
    pub(super) earlier: BTreeMap<String, Variable>,
    attributes: BTreeMap<String, Code>,
    extern_crates: BTreeMap<String, Code>,
    /// In the order in which they were defined.
    items: Vec<Item>,
}

/// A variable of the notebook.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Variable {
    /// As Rust writes it.
    pub(super) type_: String,
    pub(super) is_mutable: bool,
    /// The cell that is being evaluated defines it.
    pub(super) is_new: bool,
    /// What is stored in the place of its value, where that is of another type.
    pub(super) boxed: Option<Boxed>,
    /// Where its name is in the code that is being evaluated.
    pub(super) defined_at: Option<Range<usize>>,
}

/// An item or an import, with those of its implementations that the same cell has.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Item {
    /// None of an implementation; several of what a macro has made.
    names: Vec<String>,
    /// A macro by example must stand in front of its uses.
    is_macro: bool,
    parts: Vec<Part>,
}

/// What becomes of imports.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Imports {
    /// They are taken apart, so that later ones of the same name take the place of earlier ones.
    TakenApart,
    /// They stay as they were written, so that places in them can be found.
    AsWritten,
}

impl Namespace {
    /// One with nothing in it but what the manifest has.
    pub(super) fn new(manifest: Manifest) -> Namespace {
        Namespace {
            manifest,
            ..Namespace::default()
        }
    }

    /// Adds what a cell defines; gives what it runs.
    pub(super) fn add(&mut self, statements: &[Statement], imports: Imports) -> Body {
        let mut body = Body::default();
        for (index, statement) in statements.iter().enumerate() {
            let is_last = index + 1 == statements.len();
            let node = &statement.node;
            if ast::Attr::can_cast(node.kind()) {
                self.attributes.insert(node.text().to_string(), code(statement));
            } else if let Some(item) = ast::Item::cast(node.clone()).filter(|item| !is_macro_call(item)) {
                self.add_item(&item, statement, imports);
            } else {
                body.add(statement, is_last);
            }
        }
        body
    }

    fn add_item(&mut self, item: &ast::Item, statement: &Statement, imports: Imports) {
        match item {
            ast::Item::ExternCrate(item) => self.add_crate(item, statement),
            ast::Item::Use(import) => self.add_import(import, statement, imports),
            item => match name_of(item.syntax()) {
                Some(name) => {
                    let is_macro = matches!(item, ast::Item::MacroRules(_));
                    self.define(Some(name), is_macro, Part::of_item(item, code(statement)));
                }
                None => {
                    let part = Part::of_item(item, code(statement));
                    let ast::Item::Impl(implementation) = item else {
                        return self.define(None, false, part);
                    };
                    self.replace_implementations(implementation);
                    match self.new_item_of(implementation) {
                        Some(owner) => owner.parts.push(part),
                        None => self.define(None, false, part),
                    }
                }
            },
        }
    }

    /// The type or the trait of an implementation, where the same cell defines it.
    fn new_item_of(&mut self, implementation: &ast::Impl) -> Option<&mut Item> {
        let is_new = |item: &Item| item.parts.iter().any(|part| part.code.start.is_some());
        let owner = names_of(implementation).find_map(|name| {
            let named = |item: &Item| item.names.contains(&name);
            self.items.iter().position(|item| named(item) && is_new(item))
        });
        self.items.get_mut(owner?)
    }

    fn add_crate(&mut self, item: &ast::ExternCrate, statement: &Statement) {
        let Some(name) = item.name_ref().map(|name| name.text().to_string()) else {
            return;
        };
        if !SYSROOT.contains(&&*name) && !self.manifest.has_crate(&name) {
            self.manifest.dependencies.insert(name.clone(), "\"*\"".to_owned());
        }
        self.extern_crates.insert(name, code(statement));
    }

    fn add_import(&mut self, import: &ast::Use, statement: &Statement, imports: Imports) {
        let Some(tree) = import.use_tree() else {
            return self.define(None, false, Part::always(code(statement)));
        };
        for import in imports::of_tree(&tree) {
            match (imports, import.name) {
                (Imports::TakenApart, name) => {
                    let is_there = name.is_none() && self.has_unnamed(&import.code);
                    if !is_there {
                        self.define(name, false, Part::always(Code::earlier(import.code)));
                    }
                }
                (Imports::AsWritten, Some(name)) => self.items.retain(|item| !item.names.contains(&name)),
                (Imports::AsWritten, None) => {}
            }
        }
        if imports == Imports::AsWritten {
            self.define(None, false, Part::always(code(statement)));
        }
    }

    fn define(&mut self, name: Option<String>, is_macro: bool, part: Part) {
        self.define_all(name.into_iter().collect(), is_macro, part);
    }

    fn define_all(&mut self, names: Vec<String>, is_macro: bool, part: Part) {
        self.items
            .retain(|item| !item.names.iter().any(|name| names.contains(name)));
        self.items.push(Item {
            names,
            is_macro,
            parts: vec![part],
        });
    }

    /// Adds a call of a macro that makes items of these names.
    pub(super) fn add_made(&mut self, names: Vec<String>, call: Code) {
        if names.is_empty() {
            // Made again, implementations would be there twice.
            let is_same = |part: &Part| part.code.text == call.text;
            self.items.retain(|item| !item.parts.iter().any(is_same));
        }
        self.define_all(names, false, Part::made(call));
    }

    /// What every cell has without having asked for it.
    pub(super) fn import(&mut self, code: &str) {
        self.define(None, false, Part::always(Code::earlier(code)));
    }

    fn has_unnamed(&self, code: &str) -> bool {
        let unnamed = self.items.iter().filter(|item| item.names.is_empty());
        unnamed
            .flat_map(|item| &item.parts)
            .any(|there| there.code.text == code)
    }

    /// Notes what a cell's `let` has defined.
    pub(super) fn define_variable(&mut self, name: &str, type_: String, is_mutable: bool, local: Option<&Local>) {
        let variable = Variable {
            type_,
            is_mutable,
            is_new: true,
            boxed: None,
            defined_at: local.map(|local| local.range.clone()),
        };
        self.variables.insert(name.to_owned(), variable);
    }

    /// Has a variable that has just been defined stored in a box.
    pub(super) fn store_boxed(&mut self, name: &str, boxed: Boxed) {
        if let Some(variable) = self.variables.get_mut(name) {
            variable.type_ = boxed.type_();
            variable.boxed = Some(boxed);
        }
    }

    /// Asks less of a value that is stored in a box; false where that is not so, or nothing more can be left out.
    pub(super) fn demand_less_of(&mut self, name: &str) -> bool {
        let boxed = self.variables.get(name).and_then(|variable| variable.boxed.clone());
        let Some(mut boxed) = boxed else { return false };
        let is_less = boxed.demand_less();
        if is_less {
            self.store_boxed(name, boxed);
        }
        is_less
    }

    /// The cell has run: what it defined is from an earlier cell from now on.
    pub(super) fn commit(&mut self) {
        for variable in self.variables.values_mut() {
            variable.is_new = false;
            variable.boxed = None;
            variable.defined_at = None;
        }
        self.earlier.clone_from(&self.variables);
        let items = self
            .items
            .iter_mut()
            .flat_map(|item| &mut item.parts)
            .map(|part| &mut part.code);
        for code in items
            .chain(self.attributes.values_mut())
            .chain(self.extern_crates.values_mut())
        {
            code.start = None;
        }
    }

    /// These are not there any more.
    pub(super) fn lose_variables(&mut self, names: &[String]) {
        for name in names {
            self.variables.remove(name);
            self.earlier.remove(name);
        }
    }

    /// What the cell was to define has not come to be.
    pub(super) fn lose_new_variables(&mut self) {
        self.variables.retain(|_, variable| !variable.is_new);
    }

    /// Whether an item or an import has this name.
    pub(super) fn has_item(&self, name: &str) -> bool {
        self.items.iter().any(|item| item.names.iter().any(|own| own == name))
    }

    /// Whether a cell that only defines has to be compiled to know that it is right.
    pub(super) fn defines_more_than(&self, other: &Namespace) -> bool {
        let texts = |namespace: &Namespace| -> BTreeSet<String> {
            let items = namespace
                .items
                .iter()
                .flat_map(|item| &item.parts)
                .map(|part| &part.code);
            let codes = items
                .chain(namespace.extern_crates.values())
                .chain(namespace.attributes.values());
            codes.map(|code| code.text.clone()).collect()
        };
        self.manifest != other.manifest || texts(self) != texts(other)
    }
}

fn code(statement: &Statement) -> Code {
    Code {
        text: statement.text.clone(),
        start: Some(statement.start),
    }
}

/// What may stand among items, but is run here.
fn is_macro_call(item: &ast::Item) -> bool {
    matches!(item, ast::Item::MacroCall(_))
}

#[cfg(test)]
mod tests {
    use super::super::source::Source;
    use super::super::statements::Statements;
    use super::*;

    fn add(namespace: &mut Namespace, code: &str) -> Body {
        let body = namespace.add(&Statements::parse(code).statements, Imports::TakenApart);
        namespace.commit();
        body
    }

    fn items(namespace: &Namespace) -> String {
        let mut source = Source::default();
        namespace.write_items(None, &mut source);
        source.into_text()
    }

    #[test]
    fn what_is_defined_again_takes_the_place_of_what_was() {
        let mut namespace = Namespace::default();
        add(
            &mut namespace,
            "struct P;\nimpl P { fn a() {} }\nuse std::fmt::{Debug, Write as _};",
        );
        add(
            &mut namespace,
            "struct P(u8);\nuse other::Debug;\nuse std::fmt::Write as _;",
        );
        let text = items(&namespace);
        assert_eq!(text, "use std::fmt::Write as _;\nstruct P(u8);\nuse other::Debug;\n");
        assert!(namespace.has_item("P") && namespace.has_item("Debug") && !namespace.has_item("Write"));
    }

    #[test]
    fn macros_stand_in_front_of_their_uses_and_attributes_in_front_of_all() {
        let mut namespace = Namespace::default();
        add(&mut namespace, "#![feature(x)]\nfn f() { m!() }");
        add(&mut namespace, "macro_rules! m { () => {} }\nextern crate std;");
        let text = items(&namespace);
        let places = ["#![feature", "extern crate", "macro_rules!", "fn f()"].map(|part| text.find(part).unwrap());
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn a_crate_that_is_named_and_not_there_is_added() {
        let mut namespace = Namespace::default();
        namespace
            .manifest
            .dependencies
            .insert("a-b".to_owned(), "\"1\"".to_owned());
        add(&mut namespace, "extern crate a_b; extern crate core; extern crate c;");
        let names: Vec<_> = namespace.manifest.dependencies.keys().map(String::as_str).collect();
        assert_eq!(names, ["a-b", "c"]);
    }

    #[test]
    fn what_is_new_has_to_be_compiled() {
        let mut before = Namespace::default();
        add(&mut before, "fn f() {}");
        let mut same = before.clone();
        add(&mut same, "fn f() {}");
        assert!(!same.defines_more_than(&before));
        add(&mut same, "fn f() { g() }");
        assert!(same.defines_more_than(&before));
    }
}
