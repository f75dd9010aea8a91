//! Standing workers: processes that are executed, wait for calls, and live on.
//!
//! ```text
//! this process                        shared memory                     standing workers
//!   submit ------------------------> tasks of each crew -------------> take, run
//!   hub: results of all crews <----- results of this process <-------- put
//! ```
//!
//! There is no thread in between: workers take tasks by themselves, and whoever waits for a result takes in all that
//! have come. What a worker was on when it died is in its place in the crew's memory. Workers that have ended are replaced
//! by whoever waits in this process, for a result or at any other bell.

mod crew;
mod docket;
mod hub;
mod setup;
mod shared;
mod task;
mod worker;

pub(crate) use crew::CrewSettings;
pub(crate) use hub::{Crew, let_go_of_predecessors, look, wait_until};
pub(crate) use task::{Outcome, Task};
pub(crate) use worker::{allow_workers, are_workers_allowed, work_if_told};
