//! Amounts of memory as people write them.

use super::{is_numeric, split_at_first};

/// Why a text is no amount of memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum SizeError {
    #[error(
        "a size is a number of bytes or has a unit (B, KB, MB, GB, TB, KiB, MiB, GiB, TiB), such as 512MiB or 2GiB"
    )]
    Malformed,
    #[error("a size is at least one byte")]
    Zero,
    #[error("that is more than can be counted")]
    TooLarge,
}

/// The units, in lower case, with their bytes.
const UNITS: [(&str, u64); 10] = [
    ("", 1),
    ("b", 1),
    ("kb", 1000),
    ("mb", 1000 * 1000),
    ("gb", 1000 * 1000 * 1000),
    ("tb", 1000 * 1000 * 1000 * 1000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

/// Reads plain bytes (`4096`) or a number with a unit (`2GiB`, `1.5 MB`), of which the case does not matter.
pub(crate) fn parse(text: &str) -> Result<u64, SizeError> {
    let (number, unit) = split_at_first(text.trim(), |character| !is_numeric(character));
    let unit = unit.trim_start().to_ascii_lowercase();
    let (_, factor) = UNITS
        .iter()
        .find(|(known, _)| *known == unit)
        .ok_or(SizeError::Malformed)?;
    let bytes = match number.parse::<u64>() {
        Ok(whole) => whole.checked_mul(*factor).ok_or(SizeError::TooLarge)?,
        Err(_) => fraction(number, *factor)?,
    };
    if bytes == 0 { Err(SizeError::Zero) } else { Ok(bytes) }
}

/// An amount of memory or of room on a disk, for people.
pub(crate) fn text(bytes: u64) -> String {
    const NAMES: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1 << 10 {
        return format!("{bytes} B");
    }
    let power = (bytes.ilog2() / 10).min(4);
    format!(
        "{:.1} {}",
        bytes as f64 / (1u64 << (10 * power)) as f64,
        NAMES[power as usize - 1]
    )
}

/// The same, in the unit of large amounts.
pub(crate) fn gibibytes(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

/// A number with a decimal point, or with more digits than a whole number may have.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a size with a fraction is not exact, and its range is checked"
)]
fn fraction(number: &str, factor: u64) -> Result<u64, SizeError> {
    let number: f64 = number.parse().map_err(|_| SizeError::Malformed)?;
    let bytes = number * factor as f64;
    if bytes < u64::MAX as f64 {
        Ok(bytes as u64)
    } else {
        Err(SizeError::TooLarge)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("4096", 4096)]
    #[case("7B", 7)]
    #[case("2KB", 2000)]
    #[case("2KiB", 2048)]
    #[case("3MB", 3_000_000)]
    #[case("512MiB", 512 << 20)]
    #[case("1GB", 1_000_000_000)]
    #[case("2GiB", 2 << 30)]
    #[case("1TB", 1_000_000_000_000)]
    #[case("1TiB", 1 << 40)]
    #[case("1.5KiB", 1536)]
    #[case(" 2 gib ", 2 << 30)]
    fn sizes_are_read(#[case] text: &str, #[case] bytes: u64) {
        assert_eq!(parse(text), Ok(bytes));
    }

    #[rstest]
    #[case("", SizeError::Malformed)]
    #[case("much", SizeError::Malformed)]
    #[case("2XB", SizeError::Malformed)]
    #[case("-2GB", SizeError::Malformed)]
    #[case("1.2.3MB", SizeError::Malformed)]
    #[case("0", SizeError::Zero)]
    #[case("0.0001B", SizeError::Zero)]
    #[case("99999999TiB", SizeError::TooLarge)]
    #[case("99999999999999999999999999", SizeError::TooLarge)]
    fn what_is_no_size_is_refused(#[case] text: &str, #[case] error: SizeError) {
        assert_eq!(parse(text), Err(error));
    }
}
