//! From rows to columns, and from there to text and HTML.

use std::collections::HashMap;

use super::node::{Capped, Node};
use crate::display::precision::precise_text;
use crate::text::{self, Table, aligned, escape, grouped};

/// How many characters of a cell are shown.
const WIDEST: usize = 80;
const ELLIPSIS: &str = "…";
/// What types of text are called in data frames: what looks like a number there is none.
const TYPES_OF_TEXT: [&str; 5] = ["str", "string", "utf8", "largeutf8", "utf8view"];

/// Cells in rows and columns.
#[derive(Debug)]
pub(super) struct Grid {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    /// How many rows there are, where not all are shown, and in front of which the others would be.
    left_out: Option<(usize, usize)>,
    /// What is said below it, unless it is how many rows there are where that is not seen.
    said: Option<String>,
}

#[derive(Debug)]
struct Column {
    name: String,
    type_: Option<String>,
    is_numeric: bool,
}

impl Column {
    fn heading(&self) -> String {
        let type_ = self.type_.iter().map(|type_| {
            let type_ = escape(type_);
            format!("<br><span style=\"font-weight: normal; opacity: .7\">{type_}</span>")
        });
        std::iter::once(escape(&self.name)).chain(type_).collect()
    }

    fn kind(&self) -> text::Column {
        match self.is_numeric {
            true => text::Column::Numbers,
            false => text::Column::Words,
        }
    }
}

impl Grid {
    pub(super) fn of(node: Node) -> Self {
        let mut builder = Builder::default();
        let (total, head) = match node {
            Node::List(rows) => {
                let (total, head) = (rows.total, rows.head.len());
                for row in rows.into_kept() {
                    builder.row(None, row);
                }
                (total, head)
            }
            Node::Record(rows) => {
                let (total, head) = (rows.total, rows.head.len());
                for (key, row) in rows.into_kept() {
                    builder.row(Some(key), row);
                }
                (total, head)
            }
            single => {
                builder.row(None, single);
                (1, 1)
            }
        };
        builder.finish(total, head)
    }

    /// Columns with these names and types, in front of so many that are not shown, and what is said below them.
    pub(super) fn of_columns(
        columns: &[(&str, &str)],
        rows: Capped<Vec<Option<String>>>,
        more: usize,
        said: String,
    ) -> Self {
        let (total, head) = (rows.total, rows.head.len());
        let rows: Vec<Vec<Option<String>>> = rows.into_kept().collect();
        let is_number = |cell: &String| cell.parse::<f64>().is_ok();
        let column = |(index, (name, type_)): (usize, &(&str, &str))| Column {
            name: cut(name),
            type_: Some(cut(type_)),
            is_numeric: !TYPES_OF_TEXT.contains(&type_.to_lowercase().as_str())
                && rows.iter().filter_map(|row| row[index].as_ref()).all(is_number),
        };
        let last = (more > 0).then(|| Column {
            name: ELLIPSIS.to_owned(),
            type_: None,
            is_numeric: false,
        });
        let columns: Vec<Column> = columns.iter().enumerate().map(column).chain(last).collect();
        let shown = |row: &Vec<Option<String>>| {
            let cells = row.iter().zip(&columns).map(|(cell, column)| {
                let cell = cut(cell.as_deref().unwrap_or_default());
                if column.is_numeric { precise_text(cell) } else { cell }
            });
            cells.chain((more > 0).then(|| format!("+{}", grouped(more)))).collect()
        };
        Grid {
            left_out: (rows.len() < total).then_some((total, head)),
            rows: rows.iter().map(shown).collect(),
            columns,
            said: Some(said),
        }
    }

    /// Columns under their names, numbers to the right.
    pub(super) fn text(&self) -> String {
        let mut rows = Vec::new();
        if !self.columns.is_empty() {
            rows.push(self.columns.iter().map(|column| column.name.clone()).collect());
            let type_ = |column: &Column| column.type_.clone().unwrap_or_default();
            if self.columns.iter().any(|column| column.type_.is_some()) {
                rows.push(self.columns.iter().map(type_).collect());
            }
        }
        let heading = rows.len();
        rows.extend(self.rows_with_gap());
        let kinds: Vec<text::Column> = self.columns.iter().map(Column::kind).collect();
        let mut lines = aligned(&rows, &kinds);
        if heading > 0 {
            lines.insert(heading, self.rules(&rows));
        }
        lines.extend(self.size().map(|size| format!("({size})")));
        lines.join("\n")
    }

    pub(super) fn html(&self) -> String {
        let mut table = Table::new(self.columns.iter().map(|column| (column.heading(), column.kind())));
        for row in self.rows_with_gap() {
            table.row(row.iter().map(|cell| escape(cell)));
        }
        let mut html = table.finish();
        html.extend(self.size().map(|size| format!("\n<p>{size}</p>")));
        html
    }

    /// With a row that stands for those that are left out.
    fn rows_with_gap(&self) -> Vec<Vec<String>> {
        let mut rows = self.rows.clone();
        if let Some((_, before)) = self.left_out {
            rows.insert(before, vec![ELLIPSIS.to_owned(); self.columns.len()]);
        }
        rows
    }

    /// Below the names, as long as the columns are wide.
    fn rules(&self, rows: &[Vec<String>]) -> String {
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let rules: Vec<String> = (0..self.columns.len())
            .map(|column| "-".repeat(width(column)))
            .collect();
        rules.join("  ")
    }

    /// What is said below it: how many rows there are, where that is not seen.
    fn size(&self) -> Option<String> {
        match self.left_out {
            _ if self.said.is_some() => self.said.clone(),
            Some((total, _)) => Some(format!("{} rows", grouped(total))),
            None if self.rows.is_empty() => Some("0 rows".to_owned()),
            None => None,
        }
    }
}

impl<T> Capped<T> {
    fn into_kept(self) -> impl Iterator<Item = T> {
        self.head.into_iter().chain(self.tail)
    }

    fn left_out(&self) -> usize {
        self.total - self.head.len() - self.tail.len()
    }
}

/// Collects rows, and the columns in the order in which they first appear.
#[derive(Default)]
struct Builder {
    columns: Vec<Column>,
    positions: HashMap<String, usize>,
    /// Whether something that is no number has been in a column.
    is_text: Vec<bool>,
    rows: Vec<Vec<(usize, String)>>,
}

impl Builder {
    fn row(&mut self, key: Option<String>, node: Node) {
        let mut cells = Vec::new();
        if let Some(key) = key {
            cells.push(self.cell("key", &Node::Text(key)));
        }
        match node {
            Node::Record(fields) => {
                let more = fields.left_out();
                for (name, value) in fields.into_kept() {
                    cells.push(self.cell(&name, &value));
                }
                cells.extend(self.more(more));
            }
            Node::List(items) => {
                let more = items.left_out();
                for (index, value) in items.into_kept().enumerate() {
                    cells.push(self.cell(&index.to_string(), &value));
                }
                cells.extend(self.more(more));
            }
            single => cells.push(self.cell("value", &single)),
        }
        self.rows.push(cells);
    }

    fn cell(&mut self, column: &str, node: &Node) -> (usize, String) {
        let position = *self.positions.entry(column.to_owned()).or_insert_with(|| {
            self.columns.push(Column {
                name: shortened(column.to_owned()),
                type_: None,
                is_numeric: false,
            });
            self.is_text.push(false);
            self.columns.len() - 1
        });
        match node {
            Node::Number(_) => self.columns[position].is_numeric = true,
            Node::Empty => {}
            _ => self.is_text[position] = true,
        }
        (position, cell_text(node))
    }

    /// The cell that stands for the columns that are not shown.
    fn more(&mut self, count: usize) -> Option<(usize, String)> {
        (count > 0).then(|| self.cell(ELLIPSIS, &Node::Text(format!("+{}", grouped(count)))))
    }

    fn finish(self, total: usize, head: usize) -> Grid {
        let count = self.columns.len();
        let rows: Vec<Vec<String>> = self
            .rows
            .into_iter()
            .map(|cells| {
                let mut row = vec![String::new(); count];
                for (position, text) in cells {
                    row[position] = text;
                }
                row
            })
            .collect();
        let columns = self.columns.into_iter().zip(self.is_text);
        Grid {
            left_out: (rows.len() < total).then_some((total, head)),
            columns: columns
                .map(|(column, is_text)| Column {
                    is_numeric: column.is_numeric && !is_text,
                    ..column
                })
                .collect(),
            rows,
            said: None,
        }
    }
}

/// A value in one cell.
pub(super) fn cell_text(node: &Node) -> String {
    let mut text = String::new();
    write(node, &mut text);
    shortened(text)
}

/// A string without what would break a line, and no longer than a cell needs it.
pub(in crate::display) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for character in text.chars().take(WIDEST + 1) {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

fn write(node: &Node, text: &mut String) {
    // What is beyond the widest cell is not shown.
    if text.len() > 4 * WIDEST {
        return;
    }
    match node {
        Node::Empty => {}
        Node::Text(value) | Node::Number(value) => text.push_str(value),
        Node::List(items) => {
            text.push('[');
            separated(items, text, write);
            text.push(']');
        }
        Node::Record(fields) => {
            text.push('{');
            separated(fields, text, |(name, value), text| {
                text.push_str(name);
                text.push_str(": ");
                write(value, text);
            });
            text.push('}');
        }
    }
}

fn separated<T>(items: &Capped<T>, text: &mut String, write: impl Fn(&T, &mut String)) {
    for (index, item) in items.head.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        write(item, text);
    }
    if items.left_out() > 0 {
        text.push_str(", ");
        text.push_str(ELLIPSIS);
    }
}

/// Any text as a cell has it.
fn cut(text: &str) -> String {
    shortened(one_line(text))
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(WIDEST) {
        Some(_) => {
            let end = text.char_indices().nth(WIDEST - 1).map_or(0, |(end, _)| end);
            text[..end].to_owned() + ELLIPSIS
        }
        None => text,
    }
}
