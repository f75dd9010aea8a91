//! Showing things: text, pictures, tables, whatever a notebook can show, at once and in order with what is printed.
//!
//! ```
//! use parcell::prelude::*;
//!
//! println!("before");
//! display(html("<b>bold</b>"));
//! display(&vec![1, 2, 3]);
//! println!("after");
//! ```
//!
//! [`display`] takes anything with a `Debug` form, which is shown as text, and what these functions make: [`html`],
//! [`markdown`], [`latex`], [`svg`], [`png`], [`jpeg`], [`json()`], [`table()`], and [`MimeBundle`] for everything else.
//! They put plain text beside it, which is what a terminal shows. As the last expression of a cell each of them is the
//! cell's result.
//!
//! What has been displayed can be changed later, also from another cell and from a worker process:
//!
//! ```
//! use parcell::prelude::*;
//!
//! let shown = display(markdown("*working*"));
//! shown.update(markdown("**done**"));
//! ```
//!
//! In a program that is no notebook the plain text is printed.
//!
//! A type of your own is shown as it says if it has a method `evcxr_display(&self)`; crates such as plotters have it. It
//! may do so with the functions of this module:
//!
//! ```
//! use parcell::prelude::*;
//!
//! #[derive(Debug)]
//! struct Temperature(f64);
//!
//! impl Temperature {
//!     fn evcxr_display(&self) {
//!         html(format!("<b>{:.1} °C</b>", self.0)).evcxr_display();
//!     }
//! }
//! # Temperature(20.0).evcxr_display();
//! ```

mod array;
mod bundle;
mod captured;
mod handle;
mod kinds;
mod message;
mod plain;
pub(crate) mod precision;
mod pretty;
mod shorten;
mod table;

pub use array::array;
pub use bundle::{MimeBundle, ToMimeBundle};
pub use captured::{Captured, CapturedOutput};
pub use handle::DisplayHandle;
pub use kinds::{html, image_text, jpeg, json, latex, markdown, png, svg};
pub use table::{data_frame, table};

pub(crate) use bundle::to_json;
pub(crate) use handle::unique_id;
pub(crate) use message::Message;
pub(crate) use precision::Precise;
pub(crate) use shorten::Shortened;
pub(crate) use table::{COLUMNS, Capped, HEAD_ROWS, Node, grid};

/// Shows something at once: in a notebook below the running cell, in a program as text on standard output.
///
/// The handle changes it later. Nobody has to keep it.
///
/// ```
/// use parcell::prelude::*;
///
/// let progress = display(html("<progress max=3 value=0></progress>"));
/// for step in 1..=3 {
///     progress.update(html(format!("<progress max=3 value={step}></progress>")));
/// }
/// ```
pub fn display(value: impl ToMimeBundle) -> DisplayHandle {
    display_with_id(handle::unique_id(), value)
}

/// Shows something under a name, by which [`update_display`] changes it from anywhere in the notebook.
///
/// What was shown under the same name before stays, and is changed by updates too.
///
/// ```
/// use parcell::prelude::*;
///
/// display_with_id("state", markdown("*working*"));
/// update_display("state", markdown("**done**"));
/// ```
pub fn display_with_id(display_id: impl Into<String>, value: impl ToMimeBundle) -> DisplayHandle {
    let handle = DisplayHandle::new(display_id.into());
    Message::display_data(&value.to_mime_bundle(), handle.id()).send();
    handle
}

/// Changes everything that was shown under this name. Where nothing was, nothing happens.
pub fn update_display(display_id: impl Into<String>, value: impl ToMimeBundle) {
    DisplayHandle::new(display_id.into()).update(value);
}

/// Removes what the cell has printed and shown so far. A program's output stays.
///
/// `wait`: not before there is something new, so that nothing flickers where output is replaced again and again.
///
/// ```
/// use parcell::prelude::*;
///
/// for step in 1..=3 {
///     clear_output(true);
///     println!("step {step}");
/// }
/// ```
pub fn clear_output(wait: bool) {
    Message::ClearOutput { wait }.send();
}
