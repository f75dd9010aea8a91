//! The timeline as a picture.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::scale::{LEFT, RIGHT, Scale, tick_text};
use super::{Bar, Fate, Lane, headline, lanes};
use crate::pool::report::History;
use crate::text::{counted, duration_text};

const WIDTH: f64 = 900.0;
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

const STYLE: &str = ".parcell-timeline{color:var(--jp-content-font-color1,#333);font:11px \
var(--jp-ui-font-family,system-ui,sans-serif)}.parcell-timeline text{fill:currentColor}\
.parcell-timeline .d{opacity:.7}.parcell-timeline .l{fill:currentColor;opacity:.07}\
.parcell-timeline .g{stroke:currentColor;opacity:.18}.parcell-timeline .o{fill:var(--jp-brand-color1,#1976d2)}\
.parcell-timeline .f{fill:var(--jp-error-color1,#d32f2f)}.parcell-timeline .r{fill:var(--jp-warn-color1,#f57c00)}\
.parcell-timeline .s{fill:currentColor;opacity:.35}\
@media(prefers-color-scheme:dark){.parcell-timeline{color:var(--jp-content-font-color1,#ddd)}\
.parcell-timeline .o{fill:var(--jp-brand-color1,#64b5f6)}.parcell-timeline .f{fill:var(--jp-error-color1,#ef5350)}\
.parcell-timeline .r{fill:var(--jp-warn-color1,#ffb74d)}}";

pub(super) fn svg(history: &History) -> String {
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

#[cfg(test)]
mod tests {
    use super::super::tests::history;
    use super::*;

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
}
