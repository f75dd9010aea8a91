//! `%%pool --cluster`: a map on the workers of a Dask cluster, whose failure fails the cell.

use std::collections::HashMap;
use std::fmt::Display;
use std::panic::Location;
use std::sync::Mutex;

use super::failure;
use super::pool::PoolOptions;
use crate::cluster::{Cluster, ClusterError};
use crate::error::TaskError;
use crate::job::function::Function;
use crate::map::{OnFailure, Outcomes, ResultOrder};
use crate::message::Message;
use crate::sys::poisoned::EvenIfPoisoned;

const FAILED: &str = "ClusterError";

/// The clusters of this notebook: connecting takes longer than most cells.
static CLUSTERS: Mutex<Option<HashMap<String, Cluster>>> = Mutex::new(None);

/// The cluster of one cell.
#[derive(Clone, Debug)]
pub struct CellCluster {
    cluster: Cluster,
    order: ResultOrder,
    place: &'static Location<'static>,
}

/// The cluster at this address, which does what a cell's options say.
#[must_use]
#[track_caller]
pub fn cluster(address: &str, options: PoolOptions) -> CellCluster {
    let place = Location::caller();
    match connected(address) {
        Ok(cluster) => CellCluster {
            cluster: cluster.with(options.workers, options.settings()),
            order: options.order,
            place,
        },
        Err(error) => failure::fail_with(FAILED, &error.to_string(), place),
    }
}

/// The cluster at this address: the one that an earlier cell has connected to, if that connection stands.
fn connected(address: &str) -> Result<Cluster, ClusterError> {
    let mut clusters = CLUSTERS.lock().even_if_poisoned();
    let clusters = clusters.get_or_insert_default();
    if let Some(cluster) = clusters.get(address).filter(|cluster| cluster.is_usable()) {
        return Ok(cluster.clone());
    }
    // One that cannot be used ends before another is connected to.
    clusters.remove(address);
    let cluster = Cluster::connect(address)?;
    clusters.insert(address.to_owned(), cluster.clone());
    Ok(cluster)
}

impl CellCluster {
    /// The ordered results. The first failure fails the cell.
    pub fn map<T, R, F, I>(&self, f: F, items: I) -> Vec<R>
    where
        F: Fn(T) -> R + Copy + 'static,
        I: IntoIterator<Item = T>,
        T: Message,
        R: Message,
    {
        self.values(&Function::of(f), items)
    }

    /// The ordered `Ok` values. The first failure, or `Err`, fails the cell.
    pub fn try_map<T, R, E, F, I>(&self, f: F, items: I) -> Vec<R>
    where
        F: Fn(T) -> Result<R, E> + Copy + 'static,
        I: IntoIterator<Item = T>,
        T: Message,
        R: Message,
        E: Display,
    {
        self.values(&Function::fallible(f), items)
    }

    /// The outcome of every item.
    pub fn map_results<T, R, F, I>(&self, f: F, items: I) -> Vec<Result<R, TaskError>>
    where
        F: Fn(T) -> R + Copy + 'static,
        I: IntoIterator<Item = T>,
        T: Message,
        R: Message,
    {
        self.results(&Function::of(f), items)
    }

    /// The outcome of every item, of which an `Err` is one.
    pub fn try_map_results<T, R, E, F, I>(&self, f: F, items: I) -> Vec<Result<R, TaskError>>
    where
        F: Fn(T) -> Result<R, E> + Copy + 'static,
        I: IntoIterator<Item = T>,
        T: Message,
        R: Message,
        E: Display,
    {
        self.results(&Function::fallible(f), items)
    }

    fn values<T: Message, R: Message>(&self, function: &Function, items: impl IntoIterator<Item = T>) -> Vec<R> {
        match self.run(function, items, OnFailure::Stop).into_values() {
            Ok(values) => values,
            Err(error) => failure::fail(&[error]),
        }
    }

    fn results<T: Message, R: Message>(
        &self,
        function: &Function,
        items: impl IntoIterator<Item = T>,
    ) -> Vec<Result<R, TaskError>> {
        let results = self.run(function, items, OnFailure::GoOn).into_results();
        failure::tell(&results);
        results
    }

    fn run<T: Message, R: Message>(
        &self,
        function: &Function,
        items: impl IntoIterator<Item = T>,
        on_failure: OnFailure,
    ) -> Outcomes<R> {
        let run = self.cluster.run(function, items, on_failure, self.order);
        run.unwrap_or_else(|error| failure::fail_with(FAILED, &error.to_string(), self.place))
    }
}
