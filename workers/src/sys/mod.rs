//! What the library asks of the operating system. The modules with `unsafe` code are here, each behind a safe interface.

pub(crate) mod child;
pub(crate) mod environment;
pub(crate) mod fork;
pub(crate) mod identity;
pub(crate) mod lifeline;
pub(crate) mod monitor;
pub(crate) mod mutex;
pub(crate) mod placed;
pub(crate) mod region;
pub(crate) mod service;
pub(crate) mod shared;
pub(crate) mod unwind;
pub(crate) mod usage;
