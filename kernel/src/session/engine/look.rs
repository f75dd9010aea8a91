//! Looking at variables, between cells or as a part of one.

use std::fmt;
use std::ops::Range;

use parcell::contract::inspection::{Look, Parts, Seen};

use super::{Cell, Engine, Outcome, bug};
use crate::evaluation::{self, Error, Waiting, viewers};
use crate::session::event::{CellId, Content, Metadata, MimeBundle};
use crate::session::variables::{NotSeen, Place};

/// No cell has this number.
const NO_NUMBER: u32 = 0;

/// Somebody wants to look at variables, and is answered.
pub(crate) struct Looking {
    /// What happens because of it happens as this cell.
    cell: CellId,
    look: Box<LooksAs>,
}

/// What is done, as a cell.
type LooksAs = dyn FnOnce(&mut Engine<'_>, CellId) + Send;

impl Looking {
    pub(in crate::session) fn new(
        cell: CellId,
        look: impl FnOnce(&mut Engine<'_>, CellId) + Send + 'static,
    ) -> Looking {
        let look = Box::new(look);
        Looking { cell, look }
    }
}

impl fmt::Debug for Looking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Looking")
            .field("cell", &self.cell)
            .finish_non_exhaustive()
    }
}

impl Engine<'_> {
    /// Lets somebody look.
    pub(super) fn let_look(&mut self, looking: Looking) {
        let cell = looking.cell;
        self.shared.pump.begin_cell(cell);
        self.shared.begin(cell);
        if let Err(bug) = bug::guard(|| (looking.look)(self, cell)) {
            // Whoever asked is told that there is no answer.
            tracing::error!(%bug, "looking at variables panicked");
        }
        // What was said meanwhile is nobody's output.
        self.shared.pump.drain();
        self.shared.end(cell);
    }

    /// Looks at all variables, for whoever asks next as well.
    pub(in crate::session) fn look_at_all(&mut self, cell: CellId) {
        if self.shared.variables().is_current() {
            return;
        }
        let known = self.shared.variables();
        let (slow, others): (Vec<_>, Vec<_>) = self
            .names_and_types()
            .into_iter()
            .map(|(name, type_)| (known.slow(&name, &type_), (name, type_)))
            .partition(|(slow, _)| slow.is_some());
        drop(known);
        let names = others.iter().map(|(_, (name, _))| name.clone()).collect();
        match self.look(cell, names, &Look::Summary) {
            Ok(seen) => {
                let seen = seen.into_iter().chain(slow.iter().filter_map(|(seen, _)| seen.clone()));
                let variables = others.into_iter().chain(slow.clone()).map(|(_, variable)| variable);
                self.shared.variables().see(variables.zip(seen));
            }
            Err(error) => tracing::warn!(%error, "the variables cannot be looked at"),
        }
    }

    /// Looks at the parts of something.
    pub(in crate::session) fn look_at_parts(
        &mut self,
        cell: CellId,
        place: &Place,
        range: Range<usize>,
    ) -> Result<Parts, NotSeen> {
        let path = place.path.clone();
        match self.look_at(cell, &place.variable, Look::Parts { path, range })? {
            Seen::Parts(parts) => Ok(parts),
            _ => Ok(Parts::default()),
        }
    }

    /// What a variable shows: its elements in a table, or what it would show as the result of a cell.
    pub(in crate::session) fn show_variable(
        &mut self,
        cell: CellId,
        variable: &str,
    ) -> Result<(MimeBundle, Metadata), NotSeen> {
        if let Seen::Grid { data: Some(data) } = self.look_at(cell, variable, Look::Grid)? {
            return Ok((data, Metadata::new()));
        }
        let shown = Cell {
            id: cell,
            execution_count: NO_NUMBER,
            code: variable.to_owned(),
            allow_stdin: false,
        };
        let shared = self.shared;
        // It can be interrupted.
        shared.enqueue_first(cell);
        let (outcome, outputs) = shared.captured(cell, || self.run_code(&shown));
        let result = outputs.into_iter().find_map(|output| match output {
            Content::ExecuteResult { data, metadata } | Content::DisplayData { data, metadata, .. } => {
                Some((data, metadata))
            }
            _ => None,
        });
        result.ok_or_else(|| NotSeen::Failed {
            variable: variable.to_owned(),
            reason: match outcome {
                Outcome::Error(error) => error.evalue,
                Outcome::Ok => "it shows nothing".to_owned(),
            },
        })
    }

    fn look_at(&mut self, cell: CellId, variable: &str, look: Look) -> Result<Seen, NotSeen> {
        if self.evaluator.names().type_of(variable).is_none() {
            return Err(NotSeen::Gone(variable.to_owned()));
        }
        let failed = |reason| NotSeen::Failed {
            variable: variable.to_owned(),
            reason,
        };
        let seen = self.look(cell, vec![variable.to_owned()], &look);
        match seen.map_err(|error| failed(error.to_string()))?.pop() {
            Some(Seen::Failed { reason, .. }) => Err(failed(reason)),
            Some(seen) => Ok(seen),
            None => Err(failed("nobody could look at it".to_owned())),
        }
    }

    /// Looks at variables. Those of types that nobody has looked at before need the compiler.
    pub(super) fn look(&mut self, cell: CellId, variables: Vec<String>, look: &Look) -> Result<Vec<Seen>, Error> {
        let seen = self.look_once(variables.clone(), look)?;
        let mut types: Vec<String> = std::iter::zip(&variables, &seen)
            .filter(|(_, seen)| **seen == Seen::Unknown)
            .filter_map(|(name, _)| self.evaluator.names().type_of(name).map(str::to_owned))
            .filter(|type_| !self.unseen_types.contains(type_))
            .collect();
        types.sort_unstable();
        types.dedup();
        if types.is_empty() {
            return Ok(seen);
        }
        self.add_viewers(cell, &types)?;
        self.look_once(variables, look)
    }

    fn look_once(&mut self, variables: Vec<String>, look: &Look) -> Result<Vec<Seen>, Error> {
        let seen = self.evaluator.inspect(variables, look.clone());
        self.note_end(&seen);
        seen
    }

    /// Tells the library how variables of these types are looked at.
    fn add_viewers(&mut self, cell: CellId, types: &[String]) -> Result<(), Error> {
        let code = viewers(types.iter().map(String::as_str));
        let shared = self.shared;
        let request = evaluation::Request {
            code: &code,
            cell: NO_NUMBER,
            identities: &self.identities,
            waiting: Waiting {
                is_given_up: &|| shared.is_interrupted(cell),
                hear: &|_| {},
            },
        };
        let added = self.evaluator.execute(request, &mut |_| None);
        self.note_end(&added);
        match added {
            Err(Error::Diagnostics(errors)) if types.len() == 1 => {
                tracing::warn!(?types, ?errors, "variables of this type cannot be looked at");
                self.unseen_types.extend(types.iter().cloned());
                Ok(())
            }
            // It is one of them.
            Err(Error::Diagnostics(_)) => types
                .iter()
                .try_for_each(|type_| self.add_viewers(cell, std::slice::from_ref(type_))),
            added => added.map(drop),
        }
    }

    fn note_end<T>(&mut self, result: &Result<T, Error>) {
        if let Err(Error::Ended(_)) = result {
            self.forget_names();
        }
    }

    pub(super) fn names_and_types(&self) -> Vec<(String, String)> {
        let variables = self.evaluator.names().variables();
        variables
            .map(|(name, type_)| (name.to_owned(), type_.to_owned()))
            .collect()
    }
}
