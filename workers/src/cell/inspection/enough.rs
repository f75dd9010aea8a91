//! Formatting that ends when there is enough.
//!
//! An error would not end it: what std makes of a list or a map goes through all entries all the same, doing nothing for each,
//! and a vector may have a billion. So it is left by unwinding. Nothing that was formatted is used after that: all of it happens
//! in a process that only looks.

use std::fmt::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Whether more is wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wants {
    More,
    Enough,
}

/// The payload that leaves the formatting.
struct Enough;

/// Writes this piece by piece, until there is enough. A panic of what is formatted goes on.
pub(super) fn write_until_enough(arguments: fmt::Arguments<'_>, take: &mut dyn FnMut(&str) -> Wants) {
    let mut writer = Taking(take);
    // An error is the formatted value's own: it has said all that it wanted to.
    let left = catch_unwind(AssertUnwindSafe(|| writer.write_fmt(arguments)));
    if let Err(payload) = left
        && !payload.is::<Enough>()
    {
        resume_unwind(payload);
    }
}

struct Taking<'a>(&'a mut dyn FnMut(&str) -> Wants);

impl Write for Taking<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match (self.0)(text) {
            Wants::More => Ok(()),
            // Unlike `panic!` this runs no panic hook.
            Wants::Enough => resume_unwind(Box::new(Enough)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    struct Endless;
    impl Debug for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_list().entries(std::iter::repeat(1)).finish()
        }
    }

    #[test]
    fn what_has_no_end_is_left() {
        let mut text = String::new();
        write_until_enough(format_args!("{Endless:?}"), &mut |piece| {
            text.push_str(piece);
            if text.len() > 6 { Wants::Enough } else { Wants::More }
        });
        assert_eq!(text, "[1, 1, ");
    }

    #[test]
    fn a_panic_goes_on_and_an_error_is_an_end() {
        struct Odd(bool);
        impl Debug for Odd {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("said")?;
                if self.0 { panic!("odd") } else { Err(fmt::Error) }
            }
        }
        let mut text = String::new();
        let mut take = |piece: &str| {
            text.push_str(piece);
            Wants::More
        };
        write_until_enough(format_args!("{:?}", Odd(false)), &mut take);
        assert!(
            catch_unwind(AssertUnwindSafe(|| write_until_enough(
                format_args!("{:?}", Odd(true)),
                &mut take
            )))
            .is_err()
        );
        assert_eq!(text, "saidsaid");
    }
}
