//! Tables of anything that serde can describe.

mod layout;
mod node;

use serde::Serialize;

use super::MimeBundle;
use layout::Grid;
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

/// A table of rows that are known.
pub(crate) fn grid(rows: Node) -> MimeBundle {
    let grid = Grid::of(rows);
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
}
