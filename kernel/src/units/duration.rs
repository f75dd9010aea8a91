//! Time limits as people write them.

use std::time::Duration;

use super::{is_numeric, split_at_first};

/// Why a text is no time limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum DurationError {
    #[error("a time is a number of seconds or has units (h, m or min, s, ms), such as 90, 10s, 2m, 1h30m")]
    Malformed,
    #[error("a time limit is more than zero")]
    Zero,
    #[error("that is longer than can be counted")]
    TooLong,
}

/// Reads plain seconds (`90`, `1.5`) or numbers with units (`10s`, `250ms`, `1h30m`).
pub(crate) fn parse(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(DurationError::Malformed);
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = split_at_first(rest, |character| !is_numeric(character));
        let (unit, after) = split_at_first(after, is_numeric);
        total = total
            .checked_add(part(number, unit, rest == text)?)
            .ok_or(DurationError::TooLong)?;
        rest = after;
    }
    if total.is_zero() {
        Err(DurationError::Zero)
    } else {
        Ok(total)
    }
}

/// One number with its unit. The unit may be missing where the number is all there is.
fn part(number: &str, unit: &str, is_first: bool) -> Result<Duration, DurationError> {
    let number: f64 = number.parse().map_err(|_| DurationError::Malformed)?;
    let seconds = match unit {
        "h" => number * 3600.0,
        "m" | "min" => number * 60.0,
        "s" => number,
        "ms" => number / 1000.0,
        "" if is_first => number,
        _ => return Err(DurationError::Malformed),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| DurationError::TooLong)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("90", 90_000)]
    #[case("1.5", 1_500)]
    #[case("10s", 10_000)]
    #[case("2m", 120_000)]
    #[case("3min", 180_000)]
    #[case("1m30s", 90_000)]
    #[case("1.5s250ms", 1_750)]
    #[case("250ms", 250)]
    #[case("1h30m", 5_400_000)]
    #[case(" 10s ", 10_000)]
    fn times_are_read(#[case] text: &str, #[case] milliseconds: u64) {
        assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)));
    }

    #[rstest]
    #[case("", DurationError::Malformed)]
    #[case("soon", DurationError::Malformed)]
    #[case("10 s", DurationError::Malformed)]
    #[case("10d", DurationError::Malformed)]
    #[case("1m30", DurationError::Malformed)]
    #[case("-5", DurationError::Malformed)]
    #[case("1..5", DurationError::Malformed)]
    #[case("0", DurationError::Zero)]
    #[case("99999999999999999999999h", DurationError::TooLong)]
    fn what_is_no_time_is_refused(#[case] text: &str, #[case] error: DurationError) {
        assert_eq!(parse(text), Err(error));
    }
}
