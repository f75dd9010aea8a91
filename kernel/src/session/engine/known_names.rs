//! The names that a cell may use: of variables, of items, and those that cells have imported.

use std::collections::BTreeSet;

use crate::cell::Variables;
use crate::evaluation::Names;
use crate::session::knowledge::Knowledge;

/// Everything that has a name.
pub(super) struct KnownNames<'a> {
    pub(super) names: Names<'a>,
    pub(super) imported: &'a BTreeSet<String>,
    pub(super) knowledge: &'a Knowledge,
}

impl Variables for KnownNames<'_> {
    fn type_of(&self, name: &str) -> Option<String> {
        self.names.type_of(name).map(str::to_owned)
    }

    fn function(&self, name: &str) -> Option<String> {
        self.knowledge.function(name)
    }

    fn is_known(&self, name: &str) -> bool {
        self.names.type_of(name).is_some() || self.imported.contains(name) || self.names.has_item(name)
    }
}
