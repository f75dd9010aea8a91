//! One thing in several representations, of which whoever shows it takes the best that it can.

use std::fmt::Debug;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Message, Shortened};
use crate::contract::display::{NOTES, Notes};

const PLAIN: &str = "text/plain";

/// Representations of one thing, by MIME type, with metadata for whoever shows it.
///
/// ```
/// use parcell::prelude::*;
///
/// let point = MimeBundle::new()
///     .with("application/geo+json", &[("type", "Point")])
///     .with("text/html", "<b>here</b>")
///     .with("text/plain", "here");
/// assert_eq!(point.text(), "here");
/// ```
// Without `Debug`, which is the other way to be displayed.
#[derive(Clone, Default, PartialEq, Serialize)]
#[must_use = "it is not shown before `display` gets it"]
pub struct MimeBundle {
    pub(super) data: Map<String, Value>,
    pub(super) metadata: Map<String, Value>,
}

/// What can be displayed: everything with a `Debug` form, and [`MimeBundle`].
///
/// Implement it for a type of your own that is not `Debug`; one that is has its `Debug` text.
#[diagnostic::on_unimplemented(
    message = "a value of type `{Self}` cannot be displayed",
    label = "it has no `Debug` form",
    note = "add `#[derive(Debug)]` to the type, or display what `html`, `svg`, `table` and their like make of it",
    note = "a value with a method `evcxr_display` is displayed by calling that"
)]
pub trait ToMimeBundle {
    /// The representations to be shown.
    fn to_mime_bundle(&self) -> MimeBundle;
}

impl<T: Debug + ?Sized> ToMimeBundle for T {
    fn to_mime_bundle(&self) -> MimeBundle {
        Shortened::debug(self).into_bundle()
    }
}

impl ToMimeBundle for MimeBundle {
    fn to_mime_bundle(&self) -> MimeBundle {
        self.clone()
    }
}

impl ToMimeBundle for &MimeBundle {
    fn to_mime_bundle(&self) -> MimeBundle {
        (*self).clone()
    }
}

impl MimeBundle {
    /// The HTML, where there is some.
    pub(crate) fn html(&self) -> &str {
        self.data.get("text/html").and_then(Value::as_str).unwrap_or_default()
    }

    /// The representations alone.
    pub(crate) fn into_data(self) -> Map<String, Value> {
        self.data
    }

    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With another representation. Types of text want a string, types of JSON what serde makes of the value.
    ///
    /// # Panics
    ///
    /// If the value cannot be written as JSON.
    #[track_caller]
    pub fn with(mut self, mime: impl Into<String>, data: impl Serialize) -> Self {
        self.data.insert(mime.into(), to_json("the value", data));
        self
    }

    /// With a binary representation, such as a picture or sound.
    pub fn with_bytes(self, mime: impl Into<String>, bytes: &[u8]) -> Self {
        self.with(mime, BASE64.encode(bytes))
    }

    /// With metadata: by Jupyter's convention under a MIME type what concerns that representation.
    ///
    /// ```
    /// use parcell::prelude::*;
    /// use std::collections::BTreeMap;
    ///
    /// let page = html("<style>b { color: red }</style><b>red</b>")
    ///     .with_metadata("text/html", BTreeMap::from([("isolated", true)]));
    /// ```
    ///
    /// # Panics
    ///
    /// If the value cannot be written as JSON.
    #[track_caller]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Serialize) -> Self {
        self.metadata.insert(key.into(), to_json("the value", value));
        self
    }

    /// Says that something else will take its place, so that who cannot rewrite what has been shown need not show it.
    pub(crate) fn transient(self) -> Self {
        self.with_metadata(NOTES, Notes { transient: true })
    }

    /// Shows a picture with this width, in CSS pixels.
    pub fn width(self, pixels: u32) -> Self {
        self.image_size("width", pixels)
    }

    /// Shows a picture with this height, in CSS pixels.
    pub fn height(self, pixels: u32) -> Self {
        self.image_size("height", pixels)
    }

    /// The plain text, which is what a terminal shows; empty where there is none.
    #[must_use]
    pub fn text(&self) -> &str {
        text_of(&self.data)
    }

    /// Shows it as the result of a cell.
    pub fn evcxr_display(&self) {
        Message::execute_result(self).send();
    }

    fn image_size(mut self, dimension: &str, pixels: u32) -> Self {
        let images: Vec<String> = self
            .data
            .keys()
            .filter(|mime| mime.starts_with("image/"))
            .cloned()
            .collect();
        for mime in images {
            let entry = self.metadata.entry(mime).or_insert_with(|| Map::new().into());
            if let Value::Object(entry) = entry {
                entry.insert(dimension.to_owned(), pixels.into());
            }
        }
        self
    }
}

/// The plain text among the representations; empty where there is none.
pub(super) fn text_of(data: &Map<String, Value>) -> &str {
    data.get(PLAIN).and_then(Value::as_str).unwrap_or_default()
}

/// The value as JSON; `what` it is, a failure says.
#[track_caller]
pub(crate) fn to_json(what: &str, value: impl Serialize) -> Value {
    match serde_json::to_value(value) {
        Ok(value) => value,
        Err(error) => panic!("{what} cannot be written as JSON: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_picture_has_its_size_in_the_metadata_of_its_type() {
        let picture = MimeBundle::new()
            .with_bytes("image/png", b"hi")
            .with("text/plain", "hi")
            .width(640)
            .height(480);
        assert_eq!(
            serde_json::to_value(picture).unwrap(),
            json!({
                "data": {"image/png": "aGk=", "text/plain": "hi"},
                "metadata": {"image/png": {"width": 640, "height": 480}},
            })
        );
    }

    #[test]
    fn what_has_a_debug_form_is_text() {
        assert_eq!(vec![Some(1)].to_mime_bundle().text(), "[Some(1)]");
        assert_eq!((&"a\n").to_mime_bundle().text(), "\"a\\n\"");
    }

    #[test]
    #[should_panic(expected = "cannot be written as JSON")]
    fn what_json_cannot_say_is_refused() {
        let keys = std::collections::BTreeMap::from([(vec![1], 2)]);
        drop(MimeBundle::new().with("application/json", keys));
    }
}
