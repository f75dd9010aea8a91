//! A profile as text and as HTML.

use std::fmt::Write as _;
use std::time::Duration;

use super::hints::hints;
use super::{Lane, NotMeasured, Profile};
use crate::display::MimeBundle;
use crate::text::{Column, Table, counted, duration_text, grouped};

/// How many workers have a line of their own.
const MAX_LANES: usize = 16;

/// What is shown while one worker runs items again.
pub(super) fn measuring(limit: u64) -> MimeBundle {
    let text = format!(
        "profile: runs items a second time, in one worker, for about {} at most",
        time(limit)
    );
    let html = format!("<div style=\"opacity:.7;font-size:90%\">{text}</div>");
    MimeBundle::new().with("text/plain", text).with("text/html", html)
}

/// The profile for a notebook.
pub(super) fn bundle(profile: &Profile) -> MimeBundle {
    MimeBundle::new()
        .with("text/plain", text(profile))
        .with("text/html", html(profile))
}

/// The profile as text.
pub(super) fn text(profile: &Profile) -> String {
    let mut text = headline(profile);
    text.push('\n');
    for [name, value] in figures(profile) {
        // Writing to a string does not fail.
        let _ = write!(text, "\n{name:<10}  {value}");
    }
    let _ = write!(
        text,
        "\n\n{:>9}  {:>7}  {:>10}  {:>6}",
        "worker", "pid", "items", "busy"
    );
    for (index, lane) in profile.lanes.iter().take(MAX_LANES).enumerate() {
        let _ = write!(
            text,
            "\n{:>9}  {:>7}  {:>10}  {:>4.0} %",
            index + 1,
            pids(lane),
            grouped(lane.items as usize),
            percent(lane.busy, profile.wall)
        );
    }
    text.extend(more(profile).map(|more| format!("\n{more}")));
    if profile.timed > 1 {
        let _ = write!(text, "\n\n{:>9}  {:>7}  {:>10}", "slowest", "pid", "time");
        for slow in &profile.slowest {
            let _ = write!(
                text,
                "\n{:>9}  {:>7}  {:>10}",
                grouped(slow.item),
                slow.pid,
                time(slow.nanos)
            );
        }
    }
    let hints = hints(profile);
    if !hints.is_empty() {
        text.push('\n');
    }
    for hint in hints {
        let _ = write!(text, "\nhint: {hint}");
    }
    text
}

fn html(profile: &Profile) -> String {
    let mut html = format!(
        "<div style=\"font-variant-numeric:tabular-nums;font-size:90%;max-width:48em\"><div><b>{}</b></div>",
        headline(profile)
    );
    html.push_str(&figures_table(profile));
    html.push_str(&lanes_table(profile));
    html.extend(more(profile).map(|more| format!("<div style=\"opacity:.7\">{more}</div>")));
    if profile.timed > 1 {
        html.push_str(&slowest_table(profile));
    }
    for hint in hints(profile) {
        // Writing to a string does not fail.
        let _ = write!(
            html,
            "<div style=\"border-left:3px solid var(--jp-warn-color1,#c77700);padding-left:.6em;margin:.3em 0\">{hint}</div>"
        );
    }
    html.push_str("</div>");
    html
}

fn figures_table(profile: &Profile) -> String {
    let mut table = Table::compact([("", Column::Words), ("", Column::Sentences)]);
    for [name, value] in figures(profile) {
        table.row([format!("<b>{name}</b>"), value]);
    }
    table.finish()
}

fn lanes_table(profile: &Profile) -> String {
    let mut table = Table::compact([
        ("worker", Column::Numbers),
        ("pid", Column::Numbers),
        ("items", Column::Numbers),
        ("busy", Column::Words),
    ]);
    for (index, lane) in profile.lanes.iter().take(MAX_LANES).enumerate() {
        let busy = percent(lane.busy, profile.wall);
        table.row([
            (index + 1).to_string(),
            pids(lane),
            grouped(lane.items as usize),
            format!("{}{busy:.0} %", bar(busy)),
        ]);
    }
    table.finish()
}

fn slowest_table(profile: &Profile) -> String {
    let mut table = Table::compact(["slowest item", "pid", "time"].map(|name| (name, Column::Numbers)));
    for slow in &profile.slowest {
        table.row([grouped(slow.item), slow.pid.to_string(), time(slow.nanos)]);
    }
    table.finish()
}

fn bar(percent: f64) -> String {
    format!(
        "<span style=\"display:inline-block;width:10em;height:.6em;margin-right:.6em;border-radius:3px;overflow:hidden;\
         background:var(--jp-layout-color3,rgba(128,128,128,.3))\"><span style=\"display:block;height:100%;\
         width:{percent:.1}%;background:var(--jp-brand-color1,#1976d2)\"></span></span>"
    )
}

fn headline(profile: &Profile) -> String {
    let (unit, block) = (unit(profile), profile.block);
    let (done, total) = (profile.done / block, counted(profile.total / block, unit));
    let mut text = if profile.done < profile.total {
        format!("{} of {total}", grouped(done))
    } else {
        total
    };
    if block > 1 {
        let _ = write!(text, " of {}", counted(block, "item"));
    }
    let _ = write!(
        text,
        " by {} in {}",
        counted(profile.workers, "worker"),
        time(profile.wall)
    );
    text
}

/// The lines of the profile that have a name.
fn figures(profile: &Profile) -> Vec<[String; 2]> {
    let line = |name: &str, value: String| [name.to_owned(), value];
    let mut lines = Vec::new();
    if let (Some(speed_up), Ok(one)) = (profile.speed_up(), &profile.one_worker) {
        let about = if one.is_extrapolated { "about " } else { "" };
        let value = format!("{about}{} of {}", factor(speed_up), grouped(profile.workers));
        lines.push(line("speed-up", value));
    }
    lines.push(line("one worker", one_worker(profile)));
    let shares = profile.shares;
    lines.push(line(
        "workers",
        format!(
            "{:.1} % of the time on items, {:.1} % starting, {:.1} % between items, {:.1} % waiting for the last",
            100.0 * shares.items,
            100.0 * shares.starting,
            100.0 * shares.between,
            100.0 * shares.waiting
        ),
    ));
    if profile.timed > 0 {
        let mut value = format!("{} on average", time(profile.mean));
        if let Some((median, of)) = profile.median {
            let _ = write!(value, ", median {}", time(median));
            if (of as u64) < profile.timed {
                let _ = write!(value, " (of {})", grouped(of));
            }
        }
        lines.push(line(if profile.block > 1 { "a group" } else { "an item" }, value));
    }
    lines
}

fn one_worker(profile: &Profile) -> String {
    let unit = unit(profile);
    let items = profile.total / profile.block;
    match &profile.one_worker {
        Ok(one) if one.is_extrapolated => format!(
            "about {}, extrapolated: measured on {} of {}, run a second time",
            time(one.nanos),
            grouped(one.items),
            counted(items, unit)
        ),
        Ok(one) => format!("{}, measured: all {unit}s were run a second time", time(one.nanos)),
        Err(reason) => format!("not measured: {}", why_not(reason)),
    }
}

fn why_not(reason: &NotMeasured) -> String {
    match reason {
        NotMeasured::Stopped => "the map was stopped before its end".to_owned(),
        NotMeasured::Stream => "the items of a stream are gone when they have been run".to_owned(),
        NotMeasured::InPlace => "the items change shared memory, and would change it again".to_owned(),
        NotMeasured::Nothing => "no item came to its end when it was run a second time".to_owned(),
        NotMeasured::Refused(error) => format!("no worker could be started ({error})"),
    }
}

/// What is timed as one.
fn unit(profile: &Profile) -> &'static str {
    if profile.block > 1 { "group" } else { "item" }
}

fn more(profile: &Profile) -> Option<String> {
    let more = profile.lanes.len().checked_sub(MAX_LANES).filter(|more| *more > 0)?;
    Some(format!("and {} more", counted(more, "worker")))
}

/// The worker's PID, or how many there were in its place.
fn pids(lane: &Lane) -> String {
    match lane.pids.as_slice() {
        [pid] => pid.to_string(),
        pids => format!("({})", grouped(pids.len())),
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    (100.0 * part as f64 / whole as f64).min(100.0)
}

fn factor(factor: f64) -> String {
    if factor < 10.0 {
        format!("{factor:.2}")
    } else {
        format!("{factor:.1}")
    }
}

fn time(nanos: u64) -> String {
    duration_text(Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::super::OneWorker;
    use super::super::tests::{MS, profile};
    use super::*;

    #[test]
    fn the_text_is_a_page_of_figures() {
        assert_eq!(
            text(&profile()),
            "100 items by 2 workers in 520 ms\n\
             \n\
             speed-up    1.92 of 2\n\
             one worker  1.00 s, measured: all items were run a second time\n\
             workers     94.2 % of the time on items, 1.0 % starting, 1.9 % between items, 2.9 % waiting for the last\n\
             an item     10.0 ms on average, median 10.0 ms\n\
             \n   worker      pid       items    busy\n        1     4711          50    94 %\n        2     4712          50    94 %\n\
             \n  slowest      pid        time\n        7     4711     12.0 ms\n        8     4712     11.0 ms"
        );
    }

    #[test]
    fn what_is_extrapolated_or_unknown_is_said() {
        let mut part = profile();
        part.one_worker = Ok(OneWorker {
            nanos: 1_000 * MS,
            items: 40,
            is_extrapolated: true,
            slowdown: None,
        });
        let shown = text(&part);
        assert!(shown.contains("speed-up    about 1.92 of 2"), "{shown}");
        assert!(
            shown.contains("about 1.00 s, extrapolated: measured on 40 of 100 items"),
            "{shown}"
        );
        part.one_worker = Err(NotMeasured::Stopped);
        part.done = 7;
        let shown = text(&part);
        assert!(shown.starts_with("7 of 100 items by 2 workers"), "{shown}");
        assert!(
            !shown.contains("speed-up") && shown.contains("not measured: the map was stopped"),
            "{shown}"
        );
    }

    #[test]
    fn groups_are_called_so() {
        let grouped = Profile { block: 10, ..profile() };
        assert!(text(&grouped).starts_with("10 groups of 10 items by 2 workers"));
    }

    #[test]
    fn a_notebook_gets_tables_and_hints_without_a_script() {
        let crowded = Profile { cores: 1, ..profile() };
        let html = html(&crowded);
        assert_eq!(html.matches("<table").count(), html.matches("</table>").count());
        assert!(html.contains("1.92 of 2") && html.contains("2 workers share 1 core") && !html.contains("<script"));
    }

    #[test]
    fn many_workers_are_counted() {
        let mut wide = profile();
        wide.lanes = vec![Lane::default(); 40];
        assert!(text(&wide).contains("\nand 24 workers more"));
    }
}
