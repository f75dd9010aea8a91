//! What commands say: what they have done to standard output; what they are doing, and what went wrong, to standard error.

use std::fmt::Display;

/// Says what a command was asked for.
#[expect(clippy::print_stdout, reason = "the one place of commands for it")]
pub(super) fn answer(text: impl Display) {
    println!("{text}");
}

/// Says what is being done, or what is wrong.
#[expect(clippy::print_stderr, reason = "the one place of commands for it")]
pub(super) fn news(text: impl Display) {
    eprintln!("{text}");
}
