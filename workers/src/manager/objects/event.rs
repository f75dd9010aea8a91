//! An event: set or not.

use crate::manager::message::{EventOperation, Reply};

#[derive(Debug, Default)]
pub(super) struct Event {
    is_set: bool,
}

impl Event {
    /// The answer; the error is a wait for what is not set.
    pub(super) fn call(&mut self, operation: EventOperation) -> Result<Reply, EventOperation> {
        match operation {
            EventOperation::IsSet => return Ok(Reply::Flag(self.is_set)),
            EventOperation::Set => self.is_set = true,
            EventOperation::Clear => self.is_set = false,
            EventOperation::Wait if self.is_set => {}
            EventOperation::Wait => return Err(operation),
        }
        Ok(Reply::Done)
    }
}
