//! What all maps have, whoever runs them: settings, outcomes and their order, how far they are, and what a notebook keeps
//! of the last one.

mod last_results;
mod outcomes;
mod progress;
mod settings;

pub use last_results::{LastResultsError, last_results};
pub(crate) use last_results::{Recorder, keep_results, type_name};
pub(crate) use outcomes::{
    Account, Destination, OnFailure, Outcomes, Packing, ResultOrder, Sink, Terms, Values, decode,
};
pub(crate) use progress::{Clicks, MapState, Progress};
pub(crate) use settings::{ProgressStyle, Settings};
