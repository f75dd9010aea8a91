//! How far a map is, in words, with a bar of characters or of HTML.

use std::fmt::Write as _;
use std::time::Duration;

use crate::display::MimeBundle;
use crate::text::{counted, duration_text, grouped};

/// How many characters a bar has.
const BAR: usize = 20;
/// How many workers' items are named.
const NAMED: usize = 8;

/// How far a map is.
#[derive(Clone, Debug, Default)]
pub(crate) struct MapState {
    pub(crate) done: usize,
    /// `None` for a stream, which may have no end.
    pub(crate) total: Option<usize>,
    pub(crate) failed: usize,
    pub(crate) retried: usize,
    /// How long it has been running, in nanoseconds.
    pub(crate) nanos: u64,
    /// How many workers there are, or were at a time.
    pub(crate) workers: usize,
    /// The PID of each worker that is on an item, and the item.
    pub(crate) on: Vec<(u32, usize)>,
    /// The workers that can be ended.
    pub(crate) pids: Vec<u32>,
}

impl MapState {
    fn rate(&self) -> f64 {
        self.done as f64 / (self.nanos as f64 / 1e9).max(1e-9)
    }

    /// How long it may take, if the rest goes as fast as what is done.
    fn left(&self) -> Option<Duration> {
        let left = self.total?.saturating_sub(self.done);
        let seconds = left as f64 / self.rate();
        (self.done > 0).then(|| Duration::try_from_secs_f64(seconds).ok())?
    }

    fn share(&self) -> Option<f64> {
        let total = self.total.filter(|total| *total > 0)?;
        Some((self.done as f64 / total as f64).min(1.0))
    }

    /// For example `412/1,000  131/s  4 s left  2 failed`.
    fn figures(&self) -> String {
        let mut text = match self.total {
            Some(total) => format!("{}/{}", grouped(self.done), grouped(total)),
            None => format!("{} done", grouped(self.done)),
        };
        // Writing to a string does not fail.
        let _ = write!(text, "  {}", rate_text(self.rate()));
        if let Some(left) = self.left() {
            let _ = write!(text, "  {} left", time_left_text(left));
        }
        if self.failed > 0 {
            let _ = write!(text, "  {} failed", grouped(self.failed));
        }
        if self.retried > 0 {
            let _ = write!(text, "  {} tried again", grouped(self.retried));
        }
        text
    }

    /// For example `4711: 3, 4712: 5`.
    fn on_text(&self) -> String {
        let named = self.on.iter().take(NAMED);
        let mut text: Vec<String> = named.map(|(pid, item)| format!("{pid}: {}", grouped(*item))).collect();
        if self.on.len() > NAMED {
            text.push(format!("and {} more", self.on.len() - NAMED));
        }
        text.join(", ")
    }
}

/// One line about a map that goes on.
pub(super) fn line(state: &MapState) -> String {
    let mut text = String::new();
    if let Some(share) = state.share() {
        let full = (share * BAR as f64) as usize;
        let _ = write!(
            text,
            "{:3.0}% [{}{}] ",
            (share * 100.0).floor(),
            "#".repeat(full),
            ".".repeat(BAR - full)
        );
    }
    text.push_str(&state.figures());
    if !state.on.is_empty() {
        let _ = write!(text, "  pid: item {}", state.on_text());
    }
    text
}

/// The same for a notebook.
pub(super) fn bundle(state: &MapState) -> MimeBundle {
    let bar = match state.share() {
        Some(share) => format!(
            "<div style=\"height:6px;max-width:32em;margin:2px 0;border-radius:3px;overflow:hidden;\
             background:var(--jp-layout-color3,rgba(128,128,128,.3))\"><div style=\"height:100%;width:{:.1}%;\
             background:{}\"></div></div>",
            share * 100.0,
            if state.failed > 0 {
                "var(--jp-warn-color1,#c77700)"
            } else {
                "var(--jp-brand-color1,#1976d2)"
            }
        ),
        None => String::new(),
    };
    let on = match state.on_text() {
        text if text.is_empty() => String::new(),
        text => format!("<div style=\"opacity:.7\">pid: item {text}</div>"),
    };
    let html = format!(
        "<div style=\"font-variant-numeric:tabular-nums;font-size:90%\">{bar}<div style=\"white-space:pre-wrap\">{}</div>{on}</div>",
        state.figures()
    );
    MimeBundle::new()
        .with("text/plain", line(state))
        .with("text/html", html)
}

/// One line about a map that has ended, such as `1,000 items in 3.20 s by 4 workers (312/s), 2 failed`.
pub(super) fn summary(state: &MapState) -> String {
    let count = match state.total {
        Some(total) if state.done < total => {
            format!("stopped after {} of {} items", grouped(state.done), grouped(total))
        }
        _ => counted(state.done, "item"),
    };
    let mut text = format!(
        "{count} in {} by {} ({})",
        duration_text(Duration::from_nanos(state.nanos)),
        counted(state.workers, "worker"),
        rate_text(state.rate())
    );
    if state.failed > 0 {
        let _ = write!(text, ", {} failed", grouped(state.failed));
    }
    if state.retried > 0 {
        let _ = write!(text, ", {} tried again", grouped(state.retried));
    }
    text
}

fn rate_text(rate: f64) -> String {
    match rate {
        _ if rate >= 10.0 => format!("{}/s", grouped(rate.round() as usize)),
        _ if rate >= 0.1 => format!("{rate:.1}/s"),
        _ => format!("{:.1}/min", rate * 60.0),
    }
}

/// Whole seconds: more would claim to know more.
fn time_left_text(left: Duration) -> String {
    match left.as_secs_f64().ceil() as u64 {
        seconds if seconds < 60 => format!("{seconds} s"),
        seconds => duration_text(Duration::from_secs(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> MapState {
        MapState {
            done: 250,
            total: Some(1000),
            failed: 2,
            nanos: 2_000_000_000,
            workers: 4,
            on: vec![(4711, 1250), (4712, 3)],
            ..MapState::default()
        }
    }

    #[test]
    fn a_line_says_how_far_it_is() {
        assert_eq!(
            line(&state()),
            " 25% [#####...............] 250/1,000  125/s  6 s left  2 failed  pid: item 4711: 1,250, 4712: 3"
        );
        let stream = MapState {
            done: 3,
            nanos: 60_000_000_000,
            ..MapState::default()
        };
        assert_eq!(line(&stream), "3 done  3.0/min");
        let begun = MapState {
            total: Some(5),
            nanos: 1_000_000_000,
            ..MapState::default()
        };
        assert_eq!(line(&begun), "  0% [....................] 0/5  0.0/min");
    }

    #[test]
    fn a_summary_is_one_line() {
        let done = MapState {
            done: 1000,
            retried: 1,
            nanos: 3_200_000_000,
            ..state()
        };
        assert_eq!(
            summary(&done),
            "1,000 items in 3.20 s by 4 workers (313/s), 2 failed, 1 tried again"
        );
        assert_eq!(
            summary(&state()),
            "stopped after 250 of 1,000 items in 2.00 s by 4 workers (125/s), 2 failed"
        );
        let one = MapState {
            done: 1,
            total: Some(1),
            workers: 1,
            nanos: 1_000_000_000,
            ..MapState::default()
        };
        assert_eq!(summary(&one), "1 item in 1.00 s by 1 worker (1.0/s)");
    }

    #[test]
    fn many_workers_are_counted() {
        let on = (0..12).map(|pid| (pid, 1)).collect();
        assert!(line(&MapState { on, ..state() }).ends_with("7: 1, and 4 more"));
    }

    #[test]
    fn the_time_that_is_left_has_its_units() {
        assert_eq!(time_left_text(Duration::from_secs(125)), "2 min 5 s");
    }

    #[test]
    fn a_notebook_gets_a_bar_without_a_script() {
        let bundle = serde_json::to_value(bundle(&state())).unwrap();
        let html = bundle["data"]["text/html"].as_str().unwrap();
        assert!(html.contains("width:25.0%") && html.contains("2 failed") && !html.contains("<script"));
        assert_eq!(bundle["data"]["text/plain"], line(&state()));
    }
}
