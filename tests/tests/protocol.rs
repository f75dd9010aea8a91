//! The messaging protocol, seen from a client: what is answered, in what order, and what is left at the end.
//!
//! The cells in here are as simple as can be; what cells can do is tested elsewhere.

#[path = "protocol/cells.rs"]
mod cells;
#[path = "protocol/ending.rs"]
mod ending;
#[path = "protocol/help.rs"]
mod help;
#[path = "protocol/hostile.rs"]
mod hostile;
#[path = "protocol/questions.rs"]
mod questions;
