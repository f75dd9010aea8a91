//! Whoever waits for a cell: they hear what keeps it, and may give up.

use std::time::Duration;

use crate::toolchain::CratesProgress;

/// What keeps a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Progress<'a> {
    Crates(&'a CratesProgress),
    /// Types are inferred; said again and again.
    Types {
        waited: Duration,
    },
    /// They have been.
    TypesKnown,
}

/// Whoever waits for a cell.
#[derive(Clone, Copy)]
pub(crate) struct Waiting<'a> {
    /// Whether nobody does any more: the cell has been interrupted.
    pub(crate) is_given_up: &'a dyn Fn() -> bool,
    pub(crate) hear: &'a dyn Fn(&Progress<'_>),
}

impl Waiting<'_> {
    /// They have waited for types for so long; whether they go on.
    pub(super) fn for_types(self, waited: Duration) -> bool {
        (self.hear)(&Progress::Types { waited });
        !(self.is_given_up)()
    }

    pub(super) fn types_are_known(self) {
        (self.hear)(&Progress::TypesKnown);
    }
}
