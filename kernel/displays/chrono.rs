//! Lengths of time of chrono as people write them.

use chrono::TimeDelta;

pub trait Display {
    fn evcxr_display(&self);
}

impl Display for TimeDelta {
    fn evcxr_display(&self) {
        match self.abs().to_std() {
            Ok(length) => parcell::cell::show_duration(*self < TimeDelta::zero(), length),
            Err(_) => parcell::cell::show_text(self, ""),
        }
    }
}
