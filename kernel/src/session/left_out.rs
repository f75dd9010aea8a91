//! How much of what was printed is not shown, as notices tell it.

use std::fmt;

/// An account of what is not shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct LeftOut {
    lines: u64,
    bytes: u64,
    displays: u64,
}

impl LeftOut {
    pub(crate) fn add(&mut self, text: &str) {
        self.bytes += text.len() as u64;
        self.lines += text.bytes().filter(|&byte| byte == b'\n').count() as u64;
    }

    pub(crate) fn add_display(&mut self) {
        self.displays += 1;
    }

    pub(crate) fn is_empty(self) -> bool {
        self == LeftOut::default()
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LeftOut { lines, bytes, displays } = *self;
        match (lines, bytes) {
            (0, 0) => {}
            (0, _) => write!(f, "part of a line ({bytes} bytes)")?,
            (1, _) => write!(f, "1 line ({bytes} bytes)")?,
            _ => write!(f, "{lines} lines ({bytes} bytes)")?,
        }
        if displays > 0 && bytes > 0 {
            f.write_str(" and ")?;
        }
        match displays {
            0 => Ok(()),
            1 => f.write_str("1 display"),
            _ => write!(f, "{displays} displays"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_bytes_and_displays_are_told() {
        let mut left_out = LeftOut::default();
        assert!(left_out.is_empty());
        left_out.add("ab");
        assert_eq!(left_out.to_string(), "part of a line (2 bytes)");
        left_out.add("c\n");
        assert_eq!(left_out.to_string(), "1 line (4 bytes)");
        left_out.add("d\n");
        left_out.add_display();
        assert_eq!(left_out.to_string(), "2 lines (6 bytes) and 1 display");
        let mut displays = LeftOut::default();
        displays.add_display();
        displays.add_display();
        assert_eq!(displays.to_string(), "2 displays");
    }
}
