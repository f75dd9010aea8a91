//! The page `kernel/docs/faults.md`: a table for each place.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Set to write the page where it is not current.
const UPDATE: &str = "UPDATE_DOCS";

/// What one way to die gave.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) way: &'static str,
    pub(crate) said: String,
    pub(crate) variables: Variables,
    pub(crate) took: Duration,
}

impl Row {
    /// Without how long it took, which differs from run to run.
    fn constant(&self) -> [&str; 3] {
        [self.way, &self.said, self.variables.text()]
    }
}

/// What has become of the variables that the cell had changed before it died.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Variables {
    /// They are as they were before the cell.
    Undone,
    /// They are as the cell has left them.
    Changed,
    /// They are not there any more.
    Lost,
}

impl Variables {
    fn text(self) -> &'static str {
        match self {
            Variables::Undone => "as before the cell",
            Variables::Changed => "as it left them",
            Variables::Lost => "lost, which is said",
        }
    }
}

/// Compares what was found in a place with its table. How long it took differs from run to run and is not compared.
pub(crate) fn compare(place: &str, rows: &[Row]) {
    // The tests of several places write their tables into one page.
    static PAGE: Mutex<()> = Mutex::new(());
    let _page = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../kernel/docs/faults.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, table, after) = parts(&page, place);
    let found: Vec<[&str; 3]> = rows.iter().map(Row::constant).collect();
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, format!("{before}{}{after}", written(rows))).unwrap();
    } else {
        let shown = read(table);
        let how = format!("{UPDATE}=1 cargo test --workspace --test faults writes the page");
        assert_eq!(found.len(), shown.len(), "{how}");
        for (found, shown) in found.iter().zip(&shown) {
            assert_eq!(found, shown, "{how}");
        }
    }
}

/// Without what differs from run to run: PIDs, and how much memory a process had.
pub(crate) fn constant(text: &str) -> String {
    let mut constant = String::new();
    let mut rest = text;
    while let Some(end) = before_number(rest) {
        let (before, number) = rest.split_at(end);
        constant.push_str(before);
        constant.push('N');
        rest = number.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    }
    constant.push_str(rest);
    constant.replace('|', "\\|").replace('\n', " ")
}

/// Where the first number begins that differs from run to run.
fn before_number(text: &str) -> Option<usize> {
    let names = ["pid ", "process ", "when it used "];
    let ends = names
        .iter()
        .flat_map(|name| text.match_indices(name).map(|(at, name)| at + name.len()));
    ends.filter(|end| text[*end..].starts_with(|c: char| c.is_ascii_digit()))
        .min()
}

/// What is before a place's table, the table, and what is after it.
fn parts<'a>(page: &'a str, place: &str) -> (&'a str, &'a str, &'a str) {
    let mark = |mark: String| page.find(&mark).map(|at| (at, at + mark.len()));
    let (_, begin) = mark(format!("<!-- found: {place} -->\n")).unwrap_or_else(|| panic!("no place for {place}"));
    let (end, _) = mark(format!("<!-- end of {place} -->")).unwrap_or_else(|| panic!("no end of {place}"));
    (&page[..begin], &page[begin..end], &page[end..])
}

fn written(rows: &[Row]) -> String {
    let row = |row: &Row| format!("| {} | {} |\n", row.constant().join(" | "), row.took.as_millis());
    let rows: String = rows.iter().map(row).collect();
    format!("| way | what the notebook says | the variables | ms |\n|---|---|---|---|\n{rows}")
}

/// The rows of a table without what differs from run to run.
fn read(table: &str) -> Vec<[&str; 3]> {
    let row = |line| {
        let columns: Vec<&str> = str::split(line, " | ").collect();
        [columns[0].trim_start_matches("| "), columns[1], columns[2]]
    };
    table.lines().skip(2).map(row).collect()
}
