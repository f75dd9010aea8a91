//! What of a long series would be drawn over itself.

use std::collections::HashSet;

/// A point on the picture.
pub(super) type Place = (f64, f64);

/// Of the points of a line that follow each other in one column of pixels the first, the least, the greatest and the last: all
/// that is seen of them (M4, Jugel and others, 2014).
pub(super) fn of_line(places: &[Place]) -> Vec<Place> {
    let mut kept = Vec::new();
    for column in places.chunk_by(|one, next| one.0.floor() == next.0.floor()) {
        let extreme = |is_less: fn(&f64, &f64) -> std::cmp::Ordering| {
            let indices = 0..column.len();
            indices.min_by(|one, other| is_less(&column[*one].1, &column[*other].1))
        };
        let least = extreme(f64::total_cmp).unwrap_or(0);
        let greatest = extreme(|one, other| other.total_cmp(one)).unwrap_or(0);
        let mut indices = vec![0, least, greatest, column.len() - 1];
        indices.sort_unstable();
        indices.dedup();
        kept.extend(indices.into_iter().map(|index| column[index]));
    }
    kept
}

/// Of points that are closer than a third of a pixel the first.
pub(super) fn of_points(places: &[Place]) -> Vec<Place> {
    let mut taken = HashSet::new();
    let cell = |place: f64| (place * 3.0).round() as i64;
    let is_new = |place: &&Place| taken.insert((cell(place.0), cell(place.1)));
    places.iter().filter(is_new).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_line_is_whole() {
        let places = [(0.2, 1.0), (1.5, 2.0), (2.0, 0.0), (1.0, 5.0)];
        assert_eq!(of_line(&places), places);
    }

    #[test]
    fn of_a_column_what_is_seen_stays() {
        let places = [(0.0, 3.0), (0.1, 9.0), (0.2, 4.0), (0.3, 1.0), (0.4, 2.0), (1.0, 7.0)];
        assert_eq!(
            of_line(&places),
            [(0.0, 3.0), (0.1, 9.0), (0.3, 1.0), (0.4, 2.0), (1.0, 7.0)]
        );
        let many: Vec<Place> = (0..1_000_000)
            .map(|n| (f64::from(n) / 2_000.0, f64::from(n % 100)))
            .collect();
        assert!(of_line(&many).len() <= 4 * 501);
    }

    #[test]
    fn points_in_one_place_are_one() {
        assert_eq!(
            of_points(&[(1.0, 1.0), (1.1, 1.0), (1.0, 1.5)]),
            [(1.0, 1.0), (1.0, 1.5)]
        );
    }
}
