//! `%%process`: a function, or a cell's statements, in processes of their own.

use super::failure;
use crate::error::TaskError;
use crate::message::Message;
use crate::process::Process;

/// The processes of one cell.
#[derive(Clone, Copy, Debug)]
pub struct CellProcesses {
    count: usize,
}

/// As many processes as a cell's `-n` says.
#[must_use]
pub fn process(count: usize) -> CellProcesses {
    CellProcesses { count }
}

impl CellProcesses {
    /// Runs `body` in each process, which changes its own copy of what it captures. Every exit that was not clean is reported and fails the cell.
    pub fn run<R: Message>(&self, mut body: impl FnMut() -> R) -> Vec<R> {
        self.run_indexed(|_: usize| body())
    }

    /// Runs `f` in each process with the process's index, from 0.
    ///
    /// # Panics
    ///
    /// If an index does not fit the function's parameter.
    #[track_caller]
    pub fn run_indexed<I: TryFrom<usize>, R: Message>(&self, mut f: impl FnMut(I) -> R) -> Vec<R> {
        let indices: Vec<I> = (0..self.count).map(to_index).collect();
        let mut errors = Vec::new();
        let mut processes = Vec::new();
        for index in indices {
            match Process::builder().try_spawn(|| f(index)) {
                Ok(process) => processes.push(process),
                Err(error) => errors.push(error),
            }
        }
        // All are joined, in their order, before any failure counts.
        let joined: Vec<Result<R, TaskError>> = processes.iter().map(Process::join).collect();
        let mut values = Vec::new();
        for outcome in joined {
            match outcome {
                Ok(value) => values.push(value),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() {
            values
        } else {
            failure::fail(&errors)
        }
    }
}

#[track_caller]
fn to_index<I: TryFrom<usize>>(index: usize) -> I {
    I::try_from(index).unwrap_or_else(|_| panic!("the index {index} does not fit `{}`", std::any::type_name::<I>()))
}
