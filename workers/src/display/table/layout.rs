//! From rows to columns, and from there to text and HTML.

use std::collections::HashMap;

use super::node::{Capped, Node};
use crate::text::{self, Table, escape, grouped};

/// How many characters of a cell are shown.
const WIDEST: usize = 80;
const ELLIPSIS: &str = "…";
/// Between two columns of text.
const GAP: &str = "  ";

/// Cells in rows and columns.
#[derive(Debug)]
pub(super) struct Grid {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    /// How many rows there are, where not all are shown, and in front of which the others would be.
    left_out: Option<(usize, usize)>,
}

#[derive(Debug)]
struct Column {
    name: String,
    is_numeric: bool,
}

impl Column {
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

    /// Columns under their names, numbers to the right.
    pub(super) fn text(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let widths: Vec<usize> = (0..names.len())
            .map(|column| {
                let cells = self.rows.iter().map(|row| row[column].as_str());
                cells.chain([names[column]]).map(width).max().unwrap_or_default()
            })
            .collect();
        let mut lines = Vec::new();
        if !names.is_empty() {
            lines.push(self.line(names.iter().copied(), &widths));
            let rules: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
            lines.push(rules.join(GAP));
        }
        for (index, row) in self.rows.iter().enumerate() {
            if self.left_out.is_some_and(|(_, before)| before == index) {
                lines.push(self.line(names.iter().map(|_| ELLIPSIS), &widths));
            }
            lines.push(self.line(row.iter().map(String::as_str), &widths));
        }
        lines.extend(self.size().map(|size| format!("({size})")));
        lines.join("\n")
    }

    pub(super) fn html(&self) -> String {
        let named = |column: &Column| (escape(&column.name), column.kind());
        let mut table = Table::new(self.columns.iter().map(named));
        for (index, row) in self.rows.iter().enumerate() {
            if self.left_out.is_some_and(|(_, before)| before == index) {
                table.row(self.columns.iter().map(|_| ELLIPSIS));
            }
            table.row(row.iter().map(|cell| escape(cell)));
        }
        let mut html = table.finish();
        html.extend(self.size().map(|size| format!("\n<p>{size}</p>")));
        html
    }

    fn line<'a>(&self, cells: impl Iterator<Item = &'a str>, widths: &[usize]) -> String {
        let aligned: Vec<String> = cells
            .zip(&self.columns)
            .zip(widths)
            .map(|((cell, column), &columns)| {
                let space = " ".repeat(columns - width(cell));
                if column.is_numeric {
                    space + cell
                } else {
                    cell.to_owned() + &space
                }
            })
            .collect();
        aligned.join(GAP).trim_end().to_owned()
    }

    /// How many rows there are, where that is not seen.
    fn size(&self) -> Option<String> {
        match self.left_out {
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
pub(super) fn one_line(text: &str) -> String {
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

fn shortened(text: String) -> String {
    match text.char_indices().nth(WIDEST) {
        Some(_) => {
            let end = text.char_indices().nth(WIDEST - 1).map_or(0, |(end, _)| end);
            text[..end].to_owned() + ELLIPSIS
        }
        None => text,
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}
