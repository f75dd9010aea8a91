//! The parts of a cell, and what is done for each: Rust that is run, or what the session answers itself.

use std::ops::Range;

use super::history_range::HistoryRange;
use super::magics::MagicHelp;
use super::query::Query;
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
    /// `%whos`, which stands there.
    Whos,
    Reset,
    ListMagics,
    Help(&'static MagicHelp),
    Explain(Query),
    History(History),
    Save(Save),
    ReadFile {
        /// Has the notebook process tell where the file is: it knows the working directory.
        naming: Rewritten,
        purpose: FilePurpose,
        place: Range<usize>,
    },
    /// What these print and show is kept, in a variable where there is a name for it.
    Capture {
        parts: Vec<Part>,
        name: Option<String>,
        place: Range<usize>,
    },
    /// What stands there takes the cell's place, laid out.
    Format(Range<usize>),
    /// The same of earlier cells.
    FormatEarlier(Vec<HistoryRange>),
    Show {
        mime: &'static str,
        text: String,
    },
}

/// Which cells `%history` prints, and how.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) numbered: bool,
    /// Only those that have this text.
    pub(crate) containing: Option<String>,
    /// None stand for all.
    pub(crate) ranges: Vec<HistoryRange>,
}

/// Which cells `%save` saves, and where.
#[derive(Clone, Debug)]
pub(crate) struct Save {
    pub(crate) path: String,
    pub(crate) may_replace: bool,
    /// None stand for all.
    pub(crate) ranges: Vec<HistoryRange>,
    pub(crate) place: Range<usize>,
}

/// What a file is read for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FilePurpose {
    Run,
    /// It takes the cell's place.
    Load,
}

impl Rewritten {
    /// Runs this, as it is.
    pub(crate) fn plain(map: SourceMap) -> Rewritten {
        Rewritten {
            map,
            tells_compile_time: false,
        }
    }
}

impl Step {
    /// Runs this, as it is.
    pub(super) fn run(map: SourceMap) -> Step {
        Step::Run(Rewritten::plain(map))
    }
}
