//! Where on the picture a time is, and which times have names.

use crate::pool::report::History;

/// Where the lanes begin and end.
pub(super) const LEFT: f64 = 74.0;
pub(super) const RIGHT: f64 = 842.0;

/// From times to places.
#[derive(Debug)]
pub(super) struct Scale {
    pub(super) began: u64,
    nanos: u64,
}

impl Scale {
    pub(super) fn of(history: &History) -> Self {
        Self {
            began: history.began,
            nanos: history.ended.saturating_sub(history.began).max(1),
        }
    }

    pub(super) fn x(&self, time: u64) -> f64 {
        let share = time.saturating_sub(self.began) as f64 / self.nanos as f64;
        LEFT + (RIGHT - LEFT) * share.min(1.0)
    }

    /// In per cent.
    pub(super) fn share(&self, nanos: u64) -> f64 {
        (100.0 * nanos as f64 / self.nanos as f64).min(100.0)
    }

    /// Round times, about eight of them.
    pub(super) fn ticks(&self) -> Vec<u64> {
        let least = (self.nanos / 8).max(1);
        let steps = std::iter::successors(Some(1u64), |power| power.checked_mul(10))
            .flat_map(|power| [1, 2, 5].map(|factor| power.saturating_mul(factor)));
        let sixties = [15, 30, 60, 120, 300, 600, 900, 1800, 3600].map(|seconds| seconds * 1_000_000_000);
        let step = match least {
            0..10_000_000_000 => steps.into_iter().find(|step| *step >= least),
            _ => sixties
                .into_iter()
                .chain((2..).map(|hours: u64| hours.saturating_mul(3_600_000_000_000)))
                .find(|step| *step >= least),
        };
        let step = step.unwrap_or(self.nanos);
        (0..=self.nanos / step).map(|count| count * step).collect()
    }
}

/// A round time: `20 ms`, `1.5 s`, `2 min`.
pub(super) fn tick_text(nanos: u64) -> String {
    let (unit, name) = match nanos {
        60_000_000_000.. if nanos.is_multiple_of(60_000_000_000) => (60e9, "min"),
        1_000_000_000.. => (1e9, "s"),
        1_000_000.. => (1e6, "ms"),
        1_000.. => (1e3, "µs"),
        _ => (1.0, "ns"),
    };
    format!("{} {name}", nanos as f64 / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn ticks_are_round_and_few() {
        for (nanos, texts) in [
            (3_060 * MS, ["500 ms", "1 s", "1.5 s"]),
            (80_000, ["10 µs", "20 µs", "30 µs"]),
            (600_000 * MS, ["2 min", "4 min", "6 min"]),
        ] {
            let scale = Scale { began: 0, nanos };
            let ticks = scale.ticks();
            assert!((5..=10).contains(&ticks.len()), "{ticks:?}");
            let first: Vec<_> = ticks[1..4].iter().map(|tick| tick_text(*tick)).collect();
            assert_eq!(first, texts);
        }
        for nanos in [1, u64::MAX] {
            assert!(Scale { began: 0, nanos }.ticks().len() <= 12);
        }
    }
}
