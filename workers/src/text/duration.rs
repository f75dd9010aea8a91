//! Lengths of time.

use std::time::Duration;

/// A length of time with three digits and its unit, such as `1.25 ms`; from a minute on as `2 min 5 s`.
#[must_use]
pub fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds >= 59.95 {
        let whole = (seconds.round()) as u64;
        return match (whole / 3600, whole / 60 % 60, whole % 60) {
            (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
            (hours, minutes, seconds) => format!("{hours} h {minutes} min {seconds} s"),
        };
    }
    if seconds < 999.5e-9 {
        return format!("{} ns", duration.as_nanos());
    }
    seconds_text(seconds)
}

/// A number of seconds with three digits, in a unit that fits.
pub(crate) fn seconds_text(seconds: f64) -> String {
    // Rounding to three digits must not lead to 1000 of a unit.
    let (value, unit) = match seconds {
        _ if seconds >= 0.9995 => (seconds, "s"),
        _ if seconds >= 999.5e-6 => (seconds * 1e3, "ms"),
        _ if seconds >= 999.5e-9 => (seconds * 1e6, "µs"),
        _ => (seconds * 1e9, "ns"),
    };
    let digits = match value {
        _ if value >= 99.95 => 0,
        _ if value >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits() {
        for (nanoseconds, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (12_345, "12.3 µs"),
            (999_499, "999 µs"),
            (999_600, "1.00 ms"),
            (123_456_789, "123 ms"),
            (1_500_000_000, "1.50 s"),
            (59_940_000_000, "59.9 s"),
            (59_960_000_000, "1 min 0 s"),
            (125_000_000_000, "2 min 5 s"),
            (7_322_000_000_000, "2 h 2 min 2 s"),
        ] {
            assert_eq!(duration_text(Duration::from_nanos(nanoseconds)), text);
        }
    }

    #[test]
    fn seconds_may_be_less_than_a_clock_tells() {
        for (seconds, text) in [
            (0.0, "0.00 ns"),
            (3.2e-10, "0.32 ns"),
            (4.56e-8, "45.6 ns"),
            (75.0, "75.0 s"),
        ] {
            assert_eq!(seconds_text(seconds), text);
        }
    }
}
