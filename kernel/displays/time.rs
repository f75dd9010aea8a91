//! Lengths of time of the time crate as people write them.

use time::Duration;

pub trait Display {
    fn evcxr_display(&self);
}

impl Display for Duration {
    fn evcxr_display(&self) {
        parcell::cell::show_duration(self.is_negative(), self.unsigned_abs());
    }
}
