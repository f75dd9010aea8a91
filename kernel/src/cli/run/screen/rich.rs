//! Rich output on a terminal, which can show text alone.

use serde_json::Value;

use crate::session::MimeBundle;

/// MIME types whose source is worth reading, the best first.
const READABLE: [&str; 3] = ["text/plain", "text/markdown", "text/latex"];

/// The text among the representations, or else a note of what there is.
pub(super) fn as_text(data: &MimeBundle) -> String {
    let readable = READABLE.iter().find_map(|mime| data.get(*mime)?.as_str());
    readable.map_or_else(|| note(data), str::to_owned)
}

/// For example `<image/png, 12 kB>`.
fn note(data: &MimeBundle) -> String {
    let kinds: Vec<_> = data
        .iter()
        .map(|(mime, value)| format!("{mime}, {}", size(len(mime, value))))
        .collect();
    format!(
        "<{}>",
        if kinds.is_empty() {
            "nothing to show".to_owned()
        } else {
            kinds.join("; ")
        }
    )
}

/// The length of what is shown, in bytes.
fn len(mime: &str, value: &Value) -> usize {
    match value {
        Value::String(text) if is_base64(mime) => {
            text.bytes()
                .filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=')
                .count()
                * 3
                / 4
        }
        Value::String(text) => text.len(),
        value => value.to_string().len(),
    }
}

/// Jupyter writes binary formats in base64, SVG as the text that it is.
fn is_base64(mime: &str) -> bool {
    let binary = ["image/", "audio/", "video/"].iter().any(|kind| mime.starts_with(kind)) || mime == "application/pdf";
    binary && !mime.ends_with("+xml")
}

fn size(bytes: usize) -> String {
    const UNITS: [(usize, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{} {name}", (bytes + unit / 2) / unit),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!({"text/html": "<b>1</b>", "text/plain": "1"}), "1")]
    #[case(json!({"text/html": "<b>1</b>", "text/markdown": "**1**"}), "**1**")]
    #[case(json!({"image/png": "aGk="}), "<image/png, 2 B>")]
    #[case(json!({"image/png": "A".repeat(16_000)}), "<image/png, 12 kB>")]
    #[case(json!({"image/svg+xml": "<svg/>"}), "<image/svg+xml, 6 B>")]
    #[case(json!({"application/json": {"a": 1}, "text/html": "<b/>"}), "<application/json, 7 B; text/html, 4 B>")]
    #[case(json!({}), "<nothing to show>")]
    fn there_is_always_text(#[case] data: Value, #[case] text: &str) {
        let Value::Object(data) = data else { panic!("{data}") };
        assert_eq!(as_text(&data), text);
    }

    #[rstest]
    #[case(0, "0 B")]
    #[case(999, "999 B")]
    #[case(1_000, "1 kB")]
    #[case(12_400, "12 kB")]
    #[case(2_500_000, "3 MB")]
    #[case(7_000_000_000, "7 GB")]
    fn sizes_are_round(#[case] bytes: usize, #[case] text: &str) {
        assert_eq!(size(bytes), text);
    }
}
