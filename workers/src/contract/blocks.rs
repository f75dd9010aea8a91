//! Blocks of structured content amid what a process prints: [`BEGIN`] and the content's type, the end of the line, the
//! content, the end of the line, [`END`]. It is the convention by which crates show more than text.

/// What a block begins with; the content's MIME type and the end of the line follow.
pub const BEGIN: &str = "EVCXR_BEGIN_CONTENT ";

/// The line that ends a block.
pub const END: &str = "EVCXR_END_CONTENT\n";
