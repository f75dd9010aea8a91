//! Which variables a notebook had and has no longer, what it never had because a cell failed, and why: what is said to
//! those who look for one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::cell::{definition_of_variable, definitions};

/// How many cells that failed are remembered.
const MOST_FAILED: usize = 32;

/// The variables that are gone, by name, and the cells that have defined nothing.
#[derive(Debug, Default)]
pub(super) struct Gone {
    reasons: BTreeMap<String, Reason>,
    /// The last ones, with their code.
    failed: VecDeque<(u32, String)>,
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

    /// A cell with this code has failed, so that nothing that it defines is there.
    pub(super) fn note_failed(&mut self, cell: u32, code: &str) {
        if self.failed.len() == MOST_FAILED {
            self.failed.pop_front();
        }
        self.failed.push_back((cell, code.to_owned()));
    }

    /// Everything has been forgotten, on purpose.
    pub(super) fn clear(&mut self) {
        self.reasons.clear();
        self.failed.clear();
    }

    /// Why there is nothing of this name, or no more, and what to do about it; None where there is no reason to expect it.
    pub(super) fn explanation(&self, name: &str) -> Option<String> {
        let Some(reason) = self.reasons.get(name) else {
            return self.never_defined(name);
        };
        Some(match reason {
            Reason::Moved { cell } => {
                format!("`{name}` was moved in cell {cell}; to keep it, clone it there, or borrow it with `&{name}`")
            }
            Reason::Retyped { cell } => format!(
                "`{name}` was lost in cell {cell}, because its type had been redefined, or compiled anew: make it again"
            ),
        })
    }

    fn never_defined(&self, name: &str) -> Option<String> {
        let defines = |code: &str| {
            let has_item = definitions(code).iter().any(|definition| definition.name == name);
            has_item || definition_of_variable(code, name).is_some()
        };
        let (cell, _) = self.failed.iter().rev().find(|(_, code)| defines(code))?;
        Some(format!(
            "cell {cell} defines `{name}`, but failed, so that nothing of it is there: run it again when it is mended"
        ))
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

    #[test]
    fn what_a_failed_cell_would_have_defined_is_explained() {
        let mut gone = Gone::default();
        gone.note_failed(2, "fn f() {} struct P;\nlet (a, mut b) = (1, 2);");
        gone.note_failed(3, "fn f() -> u8 {}");
        let told = |name: &str| gone.explanation(name);
        assert!(told("f").is_some_and(|told| told.starts_with("cell 3 defines `f`, but failed")));
        for name in ["P", "a", "b"] {
            assert!(
                told(name).is_some_and(|told| told.starts_with("cell 2 defines ")),
                "{name}"
            );
        }
        assert_eq!(told("c"), None);
    }
}
