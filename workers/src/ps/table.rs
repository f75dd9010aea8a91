//! The table of workers, as text and as HTML.

use std::time::Duration;

use super::Workers;
use crate::display::MimeBundle;
use crate::spawn::{WorkerInfo, WorkerKind, WorkerState};
use crate::text::{Column, Size, Table, duration_text, escape, signal_name, text_table};

/// How many workers have a line of their own.
const ROWS: usize = 40;
const COLUMNS: [(&str, Column); 7] = [
    ("pid", Column::Numbers),
    ("worker", Column::Words),
    ("state", Column::Words),
    ("elapsed", Column::Numbers),
    ("cpu", Column::Numbers),
    ("memory", Column::Numbers),
    ("tasks", Column::Numbers),
];
/// The column of what a worker does.
const STATE: usize = 2;
const NONE: &str = "There are no worker processes, and none has ended.";

/// The table for a notebook.
pub(super) fn bundle(workers: &Workers) -> MimeBundle {
    MimeBundle::new()
        .with("text/plain", text(workers))
        .with("text/html", html(workers))
}

/// The table at the end of a cell, which says so if anything goes on.
pub(super) fn bundle_at_end(workers: &Workers) -> MimeBundle {
    let goes_on = |state: WorkerState| matches!(state, WorkerState::Running { .. } | WorkerState::Waiting { .. });
    let note = match workers.iter().filter(|worker| goes_on(worker.state)).count() {
        0 => return bundle(workers),
        1 => "As of the end of the cell, after which 1 goes on.".to_owned(),
        more => format!("As of the end of the cell, after which {more} go on."),
    };
    MimeBundle::new()
        .with("text/plain", format!("{}\n{note}", text(workers)))
        .with(
            "text/html",
            format!("{}<div style=\"opacity:.7;font-size:90%\">{note}</div>", html(workers)),
        )
}

/// The table as text.
pub(super) fn text(workers: &Workers) -> String {
    if workers.is_empty() {
        return NONE.to_owned();
    }
    let rows: Vec<[String; 7]> = shown(workers).map(cells).collect();
    let mut text = format!("{}\n{}", headline(workers), text_table(COLUMNS, &rows));
    text.extend(more(workers).map(|more| format!("\n{more}")));
    text
}

fn html(workers: &Workers) -> String {
    if workers.is_empty() {
        return format!("<div>{NONE}</div>");
    }
    let mut table = Table::compact(COLUMNS);
    for worker in shown(workers) {
        let mut cells = cells(worker).map(|cell| escape(&cell));
        cells[STATE].insert_str(0, &dot(worker.state));
        if worker.state.has_ended() {
            table.faded_row(cells);
        } else {
            table.row(cells);
        }
    }
    let mut html = format!(
        "<div style=\"font-variant-numeric:tabular-nums;font-size:90%\"><div><b>{}</b></div>{}",
        headline(workers),
        table.finish()
    );
    html.extend(more(workers).map(|more| format!("<div style=\"opacity:.7\">{more}</div>")));
    html.push_str("</div>");
    html
}

/// A point whose colour tells the state at a glance.
fn dot(state: WorkerState) -> String {
    let colour = match state {
        WorkerState::Running { .. } => "var(--jp-success-color1,#388e3c)",
        WorkerState::Waiting { .. } => "var(--jp-warn-color1,#f57c00)",
        WorkerState::Ended { exit_code, stopped } if exit_code != Some(0) && !stopped => {
            "var(--jp-error-color1,#d32f2f)"
        }
        WorkerState::Idle | WorkerState::Ended { .. } => "var(--jp-layout-color3,rgba(128,128,128,.5))",
    };
    format!(
        "<span style=\"display:inline-block;width:.6em;height:.6em;border-radius:50%;margin-right:.5em;\
         background:{colour}\"></span>"
    )
}

/// Those that have a line: first those that there are.
fn shown(workers: &Workers) -> impl Iterator<Item = &WorkerInfo> {
    let (living, ended): (Vec<_>, Vec<_>) = workers.iter().partition(|worker| !worker.state.has_ended());
    living.into_iter().chain(ended).take(ROWS)
}

fn more(workers: &Workers) -> Option<String> {
    let more = workers.len().saturating_sub(ROWS) + workers.forgotten();
    (more > 0).then(|| format!("and {more} more"))
}

/// For example `3 workers: 1 running, 1 idle, 1 ended`.
fn headline(workers: &Workers) -> String {
    let total = workers.len() + workers.forgotten();
    let of = |is: fn(&WorkerState) -> bool| workers.iter().filter(|worker| is(&worker.state)).count();
    let counts = [
        (of(|state| matches!(state, WorkerState::Running { .. })), "running"),
        (of(|state| matches!(state, WorkerState::Waiting { .. })), "waiting"),
        (of(|state| matches!(state, WorkerState::Idle)), "idle"),
        (of(WorkerState::has_ended) + workers.forgotten(), "ended"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let plural = if total == 1 { "" } else { "s" };
    format!("{total} worker{plural}: {}", counts.join(", "))
}

fn cells(worker: &WorkerInfo) -> [String; 7] {
    let memory = match worker.memory {
        0 => String::new(),
        bytes => Size(bytes).to_string(),
    };
    [
        worker.pid.to_string(),
        who(worker),
        state(worker.state),
        duration_text(worker.elapsed),
        match worker.cpu {
            // Of those that live it is counted in hundredths of a second.
            Duration::ZERO => "0 s".to_owned(),
            cpu => duration_text(cpu),
        },
        if worker.state.has_ended() && !memory.is_empty() {
            format!("{memory} at most")
        } else {
            memory
        },
        worker.tasks.map_or_else(String::new, |tasks| tasks.to_string()),
    ]
}

fn who(worker: &WorkerInfo) -> String {
    match worker.kind {
        WorkerKind::Pool => format!("pool, {}", worker.name),
        WorkerKind::Process => format!("process, {}", worker.name),
        WorkerKind::Daemon => format!("daemon, {}", worker.name),
        WorkerKind::Standing => "standing worker".to_owned(),
        WorkerKind::Manager => "manager".to_owned(),
    }
}

fn state(state: WorkerState) -> String {
    let on = |what: &str, item: Option<usize>| match item {
        Some(item) => format!("{what}, item {item}"),
        None => what.to_owned(),
    };
    match state {
        WorkerState::Idle => "idle".to_owned(),
        WorkerState::Running { item } => on("running", item),
        WorkerState::Waiting { item } => on("waiting", item),
        WorkerState::Ended { stopped: true, .. } => "ended, stopped".to_owned(),
        WorkerState::Ended { exit_code: None, .. } => "ended".to_owned(),
        WorkerState::Ended { exit_code: Some(0), .. } => "ended, done".to_owned(),
        WorkerState::Ended {
            exit_code: Some(code), ..
        } if code < 0 => match signal_name(-code) {
            Some((name, _)) => format!("ended, killed by {name}"),
            None => format!("ended, killed by signal {}", -code),
        },
        WorkerState::Ended {
            exit_code: Some(code), ..
        } => format!("ended, exit code {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(pid: u32, kind: WorkerKind, name: &str, state: WorkerState) -> WorkerInfo {
        WorkerInfo {
            pid,
            name: name.to_owned(),
            kind,
            state,
            elapsed: Duration::from_millis(2310),
            cpu: Duration::from_millis(2300),
            memory: 12 << 20,
            tasks: (kind == WorkerKind::Pool).then_some(120),
        }
    }

    fn some() -> Workers {
        let ended = |code, stopped| WorkerState::Ended {
            exit_code: Some(code),
            stopped,
        };
        Workers {
            all: vec![
                worker(9, WorkerKind::Pool, "PoolWorker-2", ended(-11, false)),
                worker(
                    4711,
                    WorkerKind::Pool,
                    "PoolWorker-1",
                    WorkerState::Running { item: Some(17) },
                ),
                worker(8, WorkerKind::Daemon, "<b>", WorkerState::Waiting { item: None }),
                worker(10, WorkerKind::Manager, "Service", WorkerState::Idle),
                worker(11, WorkerKind::Process, "Process-1", ended(0, false)),
                worker(12, WorkerKind::Process, "Process-2", ended(-9, true)),
            ],
            forgotten: 3,
        }
    }

    #[test]
    fn the_text_is_a_table_of_the_living_and_then_of_the_ended() {
        assert_eq!(
            text(&some()),
            [
                "9 workers: 1 running, 1 waiting, 1 idle, 6 ended",
                " pid  worker              state                     elapsed     cpu            memory  tasks",
                "4711  pool, PoolWorker-1  running, item 17           2.31 s  2.30 s          12.0 MiB    120",
                "   8  daemon, <b>         waiting                    2.31 s  2.30 s          12.0 MiB",
                "  10  manager             idle                       2.31 s  2.30 s          12.0 MiB",
                "   9  pool, PoolWorker-2  ended, killed by SIGSEGV   2.31 s  2.30 s  12.0 MiB at most    120",
                "  11  process, Process-1  ended, done                2.31 s  2.30 s  12.0 MiB at most",
                "  12  process, Process-2  ended, stopped             2.31 s  2.30 s  12.0 MiB at most",
                "and 3 more",
            ]
            .join("\n")
        );
    }

    #[test]
    fn a_notebook_gets_a_table_in_which_names_are_text() {
        let html = html(&some());
        assert!(
            html.contains("daemon, &lt;b&gt;</td>") && !html.contains("<script"),
            "{html}"
        );
        assert_eq!(html.matches("<tr").count(), 7);
    }

    #[test]
    fn what_goes_on_after_the_cell_is_said() {
        let text = |workers: &Workers| bundle_at_end(workers).text().to_owned();
        assert!(text(&some()).ends_with("after which 2 go on."));
        let ended = Workers {
            all: some().into_iter().filter(|worker| worker.state.has_ended()).collect(),
            forgotten: 0,
        };
        assert_eq!(text(&ended), bundle(&ended).text());
    }

    #[test]
    fn nobody_is_said_to_be_there_and_crowds_are_counted() {
        let none = Workers {
            all: Vec::new(),
            forgotten: 0,
        };
        assert_eq!(text(&none), NONE);
        let crowd = Workers {
            all: vec![worker(1, WorkerKind::Process, "x", WorkerState::Idle); 100],
            forgotten: 0,
        };
        assert!(text(&crowd).ends_with("\nand 60 more") && html(&crowd).contains("and 60 more"));
    }
}
