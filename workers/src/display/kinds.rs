//! The kinds of things that people show, each with plain text beside it.

use serde::Serialize;

use super::{MimeBundle, Shortened, plain};
use crate::text::grouped;

const PLAIN: &str = "text/plain";

/// A piece of HTML.
///
/// ```
/// use parcell::prelude::*;
///
/// assert_eq!(html("<p>1 &lt; <b>2</b></p>").text(), "1 < 2");
/// ```
pub fn html(source: impl Into<String>) -> MimeBundle {
    let source = source.into();
    MimeBundle::new()
        .with(PLAIN, plain::of_html(&source))
        .with("text/html", source)
}

/// Markdown, which may have formulas in it.
pub fn markdown(source: impl Into<String>) -> MimeBundle {
    let source = source.into();
    MimeBundle::new().with(PLAIN, &source).with("text/markdown", source)
}

/// LaTeX: a formula with its `$` signs, or an environment.
///
/// ```
/// # use parcell::prelude::*;
/// display(latex(r"$e^{i\pi} + 1 = 0$"));
/// ```
pub fn latex(source: impl Into<String>) -> MimeBundle {
    let source = source.into();
    MimeBundle::new().with(PLAIN, &source).with("text/latex", source)
}

/// A picture as SVG.
pub fn svg(source: impl Into<String>) -> MimeBundle {
    let source = source.into();
    let mime = "image/svg+xml";
    MimeBundle::new()
        .with(PLAIN, note(mime, source.len()))
        .with(mime, source)
}

/// A picture as the bytes of a PNG file.
pub fn png(bytes: impl AsRef<[u8]>) -> MimeBundle {
    binary("image/png", bytes.as_ref())
}

/// A picture as the bytes of a JPEG file.
pub fn jpeg(bytes: impl AsRef<[u8]>) -> MimeBundle {
    binary("image/jpeg", bytes.as_ref())
}

/// Any value with serde's `Serialize`, as JSON.
///
/// # Panics
///
/// If the value cannot be written as JSON: the keys of maps must be strings or numbers.
#[track_caller]
pub fn json(value: impl Serialize) -> MimeBundle {
    // Written from the value itself, which has its fields in their order.
    let text = serde_json::to_string_pretty(&value).unwrap_or_default();
    MimeBundle::new()
        .with("application/json", value)
        .with(PLAIN, Shortened::display(&text).text)
}

/// What stands for a picture where it cannot be shown: `<image, 640 × 480>`, with its columns and rows.
#[must_use]
pub fn image_text(width: usize, height: usize) -> String {
    format!("<image, {} × {}>", grouped(width), grouped(height))
}

fn binary(mime: &str, bytes: &[u8]) -> MimeBundle {
    MimeBundle::new()
        .with(PLAIN, note(mime, bytes.len()))
        .with_bytes(mime, bytes)
}

/// For example `<image/png, 12 kB>`.
fn note(mime: &str, bytes: usize) -> String {
    const UNITS: [(usize, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("<{mime}, {} {name}>", (bytes + unit / 2) / unit),
        None => format!("<{mime}, {bytes} B>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn data(bundle: MimeBundle) -> serde_json::Value {
        serde_json::to_value(bundle).unwrap()["data"].take()
    }

    #[test]
    fn there_is_plain_text_beside_everything() {
        assert_eq!(
            data(html("<b>x</b>")),
            json!({"text/html": "<b>x</b>", "text/plain": "x"})
        );
        assert_eq!(
            data(markdown("*x*")),
            json!({"text/markdown": "*x*", "text/plain": "*x*"})
        );
        assert_eq!(data(latex("$x$")), json!({"text/latex": "$x$", "text/plain": "$x$"}));
        assert_eq!(
            data(svg("<svg/>")),
            json!({"image/svg+xml": "<svg/>", "text/plain": "<image/svg+xml, 6 B>"})
        );
        assert_eq!(data(png(vec![0; 12_400]))["text/plain"], "<image/png, 12 kB>");
        assert_eq!(data(jpeg(b"hi"))["image/jpeg"], "aGk=");
        let list = data(super::json([1, 2]));
        assert_eq!(
            list,
            json!({"application/json": [1, 2], "text/plain": "[\n  1,\n  2\n]"})
        );
    }
}
