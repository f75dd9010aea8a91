//! `%workers`: a table of worker processes, which goes on to show what they do until the cell ends.

use crate::ps;

/// Shows the table.
pub fn workers() {
    ps::show();
}
