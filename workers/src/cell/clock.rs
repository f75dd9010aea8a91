//! `%time` and `%%time`: what a statement or a cell took.

use std::cell::RefCell;
use std::io::Write;
use std::time::{Duration, Instant};

use crate::sys::usage::{CpuTime, cpu_time};

/// When something began.
#[derive(Clone, Copy, Debug)]
struct Start {
    wall: Instant,
    cpu: CpuTime,
}

thread_local! {
    /// The statements that are being timed: one may call what times another. What never stops, since it panicked, is
    /// below those that do.
    static STATEMENTS: RefCell<Vec<Start>> = const { RefCell::new(Vec::new()) };
    static CELL: RefCell<Option<Start>> = const { RefCell::new(None) };
}

/// A statement begins.
pub fn start_timer() {
    STATEMENTS.with_borrow_mut(|statements| statements.push(Start::now()));
}

/// The statement that began last has ended, with this value.
pub fn stop_timer<T>(value: T) -> T {
    if let Some(start) = STATEMENTS.with_borrow_mut(Vec::pop) {
        start.tell();
    }
    value
}

/// The code of a cell begins.
pub fn start_cell_timer() {
    STATEMENTS.with_borrow_mut(Vec::clear);
    CELL.set(Some(Start::now()));
}

/// The code of the cell has ended.
pub fn stop_cell_timer() {
    if let Some(start) = CELL.take() {
        start.tell();
    }
}

impl Start {
    fn now() -> Self {
        Self {
            cpu: cpu_time(),
            wall: Instant::now(),
        }
    }

    fn tell(self) {
        let wall = self.wall.elapsed();
        let cpu = cpu_time();
        let user = cpu.user.saturating_sub(self.cpu.user);
        let system = cpu.system.saturating_sub(self.cpu.system);
        let text = format!(
            "CPU times: user {}, sys {}, total {}\nWall time: {}\n",
            duration_text(user),
            duration_text(system),
            duration_text(user + system),
            duration_text(wall)
        );
        // In one piece. Where it cannot be written there is nobody to be told.
        let _ = std::io::stdout().write_all(text.as_bytes());
    }
}

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
pub(super) fn seconds_text(seconds: f64) -> String {
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

    #[test]
    fn timed_values_pass_through_and_nest() {
        start_timer();
        start_timer();
        assert_eq!(stop_timer(7), 7);
        assert_eq!(stop_timer("x"), "x");
        assert_eq!(stop_timer(()), ());
        assert!(STATEMENTS.with_borrow(Vec::is_empty));
    }
}
