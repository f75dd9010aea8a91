//! A single value.

use super::Effects;
use crate::manager::message::{Reply, Stamped, ValueOperation};

#[derive(Debug)]
pub(super) struct Value(Stamped);

impl Value {
    pub(super) fn new(value: Stamped) -> Self {
        Self(value)
    }

    pub(super) fn call(&mut self, operation: ValueOperation, effects: &mut Effects) -> Reply {
        match operation {
            ValueOperation::Load => return Reply::Stamped(Some(self.0.clone())),
            ValueOperation::Set(value) => self.0 = effects.stamped(value),
            ValueOperation::Replace { stamp, .. } if stamp != self.0.stamp => {
                return Reply::Stamped(Some(self.0.clone()));
            }
            ValueOperation::Replace { value, .. } => self.0 = effects.stamped(value),
        }
        Reply::Done
    }
}
