//! How many digits numbers are shown with: `%precision`.

use std::fmt::{self, Debug};
use std::sync::atomic::{AtomicUsize, Ordering};

/// As many as tell a number apart from all others.
const SHORTEST: usize = usize::MAX;

static DIGITS: AtomicUsize = AtomicUsize::new(SHORTEST);

/// Shows floating-point numbers with this many digits behind the point from now on; `None`: with as many as it takes.
pub(crate) fn set(digits: Option<usize>) {
    DIGITS.store(digits.unwrap_or(SHORTEST), Ordering::Relaxed);
}

/// Text that may be a number, with the digits that were chosen.
pub(super) fn precise_text(text: String) -> String {
    match (text.contains('.') && DIGITS.load(Ordering::Relaxed) != SHORTEST).then(|| text.parse::<f64>()) {
        Some(Ok(number)) => format!("{:?}", Precise(&number)),
        _ => text,
    }
}

/// A value whose numbers are shown with the digits that were chosen.
pub(crate) struct Precise<'a>(pub(crate) &'a dyn Debug);

impl Debug for Precise<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (DIGITS.load(Ordering::Relaxed), f.alternate()) {
            (SHORTEST, _) => self.0.fmt(f),
            (digits, false) => write!(f, "{:.digits$?}", self.0),
            (digits, true) => write!(f, "{:#.digits$?}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_were_chosen_wherever_they_are() {
        let value = (1.0 / 3.0, vec![2.5f32, 1e-9], Some("text"), 7);
        let shown = |digits| {
            set(digits);
            let shown = format!("{:?} {:#?}", Precise(&value), Precise(&Some(0.125)));
            set(None);
            shown
        };
        assert_eq!(
            shown(Some(2)),
            "(0.33, [2.50, 0.00], Some(\"text\"), 7) Some(\n    0.12,\n)"
        );
        assert!(
            shown(None).starts_with("(0.3333333333333333, [2.5, 1e-9], "),
            "{}",
            shown(None)
        );
        let texts = || ["0.123", "12", "1.2.3", "word."].map(|text| precise_text(text.to_owned()));
        set(Some(1));
        let precise = texts();
        set(None);
        assert_eq!(precise, ["0.1", "12", "1.2.3", "word."]);
        assert_eq!(texts()[0], "0.123");
    }
}
