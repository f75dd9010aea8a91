//! The library as a program uses it: what calls return, what failures cost, and that nothing is left behind.

mod calls;
mod cell;
mod crashes;
mod display;
mod examples;
mod family;
mod input;
mod limits;
mod manager;
mod map;
mod notebook;
mod orphans;
mod output;
mod prelude;
mod process;
mod progress;
mod properties;
mod queue;
mod shared;
mod stream;
mod support;
mod sync;
mod sync_killed;
mod sync_waiting;
mod threads;
