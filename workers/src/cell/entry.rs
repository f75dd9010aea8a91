//! What the kernel puts into every compiled cell.

use super::failure;

/// Mentioned by every cell, so that the linker keeps the library also where a cell uses nothing of it.
pub extern "C" fn is_linked() {}

/// Tells the notebook why `?` left the cell.
pub fn report_early_return(error: &str) {
    failure::report_error("Error", error);
}
