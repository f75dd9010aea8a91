//! What the engine is asked for, and what of it waits: the next cell is compiled while one runs.

use std::collections::{BTreeSet, VecDeque};
use std::sync::mpsc;

use super::Request;
use super::known_names::KnownNames;
use crate::cell::{self, Part, Step, Types};
use crate::evaluation::{Names, Next};
use crate::session::event::ExpectedCell;
use crate::session::knowledge::Knowledge;
use crate::toolchain::Identities;

/// The engine's requests, in order.
pub(super) struct Requests<'a> {
    received: &'a mpsc::Receiver<Request>,
    /// Those that have been looked at already.
    waiting: VecDeque<Request>,
}

/// The notebook as it will be when the cell that runs has completed, beside its names.
#[derive(Debug)]
pub(super) struct Prospect<'a> {
    pub(super) imported: BTreeSet<String>,
    pub(super) knowledge: Knowledge,
    pub(super) types: &'a Types,
    pub(super) identities: &'a Identities,
}

impl<'a> Requests<'a> {
    pub(super) fn new(received: &'a mpsc::Receiver<Request>) -> Requests<'a> {
        Requests {
            received,
            waiting: VecDeque::new(),
        }
    }

    /// The next one; waits for it. None when there will be none.
    pub(super) fn next(&mut self) -> Option<Request> {
        self.waiting.pop_front().or_else(|| self.received.recv().ok())
    }

    /// The cell that is expected to be executed next, if that has been said by now.
    pub(super) fn expected_cell(&mut self) -> Option<&ExpectedCell> {
        self.waiting.extend(self.received.try_iter());
        self.waiting.iter().rev().find_map(|request| match request {
            Request::Expect(cell) => Some(cell),
            _ => None,
        })
    }
}

impl Prospect<'_> {
    /// What a cell will have evaluated; None where that is not one piece of Rust.
    pub(super) fn code_of(&self, cell: &ExpectedCell, names: Names<'_>) -> Option<Next> {
        let known = KnownNames {
            names,
            imported: &self.imported,
            knowledge: &self.knowledge,
        };
        if cell::too_deep(&cell.code).is_some()
            || cell::query(&cell.code, &known).is_some()
            || cell::unbalanced(&cell.code).is_some()
        {
            return None;
        }
        let parts = cell::rewrite(&cell.code, &known).ok()?;
        let [
            Part {
                step: Step::Run(rewritten),
                ..
            },
        ] = &parts[..]
        else {
            return None;
        };
        let code = rewritten.map.text();
        let variables = names.variables().map(|(_, type_)| type_.to_owned());
        Some(Next {
            code: code.to_owned(),
            cell: cell.execution_count,
            identities: self
                .types
                .identities_for(&self.types.after(code), variables, self.identities),
        })
    }
}
