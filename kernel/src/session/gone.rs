//! Which variables a notebook had and has no longer, and why: what is said to those who look for one.

use std::collections::{BTreeMap, BTreeSet};

/// The variables that are gone, by name.
#[derive(Debug, Default)]
pub(super) struct Gone {
    reasons: BTreeMap<String, Reason>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reason {
    /// The code of this cell took its value.
    Moved { cell: u32 },
    /// When this cell was run, its type was another one by the same name.
    Retyped { cell: u32 },
}

impl Gone {
    /// A cell has been run, from its beginning to its end, with these variables before it and after it.
    pub(super) fn update(&mut self, cell: u32, before: &BTreeSet<String>, after: &BTreeSet<String>) {
        self.reasons.retain(|name, _| !after.contains(name));
        for name in before.difference(after) {
            self.reasons.entry(name.clone()).or_insert(Reason::Moved { cell });
        }
    }

    /// A variable could not be read any more when this cell was to be run.
    pub(super) fn note_retyped(&mut self, cell: u32, name: &str) {
        self.reasons.insert(name.to_owned(), Reason::Retyped { cell });
    }

    /// Everything has been forgotten, on purpose.
    pub(super) fn clear(&mut self) {
        self.reasons.clear();
    }

    /// Why there is no variable of this name any more, and what to do about it; None where there was none.
    pub(super) fn explanation(&self, name: &str) -> Option<String> {
        Some(match self.reasons.get(name)? {
            Reason::Moved { cell } => {
                format!("`{name}` was moved in cell {cell}; to keep it, clone it there, or borrow it with `&{name}`")
            }
            Reason::Retyped { cell } => format!(
                "`{name}` was lost in cell {cell}, because its type had been redefined, or compiled anew: make it again"
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<const COUNT: usize>(names: [&str; COUNT]) -> BTreeSet<String> {
        names.map(str::to_owned).into()
    }

    #[test]
    fn what_is_gone_is_explained_until_it_is_back() {
        let mut gone = Gone::default();
        gone.note_retyped(3, "b");
        gone.update(3, &names(["a", "b", "c"]), &names(["c", "d"]));
        let told = |gone: &Gone, name: &str| gone.explanation(name).unwrap_or_default();
        assert!(told(&gone, "a").starts_with("`a` was moved in cell 3; "));
        assert!(told(&gone, "b").starts_with("`b` was lost in cell 3, because its type"));
        assert_eq!(gone.explanation("c"), None);
        gone.update(4, &names(["c", "d"]), &names(["a", "c", "d"]));
        assert_eq!(gone.explanation("a"), None);
        assert!(gone.explanation("b").is_some());
        gone.clear();
        assert_eq!(gone.explanation("b"), None);
    }
}
