//! The objects that a server holds. They know requests and answers, and nothing of sockets.

mod dict;
mod event;
mod list;
mod object;
mod queue;
mod semaphore;
mod value;

use std::collections::{BTreeMap, HashMap};

use super::message::{NewObject, Payload, Refusal, Reply, Request, Stamped};
use object::Object;

/// A connection, as the objects know it. Never used again for another one.
pub(super) type Caller = u64;

/// All objects of a server.
#[derive(Debug, Default)]
pub(super) struct Objects {
    by_id: BTreeMap<u64, Object>,
    names: HashMap<String, u64>,
    latest_id: u64,
    effects: Effects,
}

/// What a request does beyond its own answer.
#[derive(Debug, Default)]
struct Effects {
    latest_stamp: u64,
    answers: Vec<(Caller, Reply)>,
}

impl Objects {
    /// The answer to `request`; `None` when the caller has to wait.
    pub(super) fn answer(&mut self, caller: Caller, request: Request) -> Option<Reply> {
        match request {
            Request::Open { name, object } => Some(self.open(name, object)),
            Request::Call { object, operation, .. } => match self.by_id.get_mut(&object) {
                Some(object) => object.call(caller, operation, &mut self.effects),
                None => Some(Reply::Refused(Refusal::ObjectGone)),
            },
            Request::Delete { object } => Some(self.delete(object)),
        }
    }

    /// The answers to requests that have waited, since this was last asked.
    pub(super) fn take_answers(&mut self) -> Vec<(Caller, Reply)> {
        std::mem::take(&mut self.effects.answers)
    }

    /// The caller no longer waits for the object.
    pub(super) fn withdraw(&mut self, caller: Caller, object: u64) {
        if let Some(object) = self.by_id.get_mut(&object) {
            object.withdraw(caller);
        }
    }

    /// The caller has gone: it no longer waits for the object, and what it holds is released.
    pub(super) fn depart(&mut self, caller: Caller, object: u64) {
        if let Some(object) = self.by_id.get_mut(&object) {
            object.withdraw(caller);
            object.abandon(caller, &mut self.effects);
        }
    }

    /// An item that did not reach who had taken it is the queue's first again.
    pub(super) fn give_back(&mut self, queue: u64, item: Payload) {
        if let Some(queue) = self.by_id.get_mut(&queue) {
            queue.give_back(item, &mut self.effects);
        }
    }

    fn open(&mut self, name: Option<String>, object: NewObject) -> Reply {
        if let Some(id) = name.as_ref().and_then(|name| self.names.get(name)) {
            let (found, wanted) = (self.by_id[id].kind(), object.kind());
            return if found == wanted {
                Reply::Object(*id)
            } else {
                Reply::Refused(Refusal::WrongKind { found, wanted })
            };
        }
        self.latest_id += 1;
        let id = self.latest_id;
        self.by_id.insert(id, Object::new(object, &mut self.effects));
        self.names.extend(name.map(|name| (name, id)));
        Reply::Object(id)
    }

    fn delete(&mut self, id: u64) -> Reply {
        let Some(object) = self.by_id.remove(&id) else {
            return Reply::Refused(Refusal::ObjectGone);
        };
        self.names.retain(|_, named| *named != id);
        for caller in object.waiting() {
            self.effects.answer(caller, Reply::Refused(Refusal::ObjectGone));
        }
        Reply::Done
    }
}

impl Effects {
    fn answer(&mut self, caller: Caller, reply: Reply) {
        self.answers.push((caller, reply));
    }

    /// The value with a stamp that no other write has.
    fn stamped(&mut self, payload: Payload) -> Stamped {
        self.latest_stamp += 1;
        Stamped {
            stamp: self.latest_stamp,
            payload,
        }
    }
}

#[cfg(test)]
mod tests;
