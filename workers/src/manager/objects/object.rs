//! One object: what it is, and who waits for it.
//!
//! What an object cannot do yet it returns, and it is tried again whenever something has been done with the object: so
//! the objects themselves know nothing of waiting.

use std::collections::VecDeque;

use super::dict::Dict;
use super::event::Event;
use super::list::List;
use super::queue::Queue;
use super::semaphore::Semaphore;
use super::value::Value;
use super::{Caller, Effects};
use crate::manager::message::{Kind, NewObject, Operation, Payload, Refusal, Reply};
use crate::manager::message::{QueueOperation, SemaphoreOperation};

/// An object, and the operations that could not be done yet, first come, first served. They wait for the same: a queue
/// is not empty and full at once.
#[derive(Debug)]
pub(super) struct Object {
    state: Content,
    waiting: VecDeque<(Caller, Operation)>,
}

#[derive(Debug)]
enum Content {
    List(List),
    Dict(Dict),
    Value(Value),
    Queue(Queue),
    Lock(Semaphore),
    Semaphore(Semaphore),
    Event(Event),
}

impl Object {
    pub(super) fn new(object: NewObject, effects: &mut Effects) -> Self {
        Self {
            state: Content::new(object, effects),
            waiting: VecDeque::new(),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.state.kind()
    }

    /// The answer to `operation`; `None` when the caller has to wait.
    pub(super) fn call(&mut self, caller: Caller, operation: Operation, effects: &mut Effects) -> Option<Reply> {
        match self.state.call(caller, operation, effects) {
            Ok(reply) => {
                self.go_on(effects);
                Some(reply)
            }
            Err(operation) => {
                self.waiting.push_back((caller, operation));
                None
            }
        }
    }

    /// The callers that wait.
    pub(super) fn waiting(&self) -> impl Iterator<Item = Caller> {
        self.waiting.iter().map(|(caller, _)| *caller)
    }

    /// The caller no longer waits.
    pub(super) fn withdraw(&mut self, caller: Caller) {
        self.waiting.retain(|(waiting, _)| *waiting != caller);
    }

    /// The caller has gone with what it holds.
    pub(super) fn abandon(&mut self, caller: Caller, effects: &mut Effects) {
        if let Content::Lock(semaphore) | Content::Semaphore(semaphore) = &mut self.state {
            semaphore.abandon(caller);
            self.go_on(effects);
        }
    }

    /// An item is the queue's first again.
    pub(super) fn give_back(&mut self, item: Payload, effects: &mut Effects) {
        if let Content::Queue(queue) = &mut self.state {
            queue.give_back(item);
            self.go_on(effects);
        }
    }

    /// Does what has waited and can be done now.
    fn go_on(&mut self, effects: &mut Effects) {
        while let Some((caller, operation)) = self.waiting.pop_front() {
            match self.state.call(caller, operation, effects) {
                Ok(reply) => effects.answer(caller, reply),
                Err(operation) => return self.waiting.push_front((caller, operation)),
            }
        }
    }
}

impl Content {
    fn new(object: NewObject, effects: &mut Effects) -> Self {
        match object {
            NewObject::List => Self::List(List::default()),
            NewObject::Dict => Self::Dict(Dict::default()),
            NewObject::Value(payload) => Self::Value(Value::new(effects.stamped(payload))),
            NewObject::Queue { bound } => Self::Queue(Queue::new(bound)),
            NewObject::Lock => Self::Lock(Semaphore::new(1)),
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

    /// The answer to `operation`, which is done; the error is the operation, which cannot be done yet.
    fn call(&mut self, caller: Caller, operation: Operation, effects: &mut Effects) -> Result<Reply, Operation> {
        match (self, operation) {
            (Self::List(list), Operation::List(operation)) => Ok(list.call(operation, effects)),
            (Self::Dict(dict), Operation::Dict(operation)) => Ok(dict.call(operation, effects)),
            (Self::Value(value), Operation::Value(operation)) => Ok(value.call(operation, effects)),
            (Self::Queue(queue), Operation::Queue(operation)) => queue.call(operation).map_err(Operation::Queue),
            (Self::Lock(lock), Operation::Lock(operation)) => lock.call(caller, operation).map_err(Operation::Lock),
            (Self::Semaphore(semaphore), Operation::Semaphore(operation)) => {
                semaphore.call(caller, operation).map_err(Operation::Semaphore)
            }
            (Self::Event(event), Operation::Event(operation)) => event.call(operation).map_err(Operation::Event),
            (state, operation) => Ok(Reply::Refused(Refusal::WrongKind {
                found: state.kind(),
                wanted: operation.kind(),
            })),
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
    pub(in crate::manager) fn takes(&self) -> bool {
        matches!(self, Self::Queue(QueueOperation::Get))
    }

    /// Whether the caller may hold something of the object once it has been answered.
    pub(in crate::manager) fn acquires(&self) -> bool {
        matches!(
            self,
            Self::Lock(SemaphoreOperation::Acquire) | Self::Semaphore(SemaphoreOperation::Acquire)
        )
    }
}
