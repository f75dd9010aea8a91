//! Where on an axis numbers are, and which of them are written beside it.

use std::ops::Range;

use plotters::coord::ranged1d::{BoldPoints, KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;

use super::Axis;

/// How much more than its numbers an axis has at both ends.
const MARGIN: f64 = 0.04;
/// Of a name so many letters are written at least, and otherwise not all names.
const LEAST_LETTERS: usize = 4;
/// From here on numbers are written with exponents.
const LARGE: f64 = 1e6;
const SMALL: f64 = 1e-4;

/// An axis: where it begins and ends, and what is written.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    /// Of exponents to the base of 10, where it is logarithmic.
    range: Range<f64>,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Linear,
    Logarithmic,
    /// These stand at 0, 1 and so on, and there is room for so many letters all together.
    Names {
        names: Vec<String>,
        letters: usize,
    },
    /// Places in a table.
    Indices,
}

impl Scale {
    /// For these numbers, some of which may have no place on it.
    pub(super) fn of_numbers(axis: &Axis, numbers: impl Iterator<Item = f64>) -> Self {
        let kind = if axis.is_logarithmic {
            Kind::Logarithmic
        } else {
            Kind::Linear
        };
        let place = |number: f64| place(&kind, number);
        let chosen = axis.range.as_ref();
        let chosen = chosen.and_then(|range| Some((place(range.start)?, place(range.end)?)));
        let range = match chosen {
            Some((start, end)) => widened(start.min(end)..start.max(end), 0.0),
            None => {
                let found = numbers
                    .filter_map(place)
                    .fold(None, |found: Option<Range<f64>>, place| {
                        let found = found.unwrap_or(place..place);
                        Some(found.start.min(place)..found.end.max(place))
                    });
                found.map_or(0.0..1.0, |range| widened(range, MARGIN))
            }
        };
        Self { range, kind }
    }

    /// For names, in their order, along an axis with room for so many letters.
    pub(super) fn of_names(names: Vec<String>, letters: usize) -> Self {
        Self {
            range: -0.6..names.len() as f64 - 0.4,
            kind: Kind::Names { names, letters },
        }
    }

    /// For so many places, whose middles are at 0, 1 and so on; it may begin with the last.
    pub(super) fn of_indices(count: usize, is_reversed: bool) -> Self {
        let (start, end) = (-0.5, count.max(1) as f64 - 0.5);
        Self {
            range: if is_reversed { end..start } else { start..end },
            kind: Kind::Indices,
        }
    }

    /// Begins at 0 where it has begun above, as bars do.
    pub(super) fn with_zero(mut self) -> Self {
        if matches!(self.kind, Kind::Linear) && self.range.start > 0.0 {
            self.range.start = 0.0;
        }
        self
    }

    /// Where a number is, from 0 at the beginning to 1 at the end; None where it has no place.
    pub(super) fn share(&self, number: f64) -> Option<f64> {
        let place = place(&self.kind, number)?;
        Some((place - self.range.start) / (self.range.end - self.range.start))
    }

    /// The places at which something is written, and there are lines.
    fn written_places(&self, most: usize) -> Vec<f64> {
        let (start, end) = (
            self.range.start.min(self.range.end),
            self.range.start.max(self.range.end),
        );
        match &self.kind {
            Kind::Linear => linear(start..end, most),
            Kind::Logarithmic => {
                let (first, last) = (start.ceil(), end.floor());
                if last - first < 1.0 {
                    // Not even two powers of ten.
                    let numbers = linear(10f64.powf(start)..10f64.powf(end), most);
                    return numbers
                        .into_iter()
                        .filter(|number| *number > 0.0)
                        .map(f64::log10)
                        .collect();
                }
                let step = ((last - first + 1.0) / most.max(1) as f64).ceil().max(1.0);
                let aligned = (first / step).ceil() * step;
                let count = ((last - aligned) / step) as usize;
                (0..=count).map(|index| aligned + index as f64 * step).collect()
            }
            Kind::Names { names, letters } => indices(names.len(), letters / LEAST_LETTERS),
            Kind::Indices => indices((end - start).round() as usize, most),
        }
    }

    /// What is written at a place.
    pub(super) fn written(&self, place: f64) -> String {
        match &self.kind {
            Kind::Names { names, letters } => {
                let shown = indices(names.len(), letters / LEAST_LETTERS).len();
                let name = names.get(place.round() as usize);
                name.map_or_else(String::new, |name| cut(name, letters / shown.max(1)))
            }
            Kind::Indices => format!("{place:.0}"),
            Kind::Logarithmic => power_of_ten(place),
            Kind::Linear => {
                let extent = (self.range.end - self.range.start).abs();
                number(place, extent, self.range.start.abs().max(self.range.end.abs()))
            }
        }
    }
}

/// As plotters wants it.
impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }

    fn map(&self, place: &f64, limit: (i32, i32)) -> i32 {
        RangedCoordf64::from(self.range.clone()).map(place, limit)
    }

    fn key_points<H: KeyPointHint>(&self, hint: H) -> Vec<f64> {
        match hint.weight().allow_light_points() {
            // There are no lines between those where something is written.
            true => Vec::new(),
            false => self.written_places(hint.max_num_points()),
        }
    }
}

impl ValueFormatter<f64> for Scale {
    fn format_ext(&self, place: &f64) -> String {
        self.written(*place)
    }
}

fn place(kind: &Kind, number: f64) -> Option<f64> {
    match kind {
        _ if !number.is_finite() => None,
        Kind::Logarithmic => (number > 0.0).then(|| number.log10()),
        _ => Some(number),
    }
}

/// With a share of it more at both ends, and something where it has no extent.
fn widened(range: Range<f64>, share: f64) -> Range<f64> {
    let extent = range.end - range.start;
    if extent > 0.0 {
        return range.start - extent * share..range.end + extent * share;
    }
    let around = (range.start.abs() * 0.1).max(0.5);
    range.start - around..range.end + around
}

/// Of so many places some, at most `most`, at distances that people count in.
fn indices(count: usize, most: usize) -> Vec<f64> {
    let least = count.div_ceil(most.max(1));
    let nice = (0..18).flat_map(|power| [1, 2, 5].map(|digit| digit * 10usize.pow(power)));
    let step = nice.into_iter().find(|nice| *nice >= least);
    (0..count)
        .step_by(step.unwrap_or(1))
        .map(|index| index as f64)
        .collect()
}

/// As much of a name as there is room for, with a gap to the next.
fn cut(name: &str, letters: usize) -> String {
    let letters = letters.saturating_sub(1).max(1);
    match name.char_indices().nth(letters) {
        None => name.to_owned(),
        Some(_) => name.chars().take(letters.saturating_sub(1)).chain(['…']).collect(),
    }
}

fn linear(range: Range<f64>, most: usize) -> Vec<f64> {
    RangedCoordf64::from(range).key_points(BoldPoints(most))
}

/// A number on an axis of this extent, with as many digits as it takes to tell it from its neighbours.
fn number(number: f64, extent: f64, greatest: f64) -> String {
    // There are ten or fewer of them, and what is between is a 1, 2 or 5 with zeros.
    let digits = (2.0 - extent.log10()).ceil().clamp(0.0, 300.0) as usize;
    // Rounding removes what computing has left, such as 0.30000000000000004.
    let plain = format!("{number:.digits$}");
    let rounded: f64 = plain.parse().unwrap_or(number);
    let rounded = if rounded == 0.0 { 0.0 } else { rounded };
    if !(SMALL..LARGE).contains(&greatest) {
        return format!("{rounded:e}");
    }
    format!("{rounded}")
}

/// The number with this exponent: `100`, `10⁵`.
fn power_of_ten(exponent: f64) -> String {
    let rounded = exponent.round();
    if (exponent - rounded).abs() > 1e-9 {
        let number = 10f64.powf(exponent);
        let digits = format!("{number:.2e}").parse().unwrap_or(number);
        return self::number(digits, digits, digits);
    }
    if (-3.0..=3.0).contains(&rounded) {
        return format!("{}", 10f64.powf(rounded));
    }
    let superscript = |digit: char| match digit.to_digit(10) {
        Some(digit) => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize],
        None => '⁻',
    };
    format!(
        "10{}",
        format!("{rounded:.0}").chars().map(superscript).collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(is_logarithmic: bool, numbers: &[f64]) -> Scale {
        let axis = Axis {
            is_logarithmic,
            ..Axis::default()
        };
        Scale::of_numbers(&axis, numbers.iter().copied())
    }

    fn written(scale: &Scale, most: usize) -> Vec<String> {
        let places = scale.written_places(most);
        places.into_iter().map(|place| scale.written(place)).collect()
    }

    #[test]
    fn numbers_have_their_place() {
        let linear = scale(false, &[0.0, f64::NAN, 10.0]);
        assert_eq!(linear.share(5.0), Some(0.5));
        assert!(linear.share(0.0).unwrap() > 0.0 && linear.share(10.0).unwrap() < 1.0);
        assert_eq!(linear.share(f64::INFINITY), None);
        let logarithmic = scale(true, &[1.0, 0.0, 10_000.0]);
        assert!((logarithmic.share(100.0).unwrap() - 0.5).abs() < 1e-9);
        assert_eq!((logarithmic.share(0.0), logarithmic.share(-1.0)), (None, None));
    }

    #[test]
    fn what_is_written_is_short() {
        assert_eq!(
            written(&scale(false, &[0.0, 1.0]), 6),
            ["0", "0.2", "0.4", "0.6", "0.8", "1"]
        );
        assert_eq!(written(&scale(false, &[-3e7, 3e7]), 5), ["-2e7", "0e0", "2e7"]);
        assert_eq!(written(&scale(false, &[0.0, 2e-6]), 4).last().unwrap(), "2e-6");
        assert_eq!(written(&scale(true, &[1e-5, 1e5]), 20)[..3], ["10⁻⁵", "10⁻⁴", "0.001"]);
        assert_eq!(written(&scale(true, &[1.0, 1e30]), 7).last().unwrap(), "10³⁰");
        let few = written(&scale(true, &[200.0, 500.0]), 4);
        assert!(
            few.contains(&"200".to_owned()) && few.contains(&"400".to_owned()),
            "{few:?}"
        );
    }

    #[test]
    fn names_and_indices_are_written_where_they_are() {
        let names = Scale::of_names(vec!["a".to_owned(), "longer".to_owned()], 14);
        assert_eq!(written(&names, 10), ["a", "longer"]);
        let names = Scale::of_names(vec!["a".to_owned(), "longer".to_owned()], 12);
        assert_eq!(written(&names, 10), ["a", "long…"]);
        let many = Scale::of_names((0..100).map(|n| n.to_string()).collect(), 40);
        assert_eq!(written(&many, 10).len(), 10);
        let rows = Scale::of_indices(100, true);
        assert_eq!(written(&rows, 6), ["0", "20", "40", "60", "80"]);
        assert!(
            rows.share(0.0).unwrap() > rows.share(99.0).unwrap(),
            "the first is at the top"
        );
    }

    #[test]
    fn an_axis_has_an_extent_whatever_is_on_it() {
        for numbers in [&[][..], &[7.0], &[0.0, 0.0], &[f64::NAN]] {
            let scale = scale(false, numbers);
            assert!(scale.range.start < scale.range.end, "{numbers:?}");
        }
        let axis = Axis {
            range: Some(5.0..1.0),
            ..Axis::default()
        };
        assert_eq!(Scale::of_numbers(&axis, std::iter::empty()).range, 1.0..5.0);
    }

    #[test]
    fn bars_stand_on_zero() {
        assert_eq!(scale(false, &[5.0, 9.0]).with_zero().range.start, 0.0);
        assert!(scale(false, &[-5.0, 9.0]).with_zero().range.start < -5.0);
    }
}
