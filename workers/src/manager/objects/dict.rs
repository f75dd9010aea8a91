//! A dict, in the order in which its keys were added.

use std::collections::{BTreeMap, HashMap};

use super::Effects;
use crate::manager::message::{DictOperation, Payload, Reply, Stamped};

#[derive(Debug, Default)]
pub(super) struct Dict {
    places: HashMap<Payload, u64>,
    entries: BTreeMap<u64, (Payload, Stamped)>,
    latest: u64,
}

impl Dict {
    pub(super) fn call(&mut self, operation: DictOperation, effects: &mut Effects) -> Reply {
        match operation {
            DictOperation::Insert(key, value) => {
                let replaced = self.insert(key, effects.stamped(value));
                Reply::Item(replaced.map(|value| value.payload))
            }
            DictOperation::GetOrInsert(key, value) => {
                let present = self.get(&key).map(|value| value.payload.clone());
                if present.is_none() {
                    self.insert(key, effects.stamped(value));
                }
                Reply::Item(present)
            }
            DictOperation::Load(key) => Reply::Stamped(self.get(&key).cloned()),
            DictOperation::Remove(key) => Reply::Item(self.remove(&key).map(|value| value.payload)),
            DictOperation::Replace { key, stamp, value } => self.replace(key, stamp, value, effects),
            DictOperation::Contains(key) => Reply::Flag(self.places.contains_key(&key)),
            DictOperation::Len => Reply::Count(self.entries.len() as u64),
            DictOperation::Clear => {
                *self = Self::default();
                Reply::Done
            }
            DictOperation::Keys => Reply::Items(self.entries.values().map(|(key, _)| key.clone()).collect()),
            DictOperation::Values => {
                let values = self.entries.values().map(|(_, value)| value.payload.clone());
                Reply::Items(values.collect())
            }
            DictOperation::Pairs => {
                let pairs = self.entries.values();
                Reply::Pairs(pairs.map(|(key, value)| (key.clone(), value.payload.clone())).collect())
            }
        }
    }

    fn replace(&mut self, key: Payload, stamp: Option<u64>, value: Option<Payload>, effects: &mut Effects) -> Reply {
        let current = self.get(&key);
        if current.map(|value| value.stamp) != stamp {
            return Reply::Stamped(current.cloned());
        }
        match value {
            Some(value) => drop(self.insert(key, effects.stamped(value))),
            None => drop(self.remove(&key)),
        }
        Reply::Done
    }

    fn get(&self, key: &Payload) -> Option<&Stamped> {
        self.entries.get(self.places.get(key)?).map(|(_, value)| value)
    }

    fn insert(&mut self, key: Payload, value: Stamped) -> Option<Stamped> {
        if let Some((_, present)) = self.places.get(&key).and_then(|place| self.entries.get_mut(place)) {
            return Some(std::mem::replace(present, value));
        }
        self.latest += 1;
        self.places.insert(key.clone(), self.latest);
        self.entries.insert(self.latest, (key, value));
        None
    }

    fn remove(&mut self, key: &Payload) -> Option<Stamped> {
        let place = self.places.remove(key)?;
        self.entries.remove(&place).map(|(_, value)| value)
    }
}
