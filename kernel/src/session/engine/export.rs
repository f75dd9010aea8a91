//! What cells are as parts of a program: beside checking them, they are rewritten for that.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Cell, Engine};
use crate::cell::{self, ForProgram, Part, Step, Variables};

/// A part of a cell, for a program.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ProgramPart {
    /// Rust, in front of which may be commands.
    Code(String),
    /// What only a notebook can do.
    LeftOut(String),
}

/// What a program of the cells depends on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exported {
    /// What stands to the right of each crate's name in Cargo.toml.
    pub(crate) dependencies: BTreeMap<String, String>,
    pub(crate) opt_level: String,
    /// Their versions, as Cargo.lock; None where there is none.
    pub(crate) lock: Option<String>,
    /// The crates of ours that show values of the others.
    pub(crate) displays: Vec<String>,
}

/// What a cell is; nothing where it cannot be rewritten, which is told when it is checked.
pub(super) fn parts(cell: &Cell, known: &dyn Variables) -> Vec<ProgramPart> {
    let parts = cell::rewrite(&cell.code, &ForProgram(known)).unwrap_or_default();
    parts.into_iter().flat_map(|part| program_parts(cell, part)).collect()
}

fn program_parts(cell: &Cell, Part { range, step }: Part) -> Vec<ProgramPart> {
    match step {
        Step::Run(code) => vec![ProgramPart::Code(code.map.text().to_owned())],
        Step::Capture { parts, place, .. } => std::iter::once(left_out(cell, place))
            .chain(parts.into_iter().flat_map(|part| program_parts(cell, part)))
            .collect(),
        _ => vec![left_out(cell, range)],
    }
}

fn left_out(cell: &Cell, range: Range<usize>) -> ProgramPart {
    ProgramPart::LeftOut(cell.code[range].trim().to_owned())
}

impl Engine<'_> {
    /// What has been checked since this was asked last.
    pub(in crate::session) fn take_exported(&mut self) -> Vec<ProgramPart> {
        std::mem::take(&mut self.exported)
    }

    /// What a program of all cells depends on.
    pub(in crate::session) fn exported(&self) -> Exported {
        let manifest = self.evaluator.manifest();
        Exported {
            dependencies: manifest.dependencies.clone(),
            opt_level: manifest.opt_level.clone(),
            // A notebook without crates may have none.
            lock: std::fs::read_to_string(self.evaluator.directory().join("Cargo.lock")).ok(),
            displays: self.evaluator.displays(),
        }
    }
}
