//! The timeline in characters.

use std::fmt::Write as _;

use super::scale::{LEFT, RIGHT, Scale};
use super::{Fate, headline, lanes};
use crate::pool::report::History;
use crate::text::counted;

/// How many characters the text has for the whole time.
const CHARACTERS: usize = 40;

pub(super) fn text(history: &History) -> String {
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
    use super::super::tests::history;
    use super::*;

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
}
