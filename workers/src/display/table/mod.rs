//! Tables of anything that serde can describe.

mod layout;
mod node;

use serde::Serialize;

use super::MimeBundle;
use crate::text::counted;
use layout::Grid;
pub(super) use layout::one_line;
pub(crate) use node::{COLUMNS, Capped, HEAD_ROWS, Node};

/// A table: HTML, with aligned plain text beside it.
///
/// A sequence has a row for each element and a map one for each entry. The columns are the fields of structs, the keys
/// of maps or the positions in tuples. Of a long table the first and last rows are shown, and how many there are.
///
/// ```
/// use parcell::prelude::*;
///
/// #[derive(Serialize)]
/// struct Planet {
///     name: &'static str,
///     moons: u32,
/// }
///
/// let planets = [Planet { name: "Earth", moons: 1 }, Planet { name: "Mars", moons: 2 }];
/// assert_eq!(table(&planets).text(), "\
/// name   moons
/// -----  -----
/// Earth      1
/// Mars       2");
/// ```
///
/// # Panics
///
/// If the value's `Serialize` fails.
#[track_caller]
pub fn table(rows: impl Serialize) -> MimeBundle {
    match node::of(&rows) {
        Ok(rows) => grid(rows),
        Err(error) => panic!("the value cannot be shown as a table: {error}"),
    }
}

/// A table of columns that have names and types, as data frames are: HTML, with aligned plain text beside it.
///
/// `cell` gives what is in a row and a column, both counted from 0, and None where nothing is. It is asked for what is
/// shown only: the first and last rows, and the first columns.
///
/// Data frames of [polars](https://docs.rs/polars) and record batches of [arrow](https://docs.rs/arrow) are shown like
/// this as results of cells.
///
/// ```
/// use parcell::display::data_frame;
///
/// let (names, moons) = (["Earth", "Venus"], [Some(1), None]);
/// let shown = data_frame(&[("name", "str"), ("moons", "u32")], 2, |row, column| match column {
///     0 => Some(names[row].to_owned()),
///     _ => moons[row].map(|moons: u32| moons.to_string()),
/// });
/// assert_eq!(shown.text(), "\
/// name   moons
/// str      u32
/// -----  -----
/// Earth      1
/// Venus
/// (2 rows × 2 columns)");
/// ```
pub fn data_frame(columns: &[(&str, &str)], rows: usize, cell: impl Fn(usize, usize) -> Option<String>) -> MimeBundle {
    data_frame_of(columns, rows, &cell)
}

fn data_frame_of(columns: &[(&str, &str)], rows: usize, cell: &dyn Fn(usize, usize) -> Option<String>) -> MimeBundle {
    let shown = &columns[..columns.len().min(COLUMNS)];
    let row = |row: usize| (0..shown.len()).map(|column| cell(row, column)).collect();
    let listed = Capped::first_and_last(rows, |range, take| range.for_each(|index| take(row(index))));
    let size = format!("{} × {}", counted(rows, "row"), counted(columns.len(), "column"));
    bundle(&Grid::of_columns(shown, listed, columns.len() - shown.len(), size))
}

/// A table of rows that are known.
pub(crate) fn grid(rows: Node) -> MimeBundle {
    bundle(&Grid::of(rows))
}

fn bundle(grid: &Grid) -> MimeBundle {
    MimeBundle::new()
        .with("text/plain", grid.text())
        .with("text/html", grid.html())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Serialize)]
    struct Row {
        name: &'static str,
        share: f32,
        tags: Vec<u8>,
        note: Option<char>,
    }

    fn rows() -> [Row; 2] {
        let row = |name, share, note| Row {
            name,
            share,
            tags: vec![1, 2],
            note,
        };
        [row("a & b", 0.1, None), row("c", 12.0, Some('x'))]
    }

    #[test]
    fn structs_are_rows_and_fields_columns() {
        assert_eq!(
            table(rows()).text(),
            "name   share  tags    note\n\
             -----  -----  ------  ----\n\
             a & b    0.1  [1, 2]\n\
             c       12.0  [1, 2]  x"
        );
        let data = serde_json::to_value(table(rows())).unwrap();
        let html = data["data"]["text/html"].as_str().unwrap();
        assert!(
            html.contains(">share</th>") && html.contains(">a &amp; b</td>"),
            "{html}"
        );
    }

    #[test]
    fn maps_tuples_and_plain_values_have_columns_too() {
        let map = BTreeMap::from([("x", (1, 'a')), ("y", (20, 'b'))]);
        assert_eq!(table(map).text(), "key   0  1\n---  --  -\nx     1  a\ny    20  b");
        assert_eq!(table(vec![1.5, 2.0]).text(), "value\n-----\n  1.5\n  2.0");
        assert_eq!(table("alone").text(), "value\n-----\nalone");
        assert_eq!(
            table([BTreeMap::from([("a", 1)]), BTreeMap::from([("b", 2)])]).text(),
            "a  b\n-  -\n1\n   2"
        );
        assert_eq!(table(Vec::<u8>::new()).text(), "(0 rows)");
    }

    #[test]
    fn a_long_table_is_shortened_with_its_true_length() {
        let text = table((0..1_000_000).map(|n| (n, n % 7)).collect::<Vec<_>>())
            .text()
            .to_owned();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[2].split_whitespace().collect::<Vec<_>>(), ["0", "0"]);
        assert_eq!(lines.last(), Some(&"(1,000,000 rows)"));
        assert!(lines.iter().any(|line| line.trim_start().starts_with('…')), "{text}");
        assert!(lines[lines.len() - 2].contains("999999"), "{text}");
        assert!(lines.len() < 80);
    }

    #[test]
    fn rows_that_are_not_shown_are_not_serialized() {
        struct Forbidden(usize);
        impl Serialize for Forbidden {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                assert!(self.0 < 100 || self.0 >= 900, "row {} is not shown", self.0);
                serializer.serialize_u64(self.0 as u64)
            }
        }
        let rows: Vec<Forbidden> = (0..1000).map(Forbidden).collect();
        assert!(table(rows).text().contains("(1,000 rows)"));
    }

    #[test]
    fn wide_rows_and_long_cells_are_cut() {
        let wide = table(vec![(0..1000).collect::<Vec<u32>>()]);
        let header = wide.text().lines().next().unwrap().to_owned();
        assert!(header.ends_with('…') && header.len() < 400, "{header}");
        let long = table(["x".repeat(1000)]);
        assert!(
            long.text().lines().all(|line| line.chars().count() <= 100),
            "{}",
            long.text()
        );
    }

    #[test]
    fn a_data_frame_tells_types_and_its_true_size() {
        let columns = [("id", "i64"), ("name", "str"), ("share", "f64"), ("id", "str")];
        let cell = |row: usize, column: usize| match column {
            0 => Some(row.to_string()),
            1 => Some(format!("<{row}\n>")),
            2 => (row != 1).then(|| format!("{:?}", row as f64 / 2.0)),
            _ => Some("007".to_owned()),
        };
        let shown = data_frame(&columns, 1_000_000, cell);
        let lines: Vec<&str> = shown.text().lines().collect();
        assert_eq!(
            lines[0].split_whitespace().collect::<Vec<_>>(),
            ["id", "name", "share", "id"]
        );
        assert_eq!(
            lines[1].split_whitespace().collect::<Vec<_>>(),
            ["i64", "str", "f64", "str"]
        );
        assert_eq!(
            lines[3].split_whitespace().collect::<Vec<_>>(),
            ["0", "<0\\n>", "0.0", "007"]
        );
        assert_eq!(lines[4].split_whitespace().collect::<Vec<_>>(), ["1", "<1\\n>", "007"]);
        assert!(
            lines[lines.len() - 2].trim_start().starts_with("999999"),
            "{}",
            shown.text()
        );
        assert_eq!(lines.last(), Some(&"(1,000,000 rows × 4 columns)"));
        let html = shown.html();
        assert!(html.contains("name<br><span") && html.contains(">str</span>"), "{html}");
        assert!(
            html.contains("text-align: right\">0.0<") && html.contains("text-align: left\">007<"),
            "{html}"
        );
        assert!(
            html.contains("&lt;0\\n&gt;") && html.ends_with("<p>1,000,000 rows × 4 columns</p>"),
            "{html}"
        );
    }

    #[test]
    fn a_data_frame_may_be_wide_or_empty() {
        let columns = vec![("a", "i32"); 100];
        let asked = std::cell::Cell::new(0);
        let shown = data_frame(&columns, 1, |_, column| {
            asked.set(asked.get().max(column));
            Some("1".to_owned())
        });
        assert!(
            asked.get() < COLUMNS && shown.text().contains("+60"),
            "{}",
            shown.text()
        );
        assert!(shown.text().ends_with("(1 row × 100 columns)"), "{}", shown.text());
        let shown = data_frame(&[("a", "i32")], 0, |_, _| None);
        assert_eq!(shown.text(), "  a\ni32\n---\n(0 rows × 1 column)");
        assert_eq!(data_frame(&[], 0, |_, _| None).text(), "(0 rows × 0 columns)");
    }
}
