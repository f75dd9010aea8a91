//! What becomes of the results of a magic's call: they get a name, are shown, or are nothing to speak of.

use std::ops::Range;

use super::source_map::SourceMap;
use super::target::Target;
use super::words::Word;

/// What stands around a call that has results.
#[derive(Clone, Debug)]
pub(super) enum Results<'a> {
    Named {
        /// What stands behind `->`.
        written: Word<'a>,
        target: Target,
        /// Their type, where it is known and not written, and what it is known from.
        type_: Option<(String, Range<usize>)>,
    },
    /// By this function of the library.
    Shown(&'static str),
    Dropped,
}

impl Results<'_> {
    /// Writes what stands in front of the call. What stands for nothing that was written belongs to `magic`.
    pub(super) fn open(&self, cell: &str, map: &mut SourceMap, magic: &Range<usize>) {
        match self {
            Results::Named { written, type_, .. } => {
                map.generate("let ", magic.clone());
                map.copy(cell, written.range.clone());
                if let Some((type_, because_of)) = type_ {
                    map.generate(&format!(": {type_}"), because_of.clone());
                }
                map.generate(" = ", magic.clone());
            }
            Results::Shown(show) => map.generate(&format!("parcell::cell::{show}("), magic.clone()),
            Results::Dropped => {}
        }
    }

    /// Writes what stands behind the call.
    pub(super) fn close(&self, map: &mut SourceMap, magic: &Range<usize>) {
        match self {
            Results::Named { written, target, .. } => {
                map.generate(&format!("{};", target.conversion()), written.range.clone());
            }
            Results::Shown(_) => map.generate(");", magic.clone()),
            Results::Dropped => map.generate(";", magic.clone()),
        }
    }
}
