//! Running items in workers: `crew` looks after the workers of one call, whose side `worker` is; they share a `board`. `run`
//! drives a crew through the items of a map; who has a stream drives it as `stream` says.

mod board;
mod crew;
mod ledger;
mod member;
mod pace;
mod run;
mod stream;
mod watch;
mod worker;

pub(super) use crew::Crew;
pub(super) use run::run;
pub(super) use stream::StreamPace;
