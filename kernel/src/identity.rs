//! Who this kernel is, to Jupyter and in notebooks.

/// The name by which notebooks ask for this kernel.
pub(crate) const NAME: &str = "parcell";
/// The name that people choose it by.
pub(crate) const DISPLAY_NAME: &str = "Rust (parcell)";
/// The language of its notebooks, for CodeMirror and Pygments too.
pub(crate) const LANGUAGE: &str = "rust";
/// The media type of its cells.
pub(crate) const MIMETYPE: &str = "text/x-rustsrc";
/// What a notebook saved as a program ends with.
pub(crate) const FILE_EXTENSION: &str = ".rs";
