//! A picture of the last map: a lane for each worker, a bar for each item, or for many where they would be too thin to be
//! seen, failures marked, and gaps where a worker had nothing to do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::history::{End, History, Life};
use super::trace::Span;
use crate::display::MimeBundle;
use crate::text::{counted, duration_text};

const WIDTH: f64 = 900.0;
/// Where the lanes begin and end.
const LEFT: f64 = 74.0;
const RIGHT: f64 = 842.0;
const TOP: f64 = 34.0;
const LANE: f64 = 24.0;
const BAR: f64 = 16.0;
/// The most lanes that are drawn.
const MAX_LANES: usize = 64;
/// Bars that are closer than this become one.
const TOUCH: f64 = 0.35;
/// Up to this width.
const MERGED: f64 = 6.0;
/// A bar is at least so wide, and one with a failure is wider.
const THIN: f64 = 0.6;
const FAILED_WIDTH: f64 = 2.5;
/// How many characters the text has for the whole time.
const CHARACTERS: usize = 40;

const STYLE: &str = ".parcell-timeline{color:var(--jp-content-font-color1,#333);font:11px \
var(--jp-ui-font-family,system-ui,sans-serif)}.parcell-timeline text{fill:currentColor}\
.parcell-timeline .d{opacity:.7}.parcell-timeline .l{fill:currentColor;opacity:.07}\
.parcell-timeline .g{stroke:currentColor;opacity:.18}.parcell-timeline .o{fill:var(--jp-brand-color1,#1976d2)}\
.parcell-timeline .f{fill:var(--jp-error-color1,#d32f2f)}.parcell-timeline .r{fill:var(--jp-warn-color1,#f57c00)}\
.parcell-timeline .s{fill:currentColor;opacity:.35}\
@media(prefers-color-scheme:dark){.parcell-timeline{color:var(--jp-content-font-color1,#ddd)}\
.parcell-timeline .o{fill:var(--jp-brand-color1,#64b5f6)}.parcell-timeline .f{fill:var(--jp-error-color1,#ef5350)}\
.parcell-timeline .r{fill:var(--jp-warn-color1,#ffb74d)}}";

/// The picture, with text beside it.
pub(crate) fn timeline(history: &History) -> MimeBundle {
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

fn svg(history: &History) -> String {
    let lanes = lanes(history);
    let shown = lanes.len().min(MAX_LANES);
    let bottom = TOP + LANE * shown as f64;
    let height = bottom + 48.0;
    let scale = Scale::of(history);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"parcell-timeline\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" style=\"max-width:100%;height:auto\" role=\"img\"><style>{STYLE}</style>\
         <text x=\"4\" y=\"18\" font-size=\"13\">{}</text>",
        headline(history)
    );
    let more = lanes.len().saturating_sub(MAX_LANES);
    if more > 0 {
        let _ = write!(
            svg,
            "<text class=\"d\" x=\"{RIGHT}\" y=\"18\" text-anchor=\"end\">and {} more</text>",
            counted(more, "worker")
        );
    }
    axis(&mut svg, &scale, bottom);
    for (row, (slot, lane)) in lanes.iter().take(MAX_LANES).enumerate() {
        draw_lane(&mut svg, &scale, TOP + LANE * row as f64, *slot, lane);
    }
    legend(&mut svg, &lanes, height - 10.0);
    svg.push_str("</svg>");
    svg
}

fn draw_lane(svg: &mut String, scale: &Scale, y: f64, slot: usize, lane: &Lane) {
    let name = match lane.pids.as_slice() {
        [pid] => pid.to_string(),
        pids => format!("#{} ({})", slot + 1, pids.len()),
    };
    let (text_y, bar_y) = (y + LANE / 2.0 + 4.0, y + (LANE - BAR) / 2.0);
    let _ = write!(
        svg,
        "<text x=\"{:.0}\" y=\"{text_y:.1}\" text-anchor=\"end\">{name}</text><text class=\"d\" x=\"{:.0}\" y=\"{text_y:.1}\">{:.0} %</text>",
        LEFT - 8.0,
        RIGHT + 8.0,
        scale.share(lane.busy)
    );
    for (began, ended) in &lane.lives {
        let (x, end) = (scale.x(*began), scale.x(*ended));
        let _ = write!(
            svg,
            "<rect class=\"l\" x=\"{x:.2}\" y=\"{bar_y:.1}\" width=\"{:.2}\" height=\"{BAR}\"/>",
            (end - x).max(THIN)
        );
    }
    // What failed is drawn above the rest, wherever it is.
    let (failed, others): (Vec<Bar>, Vec<Bar>) = lane.bars.iter().partition(|bar| bar.fate > Fate::Stopped);
    for bar in touching(&others, scale).into_iter().chain(touching(&failed, scale)) {
        let x = scale.x(bar.span.began);
        let width = scale.x(bar.span.ended) - x;
        // Single items that are wide enough are told apart by a gap; between many it would be a pattern.
        let gap = if width > 3.0 && bar.span.items == 1 { 0.8 } else { 0.0 };
        let least = if bar.fate > Fate::Stopped { FAILED_WIDTH } else { THIN };
        let _ = write!(
            svg,
            "<rect class=\"{}\" x=\"{x:.2}\" y=\"{bar_y:.1}\" width=\"{:.2}\" height=\"{BAR}\"><title>{}</title></rect>",
            bar.fate.class(),
            (width - gap).max(least),
            title(&bar)
        );
    }
}

fn title(bar: &Bar) -> String {
    let span = bar.span;
    let what = match span.items {
        1 => format!("item {}", span.first),
        items => format!("{items} items, the first is {}", span.first),
    };
    let took = duration_text(Duration::from_nanos(span.nanos()));
    format!("{what}, {}, {took}, pid {}", bar.fate.name(), bar.pid)
}

/// Puts together what nobody could tell apart.
fn touching(bars: &[Bar], scale: &Scale) -> Vec<Bar> {
    let mut kept: Vec<Bar> = Vec::new();
    for bar in bars {
        if let Some(last) = kept.last_mut()
            && last.fate == bar.fate
            && scale.x(bar.span.began) - scale.x(last.span.ended) < TOUCH
            && scale.x(bar.span.ended) - scale.x(last.span.began) < MERGED
        {
            last.span.items = last.span.items.saturating_add(bar.span.items);
            last.span.ended = bar.span.ended;
        } else {
            kept.push(*bar);
        }
    }
    kept
}

fn axis(svg: &mut String, scale: &Scale, bottom: f64) {
    for tick in scale.ticks() {
        let x = scale.x(scale.began + tick);
        let label = if tick == 0 { "0".to_owned() } else { tick_text(tick) };
        let _ = write!(
            svg,
            "<line class=\"g\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{:.1}\"/><text class=\"d\" x=\"{x:.1}\" \
             y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
            bottom + 3.0,
            bottom + 15.0
        );
    }
}

fn legend(svg: &mut String, lanes: &BTreeMap<usize, Lane>, y: f64) {
    let mut x = LEFT;
    for fate in [Fate::Done, Fate::Failed, Fate::Retried, Fate::Stopped] {
        if !lanes.values().flat_map(|lane| &lane.bars).any(|bar| bar.fate == fate) {
            continue;
        }
        let name = fate.name();
        let _ = write!(
            svg,
            "<rect class=\"{}\" x=\"{x:.0}\" y=\"{:.0}\" width=\"10\" height=\"10\"/><text x=\"{:.0}\" y=\"{y:.0}\">{name}</text>",
            fate.class(),
            y - 9.0,
            x + 14.0
        );
        x += 34.0 + 6.5 * name.len() as f64;
    }
    let _ = write!(
        svg,
        "<text class=\"d\" x=\"{:.0}\" y=\"{y:.0}\" text-anchor=\"end\">busy, of the whole time</text>",
        WIDTH - 8.0
    );
}

/// From times to places.
#[derive(Debug)]
struct Scale {
    began: u64,
    nanos: u64,
}

impl Scale {
    fn of(history: &History) -> Self {
        Self {
            began: history.began,
            nanos: history.ended.saturating_sub(history.began).max(1),
        }
    }

    fn x(&self, time: u64) -> f64 {
        let share = time.saturating_sub(self.began) as f64 / self.nanos as f64;
        LEFT + (RIGHT - LEFT) * share.min(1.0)
    }

    /// In per cent.
    fn share(&self, nanos: u64) -> f64 {
        (100.0 * nanos as f64 / self.nanos as f64).min(100.0)
    }

    /// Round times, about eight of them.
    fn ticks(&self) -> Vec<u64> {
        let least = (self.nanos / 8).max(1);
        let steps = std::iter::successors(Some(1u64), |power| power.checked_mul(10))
            .flat_map(|power| [1, 2, 5].map(|factor| power.saturating_mul(factor)));
        let sixties = [15, 30, 60, 120, 300, 600, 900, 1800, 3600].map(|seconds| seconds * 1_000_000_000);
        let step = match least {
            0..10_000_000_000 => steps.into_iter().find(|step| *step >= least),
            _ => sixties
                .into_iter()
                .chain((2..).map(|hours: u64| hours.saturating_mul(3_600_000_000_000)))
                .find(|step| *step >= least),
        };
        let step = step.unwrap_or(self.nanos);
        (0..=self.nanos / step).map(|count| count * step).collect()
    }
}

/// A round time: `20 ms`, `1.5 s`, `2 min`.
fn tick_text(nanos: u64) -> String {
    let (unit, name) = match nanos {
        60_000_000_000.. if nanos.is_multiple_of(60_000_000_000) => (60e9, "min"),
        1_000_000_000.. => (1e9, "s"),
        1_000_000.. => (1e6, "ms"),
        1_000.. => (1e3, "µs"),
        _ => (1.0, "ns"),
    };
    format!("{} {name}", nanos as f64 / unit)
}

fn text(history: &History) -> String {
    let scale = Scale::of(history);
    let mut text = headline(history);
    for (slot, lane) in lanes(history) {
        let mut row = [' '; CHARACTERS];
        for bar in &lane.bars {
            let place = |time| ((scale.x(time) - LEFT) / (RIGHT - LEFT) * (CHARACTERS - 1) as f64).round() as usize;
            let mark = match bar.fate {
                Fate::Done => '=',
                Fate::Stopped => '-',
                Fate::Retried => 'r',
                Fate::Failed => 'x',
            };
            for cell in &mut row[place(bar.span.began)..=place(bar.span.ended)] {
                if *cell != 'x' {
                    *cell = mark;
                }
            }
        }
        let name = match lane.pids.as_slice() {
            [pid] => format!("pid {pid}"),
            pids => format!("worker {} ({} processes)", slot + 1, pids.len()),
        };
        let row: String = row.iter().collect();
        let _ = write!(
            text,
            "\n|{row}| {:3.0} % busy, {}, {name}",
            scale.share(lane.busy),
            counted(lane.items as usize, "item")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// A map of `items` by four workers, of which each takes a while longer than the one before; one item fails.
    fn history(items: usize) -> History {
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
    fn few_items_are_a_bar_each_and_many_are_merged() {
        let few = svg(&history(12));
        assert_eq!(few.matches("<title>").count(), 12);
        assert!(
            few.contains("item 6, failed") || few.contains("item 6, tried again"),
            "{few}"
        );
        let many = svg(&history(10_000));
        assert!(many.len() < 300_000, "{}", many.len());
        assert!(many.matches("<title>").count() > 200);
        assert!(many.starts_with("<svg") && many.ends_with("</svg>") && !many.contains("NaN"));
        if let Ok(directory) = std::env::var("PARCELL_TEST_PICTURES") {
            std::fs::write(format!("{directory}/few.svg"), few).unwrap();
            std::fs::write(format!("{directory}/many.svg"), many).unwrap();
        }
    }

    #[test]
    fn the_text_says_how_busy_each_worker_was() {
        let text = text(&history(12));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[0].starts_with("12 items by 4 workers in 3.06 s"), "{text}");
        assert!(
            lines[1].contains("% busy, 3 items, pid 4711") && text.contains('x'),
            "{text}"
        );
    }

    #[test]
    fn ticks_are_round_and_few() {
        for (nanos, texts) in [
            (3_060 * MS, ["500 ms", "1 s", "1.5 s"]),
            (80_000, ["10 µs", "20 µs", "30 µs"]),
            (600_000 * MS, ["2 min", "4 min", "6 min"]),
        ] {
            let scale = Scale { began: 0, nanos };
            let ticks = scale.ticks();
            assert!((5..=10).contains(&ticks.len()), "{ticks:?}");
            let first: Vec<_> = ticks[1..4].iter().map(|tick| tick_text(*tick)).collect();
            assert_eq!(first, texts);
        }
        for nanos in [1, u64::MAX] {
            assert!(Scale { began: 0, nanos }.ticks().len() <= 12);
        }
    }

    #[test]
    fn a_map_without_items_has_a_picture() {
        let empty = History::new(1);
        assert!(svg(&empty).ends_with("</svg>") && !text(&empty).is_empty());
    }
}
