//! What a worker prints: whole lines, each with the worker's PID or name in front.

use super::worker_prefix::Prefix;

/// Puts the lines of one stream of one worker together.
#[derive(Debug)]
pub(super) struct WorkerLines {
    prefix: Prefix,
    partial: String,
}

impl WorkerLines {
    pub(super) fn new(prefix: Prefix) -> WorkerLines {
        WorkerLines {
            prefix,
            partial: String::new(),
        }
    }

    /// Takes text and gives the lines that it completes.
    pub(super) fn take(&mut self, text: &str) -> String {
        self.partial.push_str(text);
        let Some(end) = self.partial.rfind('\n') else {
            return String::new();
        };
        let whole: String = self.partial.drain(..=end).collect();
        self.prefixed(&whole)
    }

    /// The line that was not ended, ended.
    pub(super) fn finish(&mut self) -> String {
        if self.partial.is_empty() {
            return String::new();
        }
        let mut line = std::mem::take(&mut self.partial);
        line.push('\n');
        self.prefixed(&line)
    }

    fn prefixed(&self, lines: &str) -> String {
        lines
            .split_inclusive('\n')
            .flat_map(|line| [self.prefix.text(), last_state(line)])
            .collect()
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

    #[test]
    fn each_line_is_prefixed_once_it_is_whole() {
        let mut lines = WorkerLines::new(Prefix::new(7, None, anstyle::Style::new()));
        assert_eq!(lines.take("a"), "");
        assert_eq!(lines.take("b\nc\nd"), "[pid 7] ab\n[pid 7] c\n");
        assert_eq!(lines.finish(), "[pid 7] d\n");
        assert_eq!(lines.finish(), "");
    }

    #[test]
    fn of_a_line_that_was_overwritten_the_last_state_is_shown() {
        let mut lines = WorkerLines::new(Prefix::none());
        assert_eq!(lines.take("10 %\r20 %"), "");
        assert_eq!(lines.take("\r100 %\ndone\r\n"), "100 %\ndone\r\n");
        assert_eq!(lines.take("a\rb\r"), "");
        assert_eq!(lines.finish(), "b\r\n");
    }
}
