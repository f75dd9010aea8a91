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
mod prelude;
mod process;
mod properties;
mod queue;
mod shared;
mod support;
mod sync;
mod sync_killed;
mod sync_waiting;
