//! What everything that processes share is made of: who holds a handle, and how handles travel.

pub(crate) mod handle;
pub(crate) mod living;
pub(crate) mod log;
pub(crate) mod membership;
pub(crate) mod roster;
