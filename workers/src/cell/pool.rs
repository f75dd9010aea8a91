//! `%%pool`: a map whose failure fails the cell.

use std::fmt::Display;

use super::failure;
use crate::error::TaskError;
use crate::message::Message;
use crate::pool::Pool;

/// The pool of one cell.
#[derive(Clone, Debug)]
pub struct CellPool(Pool);

/// The pool that a cell's `-n` and `-c` describe.
///
/// # Panics
///
/// If either number is 0.
#[must_use]
#[track_caller]
pub fn pool(workers: Option<usize>, chunk_size: Option<usize>) -> CellPool {
    let mut builder = Pool::builder().progress(true);
    if let Some(workers) = workers {
        builder = builder.workers(workers);
    }
    if let Some(items) = chunk_size {
        builder = builder.chunk_size(items);
    }
    CellPool(builder.build())
}

impl CellPool {
    /// The ordered results. The first failure fails the cell.
    pub fn map<T, R, F, I>(&self, f: F, items: I) -> Vec<R>
    where
        F: Fn(T) -> R,
        I: IntoIterator<Item = T>,
        R: Message,
    {
        // The error type is never made; a function that cannot fail has none.
        self.try_map(|item| Ok::<R, std::convert::Infallible>(f(item)), items)
    }

    /// The ordered `Ok` values. The first failure, or `Err`, fails the cell.
    pub fn try_map<T, R, E, F, I>(&self, f: F, items: I) -> Vec<R>
    where
        F: Fn(T) -> Result<R, E>,
        I: IntoIterator<Item = T>,
        R: Message,
        E: Display,
    {
        match self.0.try_map(f, items) {
            Ok(values) => values,
            Err(error) => failure::fail(&[error]),
        }
    }

    /// The outcome of every item, of which an `Err` is one.
    pub fn try_map_results<T, R, E, F, I>(&self, f: F, items: I) -> Vec<Result<R, TaskError>>
    where
        F: Fn(T) -> Result<R, E>,
        I: IntoIterator<Item = T>,
        R: Message,
        E: Display,
    {
        self.0.try_map_results(f, items)
    }

    /// The outcome of every item.
    pub fn map_results<T, R, F, I>(&self, f: F, items: I) -> Vec<Result<R, TaskError>>
    where
        F: Fn(T) -> R,
        I: IntoIterator<Item = T>,
        R: Message,
    {
        self.0.map_results(f, items)
    }
}
