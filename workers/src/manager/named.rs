//! Making objects, with and without names.

use std::sync::Arc;

use super::endpoint::Endpoint;
use super::error::ManagerError;
use super::message::{NewObject, Reply, Request};
use super::proxies::{
    self, DictProxy, EventProxy, ListProxy, LockProxy, Object, QueueProxy, SemaphoreProxy, ValueProxy,
};
use crate::message::Message;

/// The object of a manager that has a name; from [`Manager::named`](crate::Manager::named).
///
/// Each method returns the object with the name, and makes it if there is none. What it is made with (a value, a bound,
/// a number of permits) counts only then.
///
/// # Examples
///
/// ```
/// use parcell::{Manager, ManagerError};
///
/// let manager = Manager::new()?;
/// manager.named("best").value(10)?.set(11)?;
/// assert_eq!(manager.named("best").value(10)?.get()?, 11);
/// let error = manager.named("best").lock().unwrap_err();
/// assert_eq!(error.to_string(), "\"best\" is a value, not a lock");
/// # Ok::<(), ManagerError>(())
/// ```
///
/// # Errors
///
/// All methods fail if the manager has ended or cannot be reached, and with [`ManagerError::WrongKind`] if the object
/// with the name is of another kind. That its values are of another type shows when one is decoded.
#[derive(Debug)]
#[must_use = "a name by itself is not yet an object"]
pub struct Named<'a> {
    endpoint: &'a Arc<Endpoint>,
    name: Option<String>,
}

impl<'a> Named<'a> {
    pub(super) fn new(endpoint: &'a Arc<Endpoint>, name: Option<String>) -> Self {
        Self { endpoint, name }
    }

    /// The list with the name.
    ///
    /// # Errors
    ///
    /// See [`Named`].
    pub fn list<T: Message>(self) -> Result<ListProxy<T>, ManagerError> {
        self.open(NewObject::List).map(ListProxy::new)
    }

    /// The dict with the name.
    ///
    /// # Errors
    ///
    /// See [`Named`].
    pub fn dict<K: Message, V: Message>(self) -> Result<DictProxy<K, V>, ManagerError> {
        self.open(NewObject::Dict).map(DictProxy::new)
    }

    /// The shared value with the name; `value`, if it is new.
    ///
    /// # Errors
    ///
    /// See [`Named`]; and if the value cannot be encoded.
    pub fn value<T: Message>(self, value: T) -> Result<ValueProxy<T>, ManagerError> {
        let value = proxies::encode(&value)?;
        self.open(NewObject::Value(value)).map(ValueProxy::new)
    }

    /// The queue with the name; without a bound, if it is new.
    ///
    /// # Errors
    ///
    /// See [`Named`].
    pub fn queue<T: Message>(self) -> Result<QueueProxy<T>, ManagerError> {
        self.open(NewObject::Queue { bound: None }).map(QueueProxy::new)
    }

    /// The queue with the name; for at most `bound` items, if it is new.
    ///
    /// # Errors
    ///
    /// See [`Named`].
    ///
    /// # Panics
    ///
    /// If `bound` is 0.
    #[track_caller]
    pub fn bounded_queue<T: Message>(self, bound: usize) -> Result<QueueProxy<T>, ManagerError> {
        assert!(bound > 0, "a queue for no items cannot be used");
        let bound = Some(bound as u64);
        self.open(NewObject::Queue { bound }).map(QueueProxy::new)
    }

    /// The lock with the name.
    ///
    /// # Errors
    ///
    /// See [`Named`].
    pub fn lock(self) -> Result<LockProxy, ManagerError> {
        self.open(NewObject::Lock).map(LockProxy::new)
    }

    /// The semaphore with the name; with this many permits, if it is new.
    ///
    /// # Errors
    ///
    /// See [`Named`].
    pub fn semaphore(self, permits: usize) -> Result<SemaphoreProxy, ManagerError> {
        let permits = permits as u64;
        self.open(NewObject::Semaphore { permits }).map(SemaphoreProxy::new)
    }

    /// The event with the name.
    ///
    /// # Errors
    ///
    /// See [`Named`].
    pub fn event(self) -> Result<EventProxy, ManagerError> {
        self.open(NewObject::Event).map(EventProxy::new)
    }

    fn open(self, object: NewObject) -> Result<Object, ManagerError> {
        let kind = object.kind();
        let request = Request::Open {
            name: self.name.clone(),
            object,
        };
        match self.endpoint.request(&request, None)? {
            Reply::Object(id) => Ok(Object::new(Arc::clone(self.endpoint), id, kind)),
            Reply::Refused(refusal) => Err(self.endpoint.refused(refusal, kind, self.name.as_deref())),
            _ => Err(self.endpoint.broken(proxies::UNEXPECTED)),
        }
    }
}
