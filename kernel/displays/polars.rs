//! Data frames and columns of polars as tables.

use polars::prelude::{AnyValue, Column, DataFrame, Series};

pub trait Display {
    fn evcxr_display(&self);
}

impl Display for DataFrame {
    fn evcxr_display(&self) {
        show(&self.materialized_column_iter().collect::<Vec<_>>(), self.height());
    }
}

impl Display for Series {
    fn evcxr_display(&self) {
        show(&[self], self.len());
    }
}

impl Display for Column {
    fn evcxr_display(&self) {
        self.as_materialized_series().evcxr_display();
    }
}

fn show(columns: &[&Series], rows: usize) {
    let types: Vec<String> = columns.iter().map(|column| column.dtype().to_string()).collect();
    let names = columns.iter().map(|column| column.name().as_str());
    let named: Vec<(&str, &str)> = names.zip(types.iter().map(String::as_str)).collect();
    let cell = |row: usize, column: usize| match columns[column].get(row).ok()? {
        AnyValue::Null => None,
        AnyValue::String(text) => Some(text.to_owned()),
        AnyValue::Float64(number) => Some(format!("{number:?}")),
        AnyValue::Float32(number) => Some(format!("{number:?}")),
        value => Some(value.to_string()),
    };
    parcell::display::data_frame(&named, rows, cell).evcxr_display();
}
