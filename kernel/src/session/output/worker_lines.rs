//! What a worker prints: whole lines, each with the worker's PID or name in front.

/// Puts the lines of one stream of one worker together.
#[derive(Debug)]
pub(super) struct WorkerLines {
    prefix: String,
    partial: String,
}

impl WorkerLines {
    pub(super) fn new(pid: u32, name: Option<&str>) -> WorkerLines {
        let prefix = match name {
            Some(name) => format!("[{name} {pid}] "),
            None => format!("[pid {pid}] "),
        };
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
            .flat_map(|line| [self.prefix.as_str(), line])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_prefixed_once_it_is_whole() {
        let mut lines = WorkerLines::new(7, None);
        assert_eq!(lines.take("a"), "");
        assert_eq!(lines.take("b\nc\nd"), "[pid 7] ab\n[pid 7] c\n");
        assert_eq!(lines.finish(), "[pid 7] d\n");
        assert_eq!(lines.finish(), "");
    }
}
