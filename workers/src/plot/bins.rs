//! In which intervals values are counted.

/// More than can be told apart.
const MOST: usize = 1000;

/// Intervals of equal width, and how many values are in each.
pub(super) struct Bins {
    pub(super) start: f64,
    pub(super) width: f64,
    pub(super) counts: Vec<usize>,
}

impl Bins {
    /// Of those values that are finite; None where there is none.
    pub(super) fn of(values: &[f64], count: Option<usize>) -> Option<Self> {
        let mut values: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let (first, last) = (*values.first()?, *values.last()?);
        // All the same: an interval around it.
        let (start, end) = if first < last {
            (first, last)
        } else {
            (first - 0.5, first + 0.5)
        };
        let count = count.unwrap_or_else(|| automatic(&values)).min(MOST);
        let width = (end - start) / count as f64;
        let mut counts = vec![0; count];
        for value in values {
            // The last interval has its end, too.
            let index = ((value - start) / width) as usize;
            counts[index.min(count - 1)] += 1;
        }
        Some(Self { start, width, counts })
    }
}

/// How many there are best, of sorted values: the more of what Freedman and Diaconis (1981) and Sturges (1926) say, which is
/// what `numpy.histogram_bin_edges` does.
fn automatic(values: &[f64]) -> usize {
    let count = values.len() as f64;
    let sturges = count.log2().ceil() + 1.0;
    let quantile = |share: f64| values[((count - 1.0) * share).round() as usize];
    let width = 2.0 * (quantile(0.75) - quantile(0.25)) / count.cbrt();
    let range = quantile(1.0) - quantile(0.0);
    let freedman_diaconis = if width > 0.0 { (range / width).ceil() } else { 0.0 };
    (sturges.max(freedman_diaconis) as usize).clamp(1, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_in_one_interval() {
        let bins = Bins::of(&[0.0, 0.4, 0.5, 1.0, f64::NAN, f64::INFINITY], Some(2)).unwrap();
        assert_eq!((bins.start, bins.width, bins.counts), (0.0, 0.5, vec![2, 2]));
    }

    #[test]
    fn the_number_of_intervals_suits_the_values() {
        let even: Vec<f64> = (0..1000).map(f64::from).collect();
        assert_eq!(automatic(&even), 11, "Sturges");
        let mut outliers = even.clone();
        outliers.push(50_000.0);
        assert_eq!(automatic(&outliers), 501, "Freedman and Diaconis");
        assert_eq!(automatic(&[1.0]), 1);
    }

    #[test]
    fn equal_values_have_an_interval_around_them() {
        let bins = Bins::of(&[3.0; 5], None).unwrap();
        assert_eq!(bins.counts.iter().sum::<usize>(), 5);
        assert!(bins.start < 3.0 && bins.start + bins.width * bins.counts.len() as f64 > 3.0);
        assert!(Bins::of(&[f64::NAN], None).is_none());
    }
}
