//! Whether a notebook is one for Rust, by what its metadata says.

use serde_json::{Map, Value};

use super::FormatError;
use crate::identity;

/// Refuses a notebook for another language. One that does not say is taken for one of Rust.
pub(super) fn check(metadata: &Map<String, Value>) -> Result<(), FormatError> {
    let text = |section: &str, key: &str| {
        metadata
            .get(section)?
            .get(key)?
            .as_str()
            .filter(|text| !text.is_empty())
    };
    // The kernelspec decides which kernel Jupyter starts; the other says which one ran last.
    if let Some(language) = text("kernelspec", "language").or(text("language_info", "name")) {
        return check_language(language);
    }
    match text("kernelspec", "name") {
        Some(name) if !names_rust(name) && !text("kernelspec", "display_name").is_some_and(names_rust) => {
            Err(FormatError::OtherKernel { name: name.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Refuses every language but Rust.
pub(super) fn check_language(language: &str) -> Result<(), FormatError> {
    if language.eq_ignore_ascii_case(identity::LANGUAGE) {
        return Ok(());
    }
    Err(FormatError::OtherLanguage {
        language: language.to_owned(),
    })
}

fn names_rust(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains(identity::LANGUAGE) || name.contains(identity::NAME)
}
