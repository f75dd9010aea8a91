//! Load for long: thousands of cells, maps, restarts and deaths, after which everything is as level as at the beginning.
//!
//! With the other tests each of them is short. `PARCELL_SOAK=20 cargo test --workspace --test soak -- --nocapture` does
//! twenty times as much, in eight minutes on two cores, and prints what it has measured.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests' helpers may do what tests may"
)]

#[path = "soak/level.rs"]
mod level;
#[path = "soak/maps.rs"]
mod maps;
#[path = "soak/mixed.rs"]
mod mixed;
#[path = "soak/moments.rs"]
mod moments;
#[path = "soak/output.rs"]
mod output;
#[path = "soak/restarts.rs"]
mod restarts;

/// So many times as long as usual.
const LONGER: &str = "PARCELL_SOAK";

/// How many of something there are to be where the shortest run has `least`.
fn many(least: usize) -> usize {
    let times = std::env::var(LONGER).ok().and_then(|times| times.parse().ok());
    least * times.unwrap_or(1).max(1)
}
