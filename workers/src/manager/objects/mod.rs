//! The objects that a server holds. They know requests and answers, and nothing of sockets.

mod dict;
mod event;
mod list;
mod lock;
mod queue;
mod semaphore;
mod value;
mod waiters;

use std::collections::{BTreeMap, HashMap};

use super::message::{Kind, NewObject, Operation, Payload, Refusal, Reply, Request, Stamped};
use super::message::{LockOperation, QueueOperation, SemaphoreOperation};
use dict::Dict;
use event::Event;
use list::List;
use lock::Lock;
use queue::Queue;
use semaphore::Semaphore;
use value::Value;

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

#[derive(Debug)]
enum Object {
    List(List),
    Dict(Dict),
    Value(Value),
    Queue(Queue),
    Lock(Lock),
    Semaphore(Semaphore),
    Event(Event),
}

impl Objects {
    /// The answer to `request`; `None` when the caller has to wait for it.
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
        if let Some(Object::Queue(queue)) = self.by_id.get_mut(&queue) {
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

impl Object {
    fn new(object: NewObject, effects: &mut Effects) -> Self {
        match object {
            NewObject::List => Self::List(List::default()),
            NewObject::Dict => Self::Dict(Dict::default()),
            NewObject::Value(payload) => Self::Value(Value::new(effects.stamped(payload))),
            NewObject::Queue { bound } => Self::Queue(Queue::new(bound)),
            NewObject::Lock => Self::Lock(Lock::default()),
            NewObject::Semaphore { permits } => Self::Semaphore(Semaphore::new(permits)),
            NewObject::Event => Self::Event(Event::default()),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::List(_) => Kind::List,
            Self::Dict(_) => Kind::Dict,
            Self::Value(_) => Kind::Value,
            Self::Queue(_) => Kind::Queue,
            Self::Lock(_) => Kind::Lock,
            Self::Semaphore(_) => Kind::Semaphore,
            Self::Event(_) => Kind::Event,
        }
    }

    fn call(&mut self, caller: Caller, operation: Operation, effects: &mut Effects) -> Option<Reply> {
        match (self, operation) {
            (Self::List(list), Operation::List(operation)) => Some(list.call(operation, effects)),
            (Self::Dict(dict), Operation::Dict(operation)) => Some(dict.call(operation, effects)),
            (Self::Value(value), Operation::Value(operation)) => Some(value.call(operation, effects)),
            (Self::Queue(queue), Operation::Queue(operation)) => queue.call(caller, operation, effects),
            (Self::Lock(lock), Operation::Lock(operation)) => lock.call(caller, operation, effects),
            (Self::Semaphore(semaphore), Operation::Semaphore(operation)) => semaphore.call(caller, operation, effects),
            (Self::Event(event), Operation::Event(operation)) => event.call(caller, operation, effects),
            (object, operation) => Some(Reply::Refused(Refusal::WrongKind {
                found: object.kind(),
                wanted: operation.kind(),
            })),
        }
    }

    /// The callers that wait.
    fn waiting(&self) -> Vec<Caller> {
        match self {
            Self::List(_) | Self::Dict(_) | Self::Value(_) => Vec::new(),
            Self::Queue(queue) => queue.waiting(),
            Self::Lock(lock) => lock.waiting(),
            Self::Semaphore(semaphore) => semaphore.waiting(),
            Self::Event(event) => event.waiting(),
        }
    }

    fn withdraw(&mut self, caller: Caller) {
        match self {
            Self::List(_) | Self::Dict(_) | Self::Value(_) => {}
            Self::Queue(queue) => queue.withdraw(caller),
            Self::Lock(lock) => lock.withdraw(caller),
            Self::Semaphore(semaphore) => semaphore.withdraw(caller),
            Self::Event(event) => event.withdraw(caller),
        }
    }

    fn abandon(&mut self, caller: Caller, effects: &mut Effects) {
        match self {
            Self::Lock(lock) => lock.abandon(caller, effects),
            Self::Semaphore(semaphore) => semaphore.abandon(caller, effects),
            _ => {}
        }
    }
}

impl Operation {
    fn kind(&self) -> Kind {
        match self {
            Self::List(_) => Kind::List,
            Self::Dict(_) => Kind::Dict,
            Self::Value(_) => Kind::Value,
            Self::Queue(_) => Kind::Queue,
            Self::Lock(_) => Kind::Lock,
            Self::Semaphore(_) => Kind::Semaphore,
            Self::Event(_) => Kind::Event,
        }
    }

    /// Whether the answer may be all that there is of an item.
    pub(super) fn takes(&self) -> bool {
        matches!(self, Self::Queue(QueueOperation::Get))
    }

    /// Whether the caller may hold something of the object once it has been answered.
    pub(super) fn acquires(&self) -> bool {
        matches!(
            self,
            Self::Lock(LockOperation::Acquire) | Self::Semaphore(SemaphoreOperation::Acquire)
        )
    }
}

#[cfg(test)]
mod tests;
