//! How far a map has come, for whoever watches: nothing at first, then a line that is changed in place, and one that sums
//! it up at the end. In a notebook it is a display, in a program a line of the terminal.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::cell::duration_text;
use crate::display::{DisplayHandle, MimeBundle, display, grouped};
use crate::notebook;
use crate::sys::fork;

/// How long a map runs before anything is shown: most are over sooner.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often what is shown changes.
const INTERVAL: Duration = Duration::from_millis(200);
/// Set to `0`, nothing is shown anywhere.
const VARIABLE: &str = "PARCELL_PROGRESS";
/// The type by which those know it who show text that cannot be changed.
const MIME: &str = "application/vnd.parcell.progress+json";
/// How many characters the bar has.
const BAR: usize = 24;
/// How many workers are named with what they are on.
const NAMED: usize = 8;

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) total: usize,
    pub(super) done: usize,
    pub(super) failed: usize,
    pub(super) workers: usize,
    /// The items that workers are on.
    pub(super) running: Vec<usize>,
}

/// What is shown of one map.
#[derive(Debug)]
pub(super) struct Progress {
    began: Instant,
    next: Instant,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// Nobody watches.
    Nowhere,
    Notebook(Option<DisplayHandle>),
    Terminal {
        shown: bool,
    },
}

impl Progress {
    /// Nothing is shown yet, and ever only if it is `wanted`.
    pub(super) fn new(wanted: bool) -> Self {
        let now = Instant::now();
        let is_off = !wanted || fork::is_worker() || std::env::var_os(VARIABLE).is_some_and(|value| value == "0");
        let place = match () {
            () if is_off => Place::Nowhere,
            () if notebook::is_notebook() => Place::Notebook(None),
            () if std::io::stderr().is_terminal() => Place::Terminal { shown: false },
            () => Place::Nowhere,
        };
        Self {
            began: now,
            next: now + PATIENCE,
            place,
        }
    }

    /// How long nothing is to be done; `None` for ever.
    pub(super) fn rest(&self) -> Option<Duration> {
        (!matches!(self.place, Place::Nowhere)).then(|| self.next.saturating_duration_since(Instant::now()))
    }

    /// Shows how far it has come, if it is time to.
    pub(super) fn show(&mut self, standing: impl FnOnce() -> Standing) {
        if self.rest().is_some_and(|rest| rest.is_zero()) {
            let standing = standing();
            let line = line(&standing, self.began.elapsed());
            self.put(&line, &standing, false);
            self.next = Instant::now() + INTERVAL;
        }
    }

    /// Sums up, if anything has been shown.
    pub(super) fn end(mut self, standing: &Standing) {
        let was_shown = match &self.place {
            Place::Nowhere => false,
            Place::Notebook(handle) => handle.is_some(),
            Place::Terminal { shown } => *shown,
        };
        if was_shown {
            let summary = summary(standing, self.began.elapsed());
            self.put(&summary, standing, true);
        }
    }

    fn put(&mut self, line: &str, standing: &Standing, is_last: bool) {
        match &mut self.place {
            Place::Nowhere => {}
            Place::Notebook(handle) => {
                let bundle = bundle(line, standing, is_last);
                match handle {
                    Some(handle) => handle.update(bundle),
                    None => *handle = Some(display(bundle)),
                }
            }
            Place::Terminal { shown } => {
                let end = if is_last { "\n" } else { "" };
                // Nobody is left to be told where the terminal has gone.
                let _ = write!(std::io::stderr().lock(), "\r\x1b[K{line}{end}");
                *shown = true;
            }
        }
    }
}

/// The forms that a notebook chooses from.
fn bundle(line: &str, standing: &Standing, is_last: bool) -> MimeBundle {
    let Standing {
        total, done, failed, ..
    } = standing;
    let html = if is_last {
        format!("<div>{line}</div>")
    } else {
        let text = line.split_once("] ").map_or(line, |(_, text)| text);
        format!("<div><progress max=\"{total}\" value=\"{done}\" style=\"width: 16em\"></progress> {text}</div>")
    };
    let numbers = serde_json::json!({"total": total, "done": done, "failed": failed, "ended": is_last});
    MimeBundle::new()
        .with("text/plain", line)
        .with("text/html", html)
        .with(MIME, numbers)
}

/// For example `[######------] 420/1,000, 132/s, 4.39 s left, 2 failed; on 421, 425`.
fn line(standing: &Standing, elapsed: Duration) -> String {
    let Standing {
        total, done, failed, ..
    } = *standing;
    let filled = BAR * done / total.max(1);
    let bar: String = "#".repeat(filled) + &"-".repeat(BAR - filled);
    let mut line = format!("[{bar}] {}/{}, {}", grouped(done), grouped(total), rate(done, elapsed));
    if done > 0 {
        let left = elapsed.mul_f64((total - done) as f64 / done as f64);
        let _ = write!(line, ", {} left", duration_text(left));
    }
    if failed > 0 {
        let _ = write!(line, ", {} failed", grouped(failed));
    }
    let mut running = standing.running.clone();
    running.sort_unstable();
    if let Some((first, rest)) = running.split_first() {
        let _ = write!(line, "; on {first}");
        for item in rest.iter().take(NAMED - 1) {
            let _ = write!(line, ", {item}");
        }
        if rest.len() >= NAMED {
            let _ = write!(line, " and {} more", rest.len() + 1 - NAMED);
        }
    }
    line
}

/// For example `1,000 items in 7.58 s by 4 workers (132/s), 2 failed`.
fn summary(standing: &Standing, elapsed: Duration) -> String {
    let Standing {
        total,
        done,
        failed,
        workers,
        ..
    } = *standing;
    let items = if done == total {
        format!("{} items", grouped(total))
    } else {
        format!("stopped after {} of {} items", grouped(done), grouped(total))
    };
    let workers = match workers {
        1 => "1 worker".to_owned(),
        workers => format!("{workers} workers"),
    };
    let mut summary = format!(
        "{items} in {} by {workers} ({})",
        duration_text(elapsed),
        rate(done, elapsed)
    );
    if failed > 0 {
        let _ = write!(summary, ", {} failed", grouped(failed));
    }
    summary
}

/// Items in a second, with as many digits as mean something.
fn rate(done: usize, elapsed: Duration) -> String {
    let rate = done as f64 / elapsed.as_secs_f64().max(1e-9);
    if rate >= 10.0 {
        format!("{}/s", grouped(rate.round() as usize))
    } else {
        format!("{rate:.1}/s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(done: usize, failed: usize, running: &[usize]) -> Standing {
        Standing {
            total: 1000,
            done,
            failed,
            workers: 4,
            running: running.to_vec(),
        }
    }

    #[test]
    fn a_line_tells_what_is_known() {
        let elapsed = Duration::from_secs(4);
        assert_eq!(
            line(&standing(500, 2, &[7, 3]), elapsed),
            "[############------------] 500/1,000, 125/s, 4.00 s left, 2 failed; on 3, 7"
        );
        assert_eq!(
            line(&standing(0, 0, &[]), elapsed),
            "[------------------------] 0/1,000, 0.0/s"
        );
        let many: Vec<_> = (0..12).collect();
        assert!(line(&standing(10, 0, &many), elapsed).ends_with("; on 0, 1, 2, 3, 4, 5, 6, 7 and 4 more"));
    }

    #[test]
    fn the_summary_says_whether_it_came_to_its_end() {
        let elapsed = Duration::from_millis(2500);
        let all = summary(&standing(1000, 3, &[]), elapsed);
        assert_eq!(all, "1,000 items in 2.50 s by 4 workers (400/s), 3 failed");
        let some = summary(&standing(10, 1, &[]), elapsed);
        assert_eq!(
            some,
            "stopped after 10 of 1,000 items in 2.50 s by 4 workers (4.0/s), 1 failed"
        );
    }

    #[test]
    fn what_nobody_wants_is_never_due() {
        let mut progress = Progress::new(false);
        assert_eq!(progress.rest(), None);
        progress.show(|| unreachable!("nothing is shown"));
        progress.end(&standing(1, 0, &[]));
    }
}
