//! Large numbers of num-bigint with the number of their digits.

use num_bigint::{BigInt, BigUint};

pub trait Display {
    fn evcxr_display(&self);
}

impl Display for BigUint {
    fn evcxr_display(&self) {
        show(&self.to_string());
    }
}

impl Display for BigInt {
    fn evcxr_display(&self) {
        show(&self.to_string());
    }
}

/// As many digits can be counted by looking at them.
const FEW: usize = 40;

fn show(number: &str) {
    let digits = number.trim_start_matches('-').len();
    let note = if digits > FEW {
        format!("{digits} digits")
    } else {
        String::new()
    };
    parcell::cell::show_text(&number, &note);
}
