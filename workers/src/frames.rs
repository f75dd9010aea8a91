//! The frames of a panic's backtrace that are the user's own, taken from its text: the one form that the standard
//! library gives.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt;

/// One call in a backtrace.
#[derive(Debug, PartialEq)]
pub(crate) struct Frame {
    function: String,
    file: Option<String>,
    line: Option<u32>,
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.function)?;
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, " at {file}:{line}"),
            _ => Ok(()),
        }
    }
}

/// The frames of the panic that the calling hook reports, innermost first. None, unless RUST_BACKTRACE asks for them:
/// naming the frames of a large program takes a while.
pub(crate) fn of_panic() -> Vec<Frame> {
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        user_frames(&backtrace.to_string())
    } else {
        Vec::new()
    }
}

/// The frames between the panic machinery and the code that called the user's: this library's, or a notebook's entry.
fn user_frames(text: &str) -> Vec<Frame> {
    let mut frames = parse(text);
    let is_machinery =
        |frame: &Frame| frame.function.contains("begin_unwind") || frame.function.contains("core::panicking");
    let is_caller = |frame: &Frame| frame.function.contains("run_user_code_") || frame.function.contains("parcell::");
    let Some(machinery) = frames.iter().rposition(is_machinery) else {
        return Vec::new();
    };
    frames.drain(..=machinery);
    let caller = frames.iter().position(is_caller).unwrap_or(0);
    frames.truncate(caller);
    frames.retain(|frame| frame.function != "<unknown>");
    frames
}

fn parse(text: &str) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    for line in text.lines() {
        let line = line.trim_start();
        if let Some(place) = line.strip_prefix("at ") {
            if let Some(frame) = frames.last_mut() {
                (frame.file, frame.line) = split_place(place);
            }
        } else if let Some((number, function)) = line.split_once(": ")
            && number.parse::<u32>().is_ok()
        {
            frames.push(Frame {
                function: function.to_owned(),
                file: None,
                line: None,
            });
        }
    }
    frames
}

/// Splits `file:line:column`.
fn split_place(place: &str) -> (Option<String>, Option<u32>) {
    let mut parts = place.rsplitn(3, ':');
    let (_column, line, file) = (parts.next(), parts.next(), parts.next());
    match (file, line.and_then(|line| line.parse().ok())) {
        (Some(file), Some(line)) => (Some(file.to_owned()), Some(line)),
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::{changed, for_all};

    #[test]
    fn only_the_users_frames_are_kept() {
        let text = "   0: parcell::panics::describe\n   1: __rustc::rust_begin_unwind\n   2: core::panicking::panic_fmt\n             \
                    at /rustc/x.rs:1:2\n   3: ctx::inner\n             at src/lib.rs:3:5\n   4: ctx::outer\n   \
                    5: run_user_code_7\n             at src/lib.rs:9:1\n   6: main\n";
        let frames = user_frames(text);
        let inner = Frame {
            function: "ctx::inner".into(),
            file: Some("src/lib.rs".into()),
            line: Some(3),
        };
        let outer = Frame {
            function: "ctx::outer".into(),
            file: None,
            line: None,
        };
        assert_eq!(frames, [inner, outer]);
        assert_eq!(frames[0].to_string(), "ctx::inner at src/lib.rs:3");
    }

    #[test]
    fn frames_that_cannot_be_told_apart_are_left_out() {
        assert_eq!(user_frames("disabled backtrace"), []);
        assert_eq!(user_frames("   0: core::panicking::panic\n   1: main\n"), []);
        assert_eq!(user_frames("   0: ctx::f\n   1: run_user_code_1\n"), []);
    }

    #[test]
    fn any_text_has_frames_or_none() {
        let text = "   0: core::panicking::panic_fmt\n             at /rustc/x.rs:1:2\n   1: ctx::inner\n             \
                    at src/lib.rs:3:5\n   2: ctx::outer\n   3: run_user_code_7\n";
        for_all(500, changed(Just(text.as_bytes().to_vec())), |changed| {
            let text = String::from_utf8_lossy(&changed.bytes);
            for frame in user_frames(&text) {
                // Nothing is told that is not there.
                assert!(text.contains(&frame.function));
                assert!(frame.file.as_ref().is_none_or(|file| text.contains(file)));
            }
        });
    }
}
