//! Telling about maps: what each worker ran and when (`trace`, `tally`, and of a whole map `history`), shown as a timeline
//! and as a profile.

mod history;
mod profile;
mod tally;
mod timeline;
mod trace;

pub(super) use history::{End, History, Life};
pub(super) use profile::Profiler;
pub(super) use tally::{SharedTally, Tallier, Times};
pub(crate) use timeline::last_timeline;
pub(super) use trace::{Span, Trace, Tracer};
