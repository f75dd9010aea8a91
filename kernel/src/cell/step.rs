//! The parts of a cell, and what is done for each: Rust that is run, or what the session answers itself.

use std::ops::Range;

use super::magics::MagicHelp;
use super::source_map::SourceMap;

/// What is evaluated in the place of a cell, or of a part of one.
#[derive(Clone, Debug)]
pub(crate) struct Rewritten {
    pub(crate) map: SourceMap,
    /// Whether it is said how long compiling took.
    pub(crate) tells_compile_time: bool,
}

/// A part of a cell, and what is done for it when the parts before it have completed.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) range: Range<usize>,
    pub(crate) step: Step,
}

/// What is done for a part of a cell.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Run(Rewritten),
    Who,
    Reset,
    ListMagics,
    Help(&'static MagicHelp),
    Show { mime: &'static str, text: String },
}

impl Step {
    /// Runs this, as it is.
    pub(super) fn run(map: SourceMap) -> Step {
        Step::Run(Rewritten {
            map,
            tells_compile_time: false,
        })
    }
}
