//! What is known about the notebook without asking the engine: its state after the last cell.

use std::collections::{BTreeMap, BTreeSet};

use crate::cell::{self, Definition, DefinitionKind, Variables};

/// Variables, items and dependencies, as the last cell left them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Knowledge {
    /// Variables and their types.
    variables: BTreeMap<String, String>,
    items: BTreeMap<String, Item>,
    /// The names of crates that were added.
    crates: BTreeSet<String>,
}

/// An item that a cell defined.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Item {
    pub(super) definition: Definition,
    /// The number of the cell.
    pub(super) cell: u32,
    /// The sources of `impl` blocks, with the numbers of their cells.
    pub(super) implementations: Vec<(u32, String)>,
}

impl Knowledge {
    /// Takes note of the variables that there are now.
    pub(super) fn set_variables(&mut self, variables: BTreeMap<String, String>) {
        self.variables = variables;
    }

    /// Takes note of what a cell that completed has defined.
    pub(super) fn learn(&mut self, cell: u32, code: &str) {
        if code.lines().any(|line| line.trim() == ":clear") {
            *self = Knowledge::default();
        }
        self.crates.extend(added_crates(code));
        for definition in cell::definitions(code) {
            self.define(cell, definition);
        }
    }

    fn define(&mut self, cell: u32, definition: Definition) {
        if definition.kind == DefinitionKind::Implementation {
            // Those for types from elsewhere have nothing to stand with.
            if let Some(item) = self.items.get_mut(&definition.name) {
                item.implementations
                    .retain(|(_, source)| header(source) != header(&definition.source));
                item.implementations.push((cell, definition.source));
            }
            return;
        }
        let item = Item {
            definition,
            cell,
            implementations: Vec::new(),
        };
        self.items.insert(item.definition.name.clone(), item);
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables
            .iter()
            .map(|(name, type_)| (name.as_str(), type_.as_str()))
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    pub(super) fn item(&self, name: &str) -> Option<&Item> {
        self.items.get(name)
    }

    pub(super) fn crates(&self) -> impl Iterator<Item = &str> {
        self.crates.iter().map(String::as_str)
    }

    /// The items that a type of the notebook's is made of.
    pub(super) fn items_in<'a>(&'a self, type_: &'a str) -> impl Iterator<Item = &'a Item> {
        type_
            .split(|character: char| !(character.is_alphanumeric() || character == '_'))
            .filter_map(|word| self.item(word))
    }

    /// Whether a type of the notebook's has a field of this name.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.items()
            .any(|item| item.definition.members.iter().any(|member| member == name))
    }
}

impl Variables for Knowledge {
    fn type_of(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn function(&self, name: &str) -> Option<String> {
        let definition = &self.item(name)?.definition;
        (definition.kind == DefinitionKind::Function).then(|| definition.source.clone())
    }
}

impl Item {
    /// Its source, and that of its implementations.
    pub(super) fn source(&self) -> String {
        let implementations = self.implementations.iter().map(|(_, source)| source.as_str());
        [self.definition.source.as_str()]
            .into_iter()
            .chain(implementations)
            .collect::<Vec<_>>()
            .join("\n\n")
    }

    /// What it is and where it comes from.
    pub(super) fn origin(&self) -> String {
        format!("Defined in cell {}.", self.cell)
    }
}

fn header(source: &str) -> Vec<&str> {
    let end = source.find('{').unwrap_or(source.len());
    source[..end].split_whitespace().collect()
}

/// The crates that a cell adds.
fn added_crates(code: &str) -> impl Iterator<Item = String> {
    code.lines().filter_map(|line| {
        let name = line.trim_start_matches(' ').strip_prefix(":dep ")?;
        let name = name.split(['=', ' ']).find(|part| !part.is_empty())?;
        Some(name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_definition_counts_and_implementations_stand_with_their_type() {
        let mut knowledge = Knowledge::default();
        knowledge.learn(1, "struct P { a: u8 }\nimpl P { fn f() {} }\nimpl Clone for P {}");
        knowledge.learn(2, ":dep rand = \"0.9\"\n:dep serde_json\nimpl P { fn g() {} }");
        let source = knowledge.item("P").unwrap().source();
        assert_eq!(
            source,
            "struct P { a: u8 }\n\nimpl Clone for P {}\n\nimpl P { fn g() {} }"
        );
        assert!(knowledge.has_field("a") && !knowledge.has_field("b"));
        assert_eq!(knowledge.crates().collect::<Vec<_>>(), ["rand", "serde_json"]);
        knowledge.learn(3, "struct P;");
        assert_eq!(knowledge.item("P").unwrap().source(), "struct P;");
        assert_eq!(knowledge.items_in("Vec<Option<P>>").count(), 1);
        knowledge.learn(4, ":clear\nstruct Q;");
        assert!(knowledge.item("P").is_none() && knowledge.item("Q").is_some());
    }
}
