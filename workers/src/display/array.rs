//! Arrays of numbers or of anything else as grids.

use std::any::type_name;
use std::fmt::Debug;

use super::MimeBundle;
use super::precision::Precise;
use super::table::one_line;
use crate::text::{Column, Table, aligned, escape, grouped, short_type_name};

/// Of an axis longer than both together, so much is shown of its beginning and its end.
const ROWS: (usize, usize) = (20, 5);
const COLUMNS: (usize, usize) = (20, 5);
/// Of more than two dimensions, so many grids are shown.
const GRIDS: usize = 4;
const ELLIPSIS: &str = "…";

/// An array of any number of dimensions: a grid, or one for each place in all but the last two dimensions.
///
/// `element` gives what is at a place, which has a number for each dimension. It is asked for what is shown only: of a
/// long axis that is the beginning and the end.
///
/// Arrays of [ndarray](https://docs.rs/ndarray) and matrices of [nalgebra](https://docs.rs/nalgebra) are shown like this
/// as results of cells.
///
/// ```
/// use parcell::display::array;
///
/// let numbers = [1.5, 2.0, 10.5, 4.0];
/// let shown = array(&[2, 2], |place| numbers[2 * place[0] + place[1]]);
/// assert_eq!(shown.text(), " 1.5  2.0\n10.5  4.0\n(2 × 2 array of f64)");
/// ```
pub fn array<T: Debug>(shape: &[usize], element: impl Fn(&[usize]) -> T) -> MimeBundle {
    let type_ = short_type_name(type_name::<T>());
    let element = |place: &[usize]| one_line(&format!("{:?}", Precise(&element(place))));
    Array {
        shape,
        type_: type_.strip_prefix('&').unwrap_or(&type_),
        element: &element,
    }
    .bundle()
}

/// An array, without its type: what is generic is compiled again with every cell that shows something.
struct Array<'a> {
    shape: &'a [usize],
    type_: &'a str,
    element: &'a dyn Fn(&[usize]) -> String,
}

/// The last two dimensions.
struct Grid {
    /// None stands for those that are left out.
    rows: Vec<Option<usize>>,
    columns: Vec<Option<usize>>,
    /// Of all rows in order.
    cells: Vec<Vec<String>>,
}

impl Array<'_> {
    fn bundle(&self) -> MimeBundle {
        let (mut text, mut html) = (String::new(), String::new());
        let (outer, inner) = self.shape.split_at(self.shape.len().saturating_sub(2));
        let is_empty = self.shape.contains(&0);
        let grids: usize = if is_empty { 0 } else { outer.iter().product() };
        for index in 0..grids.min(GRIDS) {
            let place = place(index, outer);
            if !outer.is_empty() {
                let caption = place.iter().map(|at| format!("{at}, ")).collect::<String>();
                text.push_str(&format!("[{caption}.., ..]\n"));
                html.push_str(&format!("<p>[{caption}.., ..]</p>\n"));
            }
            let grid = self.grid(place, inner);
            text.push_str(&grid.text());
            html.push_str(&grid.html(inner.len()));
        }
        if grids > GRIDS {
            let more = format!("{ELLIPSIS} and {} more", grouped(grids - GRIDS));
            text.push_str(&format!("{more}\n"));
            html.push_str(&format!("<p>{more}</p>\n"));
        }
        let size = self.size();
        MimeBundle::new()
            .with("text/plain", format!("{text}({size})"))
            .with("text/html", format!("{html}<p>{}</p>", escape(&size)))
    }

    fn grid(&self, mut place: Vec<usize>, inner: &[usize]) -> Grid {
        let outer = place.len();
        let (rows, columns) = match inner {
            [rows, columns] => (shown(*rows, ROWS), shown(*columns, COLUMNS)),
            [columns] => (vec![Some(0)], shown(*columns, COLUMNS)),
            _ => (vec![Some(0)], vec![Some(0)]),
        };
        let mut cell = |row: usize, column: usize| {
            place.truncate(outer);
            place.extend(&[row, column][2 - inner.len()..]);
            (self.element)(&place)
        };
        let mut cells_of = |row: usize| {
            let cell = |column: &Option<usize>| column.map_or_else(|| ELLIPSIS.to_owned(), |column| cell(row, column));
            columns.iter().map(cell).collect::<Vec<_>>()
        };
        let cells = rows
            .iter()
            .map(|row| match row {
                Some(row) => cells_of(*row),
                None => vec![ELLIPSIS.to_owned(); columns.len()],
            })
            .collect();
        Grid { rows, columns, cells }
    }

    /// For example `2 × 3 array of f64`.
    fn size(&self) -> String {
        let lengths: Vec<String> = self.shape.iter().map(|length| grouped(*length)).collect();
        match self.shape {
            [] => format!("array of {} without dimensions", self.type_),
            [_] => format!("array of {} {}", lengths[0], self.type_),
            _ => format!("{} array of {}", lengths.join(" × "), self.type_),
        }
    }
}

impl Grid {
    fn text(&self) -> String {
        let lines = aligned(&self.cells, &vec![Column::Numbers; self.columns.len()]);
        lines.into_iter().map(|line| line + "\n").collect()
    }

    /// With the numbers of rows and columns, as far as there are such dimensions.
    fn html(&self, dimensions: usize) -> String {
        let number = |index: &Option<usize>| index.map_or_else(|| ELLIPSIS.to_owned(), |index| index.to_string());
        let names = self.columns.iter().map(|column| match dimensions {
            0 => String::new(),
            _ => number(column),
        });
        let first = (dimensions == 2).then(String::new);
        let columns = first.into_iter().chain(names).map(|name| (name, Column::Numbers));
        let mut table = Table::new(columns);
        for (row, cells) in self.rows.iter().zip(&self.cells) {
            let first = (dimensions == 2).then(|| format!("<b>{}</b>", number(row)));
            table.row(first.into_iter().chain(cells.iter().map(|cell| escape(cell))));
        }
        table.finish() + "\n"
    }
}

/// The places of an axis that are shown.
fn shown(length: usize, (head, tail): (usize, usize)) -> Vec<Option<usize>> {
    if length <= head + tail {
        return (0..length).map(Some).collect();
    }
    let end = (length - tail..length).map(Some);
    (0..head).map(Some).chain([None]).chain(end).collect()
}

/// Where the grid with this index is, in the dimensions around it.
fn place(index: usize, outer: &[usize]) -> Vec<usize> {
    let mut rest = index;
    let mut place: Vec<usize> = outer
        .iter()
        .rev()
        .map(|length| {
            let at = rest % length;
            rest /= length;
            at
        })
        .collect();
    place.reverse();
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_a_grid() {
        let shown = array(&[2, 3], |place| 10 * place[0] + place[1]);
        assert_eq!(shown.text(), " 0   1   2\n10  11  12\n(2 × 3 array of usize)");
        let html = shown.html();
        assert!(html.contains("<b>1</b>") && html.contains(">12</td>"), "{html}");
        assert!(html.ends_with("<p>2 × 3 array of usize</p>"), "{html}");
    }

    #[test]
    fn dimensions_may_be_none_one_or_many() {
        assert_eq!(array(&[], |_| 1.5).text(), "1.5\n(array of f64 without dimensions)");
        assert_eq!(array(&[3], |place| place[0]).text(), "0  1  2\n(array of 3 usize)");
        assert_eq!(array(&[0], |_| 'x').text(), "(array of 0 char)");
        assert_eq!(array(&[2, 0], |_| 'x').text(), "(2 × 0 array of char)");
        let shown = array(&[2, 3, 1, 2], |place| format!("{place:?}").len());
        let text = shown.text();
        assert!(text.starts_with("[0, 0, .., ..]\n12  12\n[0, 1, .., ..]\n"), "{text}");
        assert!(
            text.ends_with("[1, 0, .., ..]\n12  12\n… and 2 more\n(2 × 3 × 1 × 2 array of usize)"),
            "{text}"
        );
    }

    #[test]
    fn of_a_large_array_the_beginning_and_the_end_are_shown() {
        let asked = std::cell::Cell::new(0);
        let shown = array(&[1_000_000, 2_000], |place| {
            asked.set(asked.get() + 1);
            place[0] * 10_000 + place[1]
        });
        assert_eq!(asked.get(), 25 * 25);
        let lines: Vec<&str> = shown.text().lines().collect();
        let first: Vec<&str> = lines[0].split_whitespace().collect();
        assert_eq!((first[0], first[20], first[25]), ("0", "…", "1999"));
        assert!(lines[20].trim_start().starts_with('…'), "{}", lines[20]);
        assert!(lines[25].ends_with("9999991999"), "{}", lines[25]);
        assert_eq!(lines[26], "(1,000,000 × 2,000 array of usize)");
    }

    #[test]
    fn elements_are_one_line_each() {
        let words = ["a\nb", "<c>"];
        let shown = array(&[2], |place| &words[place[0]]);
        assert_eq!(shown.text(), "\"a\\nb\"  \"<c>\"\n(array of 2 &str)");
        assert!(shown.html().contains("&lt;c&gt;"), "{}", shown.html());
    }
}
