//! What a worker prints, put together to whole lines. A line that is not ended is given as far as it is when the worker
//! pauses, and its rest when that comes.

/// The longest beginning of a line that is held, in bytes.
const LONGEST: usize = 64 * 1024;

/// Lines, or a part of one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Lines {
    pub(super) text: String,
    /// Whether it goes on with the line that the text before it did not end. Begins with a return of the cursor where it
    /// takes the place of what that line was.
    pub(super) continues: bool,
}

/// Puts the lines of one stream of one worker together.
#[derive(Debug, Default)]
pub(super) struct WorkerLines {
    /// The line that is not ended, without what has been given of it.
    partial: String,
    /// Whether a part of it has been given.
    begun: bool,
}

impl WorkerLines {
    /// Takes text and gives the lines that it completes.
    pub(super) fn take(&mut self, text: &str) -> Option<Lines> {
        let start = self.partial.len();
        self.partial.push_str(text);
        let end = match self.partial[start..].rfind('\n') {
            Some(end) => start + end + 1,
            None if self.partial.len() > LONGEST => return self.pause(),
            None => return None,
        };
        let whole: String = self.partial.drain(..end).collect();
        Some(self.give(&whole))
    }

    /// The beginning of a line, as far as it is there.
    pub(super) fn pause(&mut self) -> Option<Lines> {
        // A return of the cursor is for what follows it.
        let end = self.partial.trim_end_matches('\r').len();
        let partial: String = self.partial.drain(..end).collect();
        (!partial.is_empty()).then(|| self.give(&partial))
    }

    /// The line that was not ended, ended.
    pub(super) fn finish(&mut self) -> Option<Lines> {
        if self.partial.is_empty() && !self.begun {
            return None;
        }
        let mut line = std::mem::take(&mut self.partial);
        line.push('\n');
        Some(self.give(&line))
    }

    /// Whether there is something for a pause to give.
    pub(super) fn holds_text(&self) -> bool {
        !self.partial.trim_end_matches('\r').is_empty()
    }

    fn give(&mut self, text: &str) -> Lines {
        let continues = std::mem::replace(&mut self.begun, !text.ends_with('\n'));
        let mut given = String::with_capacity(text.len());
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let last = last_state(line);
            if continues && index == 0 && last.len() < line.len() {
                given.push('\r');
            }
            given.push_str(last);
        }
        Lines { text: given, continues }
    }
}

/// What is left of a line on a terminal: what follows the last return of the cursor to its beginning.
fn last_state(line: &str) -> &str {
    let text = line.trim_end_matches(['\r', '\n']);
    match text.rfind('\r') {
        Some(start) => &line[start + 1..],
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Option<Lines> {
        let text = text.to_owned();
        Some(Lines { text, continues: false })
    }

    fn rest(text: &str) -> Option<Lines> {
        let text = text.to_owned();
        Some(Lines { text, continues: true })
    }

    #[test]
    fn lines_are_given_once_they_are_whole() {
        let mut worker = WorkerLines::default();
        assert_eq!(worker.take("a"), None);
        assert_eq!(worker.take("b\nc\nd"), lines("ab\nc\n"));
        assert_eq!(worker.finish(), lines("d\n"));
        assert_eq!(worker.finish(), None);
    }

    #[test]
    fn a_pause_gives_the_beginning_and_the_rest_follows() {
        let mut worker = WorkerLines::default();
        assert_eq!(worker.take("thinking... "), None);
        assert!(worker.holds_text());
        assert_eq!(worker.pause(), lines("thinking... "));
        assert!(!worker.holds_text());
        assert_eq!(worker.pause(), None);
        assert_eq!(worker.take("done\nnext\n"), rest("done\nnext\n"));
        assert_eq!(worker.take("a"), None);
        assert_eq!(worker.pause(), lines("a"));
        assert_eq!(worker.finish(), rest("\n"));
        assert_eq!(worker.finish(), None);
    }

    #[test]
    fn of_a_line_that_was_overwritten_the_last_state_is_given() {
        let mut worker = WorkerLines::default();
        assert_eq!(worker.take("10 %\r20 %"), None);
        assert_eq!(worker.take("\r100 %\ndone\r\n"), lines("100 %\ndone\r\n"));
        assert_eq!(worker.take("a\rb\r"), None);
        assert_eq!(worker.finish(), lines("b\r\n"));
    }

    #[test]
    fn a_line_that_is_overwritten_after_a_pause_begins_anew() {
        let mut worker = WorkerLines::default();
        worker.take("10 %\r");
        assert_eq!(worker.pause(), lines("10 %"));
        assert!(!worker.holds_text());
        worker.take("20 %\r30 %\r");
        assert_eq!(worker.pause(), rest("\r30 %"));
        assert_eq!(worker.take("\n"), rest("\r\n"));
    }

    #[test]
    fn a_line_without_an_end_is_not_held() {
        let mut worker = WorkerLines::default();
        let part = "x".repeat(LONGEST);
        assert_eq!(worker.take(&part), None);
        assert_eq!(worker.take("y"), lines(&format!("{part}y")));
        assert_eq!(worker.take("z\n"), rest("z\n"));
    }
}
