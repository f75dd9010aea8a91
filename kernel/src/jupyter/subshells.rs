//! Sub-shells: queues of cells beside the main one, each of which can be aborted without the others
//! (<https://jupyter.org/enhancement-proposals/91-kernel-subshells/kernel-subshells.html>).
//!
//! What is not a cell is answered at once on every shell. Cells run one at a time, whichever shell they come from, for they
//! all change the same notebook.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The name of a sub-shell.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub(super) struct SubshellId(pub(super) String);

/// The sub-shells that there are.
#[derive(Debug, Default)]
pub(super) struct Subshells {
    all: BTreeSet<SubshellId>,
}

impl Subshells {
    /// Adds one, of a new name.
    pub(super) fn create(&mut self) -> SubshellId {
        let id = SubshellId(Uuid::new_v4().to_string());
        self.all.insert(id.clone());
        id
    }

    /// Removes one; whether it was there.
    pub(super) fn delete(&mut self, id: &SubshellId) -> bool {
        self.all.remove(id)
    }

    pub(super) fn contains(&self, id: &SubshellId) -> bool {
        self.all.contains(id)
    }

    pub(super) fn list(&self) -> Vec<SubshellId> {
        self.all.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_of_its_own_until_it_is_deleted() {
        let mut subshells = Subshells::default();
        let (one, other) = (subshells.create(), subshells.create());
        assert_ne!(one, other);
        assert!(subshells.contains(&one) && subshells.contains(&other));
        assert!(subshells.delete(&one) && !subshells.delete(&one));
        assert_eq!(subshells.list(), [other]);
    }
}
