//! How deep a value may be nested. Who writes or reads it calls itself for each level, and a stack has an end.

use super::problem::Problem;
use crate::sys::stack;

/// How many levels a value may have. An option, a newtype and an enum's variant with data are levels, as are sequences,
/// maps and structs: a linked list has two for each of its elements.
pub(super) const MAX_DEPTH: u32 = 4096;
/// How many levels there may be in a value that says by itself what it is: one for serde's buffers (untagged and
/// internally tagged enums, flattened fields), or a `serde_json::Value`. After it has been read, serde goes through it
/// once more, and then nobody counts.
pub(super) const MAX_BUFFERED_DEPTH: u32 = 128;

/// Down to which level memory is asked for as many elements as are said to come. Each of them has a byte at least; but
/// where every level said so of the same bytes, the memory would be that of all levels together.
const ROOMY_LEVELS: u32 = 16;

/// How many levels pass from one look at the stack to the next.
const LEVELS_A_LOOK: u32 = 8;
/// What must be left of the stack: enough for [`LEVELS_A_LOOK`], with what user code does in them.
const RESERVE: usize = 256 * 1024;
/// What is left besides for each buffered level, which serde will go through.
const RESERVE_A_BUFFERED_LEVEL: usize = 8 * 1024;

/// How deep in a value we are.
#[derive(Debug, Default)]
pub(super) struct Depth {
    levels: u32,
    buffered: u32,
}

impl Depth {
    /// Goes one level down.
    #[inline]
    pub(super) fn enter(&mut self) -> Result<(), Problem> {
        self.levels += 1;
        if self.levels.is_multiple_of(LEVELS_A_LOOK) {
            self.look()?;
        }
        Ok(())
    }

    /// Comes one level up.
    #[inline]
    pub(super) fn leave(&mut self) {
        self.levels -= 1;
    }

    /// Goes one level down in a value for a buffer.
    #[inline]
    pub(super) fn enter_buffered(&mut self) -> Result<(), Problem> {
        self.buffered += 1;
        if self.buffered > MAX_BUFFERED_DEPTH {
            return Err(Problem::TooDeep(MAX_BUFFERED_DEPTH));
        }
        self.enter()
    }

    /// Comes one level up in a value for a buffer.
    #[inline]
    pub(super) fn leave_buffered(&mut self) {
        self.buffered -= 1;
        self.leave();
    }

    /// Whether there is to be room at once for all the elements that are said to come; else it grows with those that
    /// do.
    pub(super) fn is_roomy(&self) -> bool {
        self.levels <= ROOMY_LEVELS
    }

    #[cold]
    fn look(&self) -> Result<(), Problem> {
        if self.levels >= MAX_DEPTH {
            return Err(Problem::TooDeep(MAX_DEPTH));
        }
        let reserve = RESERVE + RESERVE_A_BUFFERED_LEVEL * self.buffered as usize;
        if stack::has_left(reserve) {
            Ok(())
        } else {
            Err(Problem::StackTooSmall)
        }
    }
}
