//! Whole lines out of what is read.

use std::collections::VecDeque;
use std::io;
use std::os::fd::BorrowedFd;

/// Lines that arrive in pieces.
#[derive(Debug, Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
    whole: VecDeque<String>,
}

impl Lines {
    /// Reads what there is; false at the end.
    pub(super) fn read(&mut self, from: BorrowedFd<'_>) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        let length = rustix::io::retry_on_intr(|| rustix::io::read(from, &mut buffer[..]))?;
        self.partial.extend_from_slice(&buffer[..length]);
        while let Some(end) = self.partial.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            self.whole.push_back(String::from_utf8_lossy(&line[..end]).into_owned());
        }
        Ok(length > 0)
    }

    /// The next line that is whole, without its end.
    pub(super) fn next(&mut self) -> Option<String> {
        self.whole.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn lines_are_given_once_they_are_whole() {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let mut lines = Lines::default();
        rustix::io::write(&write, b"one\ntwo\nth").unwrap();
        assert!(lines.read(read.as_fd()).unwrap());
        assert_eq!(
            [lines.next(), lines.next()],
            ["one", "two"].map(|line| Some(line.to_owned()))
        );
        assert_eq!(lines.next(), None);
        rustix::io::write(&write, b"ree\n").unwrap();
        drop(write);
        assert!(lines.read(read.as_fd()).unwrap());
        assert_eq!(lines.next().as_deref(), Some("three"));
        assert!(!lines.read(read.as_fd()).unwrap());
    }
}
