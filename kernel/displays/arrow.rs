//! Record batches and arrays of arrow as tables.

use std::sync::Arc;

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};

pub trait Display {
    fn evcxr_display(&self);
}

impl Display for RecordBatch {
    fn evcxr_display(&self) {
        let schema = self.schema();
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let columns = names.zip(self.columns().iter().map(|column| &**column));
        show(&columns.collect::<Vec<_>>(), self.num_rows());
    }
}

impl Display for Arc<dyn Array> {
    fn evcxr_display(&self) {
        show(&[("value", &**self)], self.len());
    }
}

fn show(columns: &[(&str, &dyn Array)], rows: usize) {
    let types: Vec<String> = columns
        .iter()
        .map(|(_, column)| column.data_type().to_string())
        .collect();
    let named: Vec<(&str, &str)> = columns
        .iter()
        .map(|(name, _)| *name)
        .zip(types.iter().map(String::as_str))
        .collect();
    let options = FormatOptions::default();
    let formatters: Vec<_> = columns
        .iter()
        .map(|(_, column)| ArrayFormatter::try_new(*column, &options))
        .collect();
    let cell = |row: usize, column: usize| {
        let (_, array) = columns[column];
        (!array.is_null(row)).then(|| match &formatters[column] {
            Ok(formatter) => formatter.value(row).to_string(),
            Err(error) => error.to_string(),
        })
    };
    parcell::display::data_frame(&named, rows, cell).evcxr_display();
}
