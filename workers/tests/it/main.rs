//! The library as a program uses it: what calls return, what failures cost, and that nothing is left behind.

mod cell;
mod crashes;
mod display;
mod examples;
mod input;
mod manager;
mod map;
mod notebook;
mod orphans;
mod output;
mod prelude;
mod process;
mod support;
