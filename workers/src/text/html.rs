//! Text amid HTML, and tables.

use std::fmt::{Display, Write as _};

/// Text as HTML shows it.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What a column of a [`Table`] has in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// To the right.
    Numbers,
    /// To the left, and each on one line where rows are close together.
    Words,
    /// To the left.
    Sentences,
}

/// A table that is written row by row. Its names and cells are HTML.
#[derive(Debug)]
pub(crate) struct Table {
    html: String,
    styles: Vec<String>,
}

impl Table {
    /// As the client shows tables. Where no column has a name, there is no row of names.
    pub(crate) fn new<T: AsRef<str>>(columns: impl IntoIterator<Item = (T, Column)>) -> Self {
        let (names, columns): (Vec<T>, Vec<Column>) = columns.into_iter().unzip();
        let styles = columns.into_iter().map(|column| column.alignment().to_owned());
        Self::begin("<table>\n", &names, styles.collect())
    }

    /// With rows close together, for reports that change while one looks at them.
    pub(crate) fn compact<T: AsRef<str>>(columns: impl IntoIterator<Item = (T, Column)>) -> Self {
        let (names, columns): (Vec<T>, Vec<Column>) = columns.into_iter().unzip();
        let style = |column: Column| {
            let wrapping = match column {
                Column::Numbers | Column::Words => "; white-space: nowrap",
                Column::Sentences => "",
            };
            format!("{}; padding: .15em .9em .15em 0{wrapping}", column.alignment())
        };
        let styles = columns.into_iter().map(style);
        Self::begin("<table style=\"margin: .4em 0\">\n", &names, styles.collect())
    }

    fn begin<T: AsRef<str>>(tag: &str, names: &[T], styles: Vec<String>) -> Self {
        let mut table = Self {
            html: tag.to_owned(),
            styles,
        };
        if names.iter().any(|name| !name.as_ref().is_empty()) {
            table.html.push_str("<thead><tr>");
            table.cells("th", names.iter().map(T::as_ref));
            table.html.push_str("</tr></thead>\n");
        }
        table.html.push_str("<tbody>\n");
        table
    }

    /// One more row.
    pub(crate) fn row<T: Display>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.html.push_str("<tr>");
        self.cells("td", cells);
        self.html.push_str("</tr>\n");
    }

    /// One more row, of what is over.
    pub(crate) fn faded_row<T: Display>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.html.push_str("<tr style=\"opacity: .7\">");
        self.cells("td", cells);
        self.html.push_str("</tr>\n");
    }

    /// The whole table.
    pub(crate) fn finish(mut self) -> String {
        self.html.push_str("</tbody>\n</table>");
        self.html
    }

    fn cells<T: Display>(&mut self, tag: &str, cells: impl IntoIterator<Item = T>) {
        for (cell, style) in cells.into_iter().zip(&self.styles) {
            // Writing to a string does not fail.
            let _ = write!(self.html, "<{tag} style=\"{style}\">{cell}</{tag}>");
        }
    }
}

/// The same as text: the names of the columns, and the rows below them.
pub(crate) fn text_table<const COLUMNS: usize>(
    columns: [(&str, Column); COLUMNS],
    rows: &[[String; COLUMNS]],
) -> String {
    let names = columns.map(|(name, _)| name.to_owned());
    let all: Vec<&[String]> = std::iter::once(&names)
        .chain(rows)
        .map(<[String; COLUMNS]>::as_slice)
        .collect();
    aligned(&all, &columns.map(|(_, column)| column)).join("\n")
}

/// Rows of text, a line for each, whose cells stand below each other.
pub(crate) fn aligned<R: AsRef<[String]>>(rows: &[R], columns: &[Column]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row.as_ref()[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |row: &R| {
        let cells = std::iter::zip(row.as_ref(), std::iter::zip(&widths, columns));
        let cells = cells.map(|(cell, (&width, column))| match column {
            Column::Numbers => format!("{cell:>width$}"),
            Column::Words | Column::Sentences => format!("{cell:width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

impl Column {
    fn alignment(self) -> &'static str {
        match self {
            Self::Numbers => "text-align: right",
            Self::Words | Self::Sentences => "text-align: left",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_its_rows_below_the_names_of_its_columns() {
        let mut table = Table::new([("name", Column::Words), ("moons", Column::Numbers)]);
        table.row([escape("<Earth>"), 1.to_string()]);
        assert_eq!(
            table.finish(),
            "<table>\n\
             <thead><tr><th style=\"text-align: left\">name</th><th style=\"text-align: right\">moons</th></tr></thead>\n\
             <tbody>\n\
             <tr><td style=\"text-align: left\">&lt;Earth&gt;</td><td style=\"text-align: right\">1</td></tr>\n\
             </tbody>\n\
             </table>"
        );
    }

    #[test]
    fn in_a_compact_table_only_sentences_are_broken() {
        let mut table = Table::compact([("", Column::Sentences), ("", Column::Numbers)]);
        table.faded_row(["said", "2"]);
        let html = table.finish();
        assert!(
            html.contains("<tr style=\"opacity: .7\">") && !html.contains("<thead>"),
            "{html}"
        );
        assert!(html.contains("padding: .15em .9em .15em 0\">said"), "{html}");
        assert!(html.contains("white-space: nowrap\">2"), "{html}");
    }
}
