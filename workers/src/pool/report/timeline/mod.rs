//! A picture of the last map: a lane for each worker, a bar for each item, or for many where they would be too thin to be
//! seen, failures marked, and gaps where a worker had nothing to do.

mod picture;
mod scale;
mod text;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::history::{End, History, Life};
use super::trace::Span;
use crate::display::MimeBundle;
use crate::text::{counted, duration_text};
use picture::svg;
use text::text;

/// A picture of the map that ended last.
pub(crate) fn last_timeline() -> Option<MimeBundle> {
    Some(timeline(History::last()?.as_ref()))
}

/// The picture, with text beside it.
fn timeline(history: &History) -> MimeBundle {
    let picture = svg(history);
    MimeBundle::new()
        .with("text/plain", text(history))
        // Within the page, where it can have the notebook's colours.
        .with("text/html", &picture)
        .with("image/svg+xml", picture)
}

/// What has become of the items of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Done,
    Stopped,
    Retried,
    Failed,
}

impl Fate {
    fn class(self) -> &'static str {
        match self {
            Self::Done => "o",
            Self::Stopped => "s",
            Self::Retried => "r",
            Self::Failed => "f",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Retried => "tried again",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Bar {
    span: Span,
    fate: Fate,
    pid: u32,
}

/// All that one place among the workers has run.
#[derive(Debug, Default)]
struct Lane {
    bars: Vec<Bar>,
    pids: Vec<u32>,
    /// When there was a process.
    lives: Vec<(u64, u64)>,
    busy: u64,
    items: u64,
}

fn lanes(history: &History) -> BTreeMap<usize, Lane> {
    let mut lanes: BTreeMap<usize, Lane> = BTreeMap::new();
    for life in &history.lives {
        let lane = lanes.entry(life.slot).or_default();
        lane.pids.push(life.pid);
        lane.lives.push((life.began, life.ended));
        for (index, span) in life.spans.iter().enumerate() {
            lane.busy += span.nanos();
            lane.items += u64::from(span.items);
            let fate = fate(life, span, index + 1 == life.spans.len());
            lane.bars.push(Bar {
                span: *span,
                fate,
                pid: life.pid,
            });
        }
    }
    for lane in lanes.values_mut() {
        lane.bars.sort_by_key(|bar| bar.span.began);
    }
    lanes
}

fn fate(life: &Life, span: &Span, is_last: bool) -> Fate {
    match life.end {
        End::Retried if is_last => Fate::Retried,
        End::Stopped if is_last && span.failed == 0 => Fate::Stopped,
        _ if span.failed > 0 => Fate::Failed,
        _ => Fate::Done,
    }
}

fn headline(history: &History) -> String {
    let took = duration_text(Duration::from_nanos(history.ended.saturating_sub(history.began)));
    let mut text = format!(
        "{} by {} in {took}",
        counted(history.done, "item"),
        counted(history.workers, "worker")
    );
    if history.done < history.total {
        let _ = write!(text, ", stopped before the other {}", history.total - history.done);
    }
    if history.started > history.workers {
        let _ = write!(text, ", {} processes", history.started);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// A map of `items` by four workers, of which each takes a while longer than the one before; one item fails.
    pub(super) fn history(items: usize) -> History {
        let mut history = History::new(4);
        let began = history.began;
        let length = (3000 * MS) / (items as u64 / 4).max(1);
        for slot in 0..4 {
            let span = |index: usize| Span {
                first: index * 4 + slot,
                items: 1,
                failed: u32::from(index * 4 + slot == items / 2),
                began: began + (20 + 15 * slot as u64) * MS + index as u64 * length * (slot as u64 + 6) / 9,
                ended: began
                    + (20 + 15 * slot as u64) * MS
                    + (index as u64 * (slot as u64 + 6) + 5 + slot as u64) * length / 9,
            };
            history.add(Life {
                slot,
                pid: 4711 + slot as u32,
                began,
                ended: began + 3000 * MS,
                spans: (0..items / 4).map(span).collect(),
                tally: Default::default(),
                end: if slot == 2 { End::Retried } else { End::Done },
            });
        }
        (history.total, history.done) = (items, items);
        history.ended = began + 3060 * MS;
        history
    }

    #[test]
    fn a_map_without_items_has_a_picture() {
        let empty = History::new(1);
        assert!(svg(&empty).ends_with("</svg>") && !text(&empty).is_empty());
    }
}
