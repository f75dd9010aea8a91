//! What the kernel puts into every compiled cell.

use std::any::Any;
use std::error::Error;
use std::fmt::{self, Display};
use std::panic::Location;

use super::failure::{self, EarlyReturn};

/// Mentioned by every cell, so that the linker keeps the library also where a cell uses nothing of it.
pub extern "C" fn is_linked() {}

/// Tells the notebook which error `?` took out of the cell: its type, its text, what caused it, and where.
#[track_caller]
pub fn report_error<'a, E: Into<Box<dyn Error + 'a>>>(error: E) {
    let type_name = std::any::type_name::<E>();
    failure::report_early_return(&EarlyReturn::of(type_name, &*error.into(), Location::caller()));
}

/// The same for an error that may be a box, or that only has a text.
#[track_caller]
pub fn report_static_error<E: Display + 'static>(error: E) {
    let place = Location::caller();
    let type_name = std::any::type_name::<E>();
    let any: &dyn Any = &error;
    let report = if let Some(error) = any.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        EarlyReturn::of(type_name, &**error, place)
    } else if let Some(error) = any.downcast_ref::<Box<dyn Error + Send>>() {
        EarlyReturn::of(type_name, &**error, place)
    } else {
        EarlyReturn::without_cause(type_name, error.to_string(), place)
    };
    failure::report_early_return(&report);
}

/// The same for an error of which the text is known.
#[track_caller]
pub fn report_printed_error<E>(_error: &E, text: fmt::Arguments<'_>) {
    let type_name = std::any::type_name::<E>();
    failure::report_early_return(&EarlyReturn::without_cause(
        type_name,
        text.to_string(),
        Location::caller(),
    ));
}
