//! How much a process that nobody waits for may still show: what it prints for days must not fill the notebook.

use std::collections::HashMap;

use super::outlet::Saying;
use crate::session::event::CellId;
use crate::session::left_out::LeftOut;

/// The most that one process shows, in bytes.
const MOST: usize = 1 << 20;

/// What each of them has left, by its PID.
#[derive(Debug, Default)]
pub(super) struct Allowances {
    by_pid: HashMap<u32, Allowance>,
}

#[derive(Debug)]
struct Allowance {
    cell: CellId,
    left: usize,
    left_out: LeftOut,
}

/// What becomes of what a process says.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Shown,
    /// It is the first that is not shown: this is to be said in its place.
    Replaced(String),
    LeftOut,
}

impl Allowances {
    /// This process, which prints for this cell, has a limit.
    pub(super) fn begin(&mut self, pid: u32, cell: CellId) {
        let allowance = Allowance {
            cell,
            left: MOST,
            left_out: LeftOut::default(),
        };
        self.by_pid.insert(pid, allowance);
    }

    /// Whether this may be shown. What may not is counted.
    pub(super) fn judge(&mut self, pid: u32, what: &Saying) -> Verdict {
        let Some(allowance) = self.by_pid.get_mut(&pid) else {
            return Verdict::Shown;
        };
        let weight = match what {
            Saying::Lines(lines) => lines.text.len(),
            Saying::Content(content) => content.weight(),
        };
        if allowance.left_out.is_empty() && weight <= allowance.left {
            allowance.left -= weight;
            return Verdict::Shown;
        }
        let is_first = allowance.left_out.is_empty();
        match what {
            Saying::Lines(lines) => allowance.left_out.add(&lines.text),
            Saying::Content(_) => allowance.left_out.add_display(),
        }
        if is_first {
            let text = format!(
                "parcell: more than {} MiB from a process that no cell waits for; the rest is counted and not shown\n",
                MOST >> 20
            );
            return Verdict::Replaced(text);
        }
        Verdict::LeftOut
    }

    /// The process has ended: what is to be said, and where, of what was left out.
    pub(super) fn end(&mut self, pid: u32) -> Option<(CellId, String)> {
        let Allowance { cell, left_out, .. } = self.by_pid.remove(&pid)?;
        (!left_out.is_empty()).then(|| (cell, format!("parcell: {left_out} not shown\n")))
    }

    /// All processes have ended.
    pub(super) fn clear(&mut self) {
        self.by_pid.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::worker_lines::Lines;
    use super::*;

    fn line(length: usize) -> Saying {
        Saying::Lines(Lines {
            text: "x".repeat(length - 1) + "\n",
            continues: false,
        })
    }

    #[test]
    fn what_exceeds_the_limit_is_counted_and_told() {
        let mut allowances = Allowances::default();
        allowances.begin(7, CellId(3));
        assert_eq!(allowances.judge(7, &line(MOST)), Verdict::Shown);
        assert!(matches!(allowances.judge(7, &line(10)), Verdict::Replaced(text) if text.contains("more than 1 MiB")));
        assert_eq!(allowances.judge(7, &line(5)), Verdict::LeftOut);
        let told = "parcell: 2 lines (15 bytes) not shown\n".to_owned();
        assert_eq!(allowances.end(7), Some((CellId(3), told)));
        assert_eq!(allowances.end(7), None);
    }

    #[test]
    fn other_processes_have_no_limit() {
        let mut allowances = Allowances::default();
        assert_eq!(allowances.judge(8, &line(2 * MOST)), Verdict::Shown);
        allowances.begin(9, CellId(3));
        assert_eq!(allowances.judge(9, &line(3)), Verdict::Shown);
        assert_eq!(allowances.end(9), None);
    }
}
