//! A list.

use super::Effects;
use crate::manager::message::{ListOperation, Payload, Refusal, Reply, Stamped};

#[derive(Debug, Default)]
pub(super) struct List(Vec<Stamped>);

impl List {
    pub(super) fn call(&mut self, operation: ListOperation, effects: &mut Effects) -> Reply {
        self.try_call(operation, effects).unwrap_or_else(Reply::Refused)
    }

    fn try_call(&mut self, operation: ListOperation, effects: &mut Effects) -> Result<Reply, Refusal> {
        match operation {
            ListOperation::Push(item) => self.0.push(effects.stamped(item)),
            ListOperation::Extend(items) => self.0.extend(items.into_iter().map(|item| effects.stamped(item))),
            ListOperation::Load(index) => return Ok(Reply::Stamped(Some(self.0[self.place(index)?].clone()))),
            ListOperation::Set(index, item) => {
                let place = self.place(index)?;
                self.0[place] = effects.stamped(item);
            }
            ListOperation::Replace { index, stamp, item } => {
                let place = self.place(index)?;
                let current = &mut self.0[place];
                if current.stamp != stamp {
                    return Ok(Reply::Stamped(Some(current.clone())));
                }
                *current = effects.stamped(item);
            }
            ListOperation::Insert(index, item) => {
                let place = usize::try_from(index).ok().filter(|place| *place <= self.0.len());
                let place = place.ok_or(self.out_of_bounds(index))?;
                self.0.insert(place, effects.stamped(item));
            }
            ListOperation::Remove(index) => {
                let place = self.place(index)?;
                return Ok(Reply::Item(Some(self.0.remove(place).payload)));
            }
            ListOperation::Pop => return Ok(Reply::Item(self.0.pop().map(|item| item.payload))),
            ListOperation::Find(item) => return Ok(Reply::Position(self.find(&item))),
            ListOperation::Len => return Ok(Reply::Count(self.0.len() as u64)),
            ListOperation::Clear => self.0 = Vec::new(),
            ListOperation::Items => {
                let items = self.0.iter().map(|item| item.payload.clone());
                return Ok(Reply::Items(items.collect()));
            }
        }
        Ok(Reply::Done)
    }

    fn place(&self, index: u64) -> Result<usize, Refusal> {
        let place = usize::try_from(index).ok().filter(|place| *place < self.0.len());
        place.ok_or(self.out_of_bounds(index))
    }

    fn out_of_bounds(&self, index: u64) -> Refusal {
        Refusal::OutOfBounds {
            index,
            len: self.0.len() as u64,
        }
    }

    fn find(&self, payload: &Payload) -> Option<u64> {
        let place = self.0.iter().position(|item| item.payload == *payload)?;
        Some(place as u64)
    }
}
