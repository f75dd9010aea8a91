//! `%timeline`: a picture of what the workers of the last map did when.

use crate::display::{display, markdown};
use crate::pool;

/// Shows the picture, or says that there has been no map.
pub fn timeline() {
    match pool::last_timeline() {
        Some(picture) => drop(display(picture)),
        None => drop(display(markdown("No map has ended in this notebook."))),
    }
}
