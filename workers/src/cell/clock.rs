//! `%time` and `%%time`: what a statement or a cell took.

use std::cell::RefCell;
use std::io::Write;
use std::time::Instant;

use crate::sys::usage::{CpuTime, cpu_time};
use crate::text::duration_text;

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

#[cfg(test)]
mod tests {
    use super::*;

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
