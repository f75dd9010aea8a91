//! The library as a program uses it: what calls return, what failures cost, and that nothing is left behind.

mod cell;
mod crashes;
mod display;
mod examples;
mod input;
mod map;
mod notebook;
mod orphans;
mod output;
mod pipe_semantics;
mod pool_semantics;
mod prelude;
mod process;
mod process_semantics;
mod queue;
mod queue_semantics;
mod shared;
mod shared_semantics;
mod support;
mod sync;
mod sync_killed;
mod sync_waiting;
