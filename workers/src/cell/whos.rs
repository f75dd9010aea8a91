//! `%whos`: a table of the variables with their types, sizes and values.

use serde_json::{Map, Value};

use crate::contract::inspection::Summary;
use crate::display::MimeBundle;
use crate::text::{Column, Size, Table, counted, escape, grouped, text_table};

const COLUMNS: [(&str, Column); 4] = [
    ("Variable", Column::Words),
    ("Type", Column::Words),
    ("Size", Column::Numbers),
    ("Value", Column::Sentences),
];

/// A variable in the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type, as a person writes it.
    pub type_: &'a str,
    /// What it is; None where nobody could look.
    pub summary: Option<Summary>,
}

/// The table, by MIME type.
#[must_use]
pub fn table_of_variables(variables: &[Variable<'_>]) -> Map<String, Value> {
    let rows: Vec<[String; 4]> = variables.iter().map(cells).collect();
    let mut table = Table::new(COLUMNS);
    for row in &rows {
        table.row(row.each_ref().map(|cell| escape(cell)));
    }
    MimeBundle::new()
        .with("text/plain", text_table(COLUMNS, &rows))
        .with("text/html", table.finish())
        .into_data()
}

/// How large a variable is, in words.
#[must_use]
pub fn size_text(summary: &Summary) -> String {
    let size = Size(summary.bytes as u64).to_string();
    match summary.elements {
        Some(1) => counted(1, "element") + ", " + &size,
        Some(elements) => format!("{} elements, {size}", grouped(elements)),
        None => size,
    }
}

fn cells(variable: &Variable<'_>) -> [String; 4] {
    let size = variable.summary.as_ref().map(size_text);
    let text = variable.summary.as_ref().and_then(|summary| summary.text.clone());
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        variable.name.to_owned(),
        variable.type_.to_owned(),
        or_none(size),
        or_none(text),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_over_their_columns() {
        let variable = |name, type_, bytes, elements, shown: Option<&str>| Variable {
            name,
            type_,
            summary: Some(Summary {
                text: shown.map(str::to_owned),
                bytes,
                elements,
                has_parts: false,
            }),
        };
        let unseen = Variable {
            name: "g",
            type_: "u8",
            summary: None,
        };
        let shown = table_of_variables(&[
            variable("a", "u8", 1, None, Some("7")),
            variable("numbers", "Vec<u64>", 8024, Some(1000), Some("[1, 2...")),
            variable("f", "Box<dyn Fn()>", 16, None, None),
            unseen,
        ]);
        assert_eq!(
            shown["text/plain"],
            "Variable  Type                              Size  Value\n\
             a         u8                             1 bytes  7\n\
             numbers   Vec<u64>       1,000 elements, 7.8 KiB  [1, 2...\n\
             f         Box<dyn Fn()>                 16 bytes  -\n\
             g         u8                                   -  -"
        );
    }
}
