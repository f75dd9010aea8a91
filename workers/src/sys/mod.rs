//! What the library asks of the operating system. The modules with `unsafe` code are here, each behind a safe interface.

pub(crate) mod abort;
pub(crate) mod allocator;
pub(crate) mod bell;
pub(crate) mod child;
pub(crate) mod clock;
pub(crate) mod code;
pub(crate) mod conditions;
pub(crate) mod environment;
pub(crate) mod fork;
pub(crate) mod function;
pub(crate) mod guarded;
pub(crate) mod identity;
pub(crate) mod lifeline;
pub(crate) mod limits;
pub(crate) mod monitor;
pub(crate) mod mutex;
mod oom;
pub(crate) mod placed;
pub(crate) mod plain;
pub(crate) mod region;
mod region_name;
pub(crate) mod shared;
pub(crate) mod threads;
pub(crate) mod unwind;
pub(crate) mod usage;
mod wait;
