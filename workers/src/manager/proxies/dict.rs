//! A dict.

use std::borrow::Borrow;

use serde::Serialize;

use super::object::{decode, encode};
use super::proxy;
use crate::manager::error::ManagerError;
use crate::manager::message::{DictOperation, Operation, Payload, Reply};
use crate::message::Message;

proxy! {
    /// A dict in a [`Manager`](crate::Manager); from [`Manager::dict`](crate::Manager::dict).
    ///
    /// Keys are compared by their serialized form: `Eq` and `Hash` are not asked, since the server knows no types. So a
    /// key must be serialized in the same way each time; a `HashMap`, which has its entries in some order, is not a good
    /// key. The entries are in the order in which their keys were added, as in Python.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::Manager;
    ///
    /// let manager = Manager::new()?;
    /// let ages = manager.dict::<String, u32>()?;
    /// assert_eq!(ages.insert("Ada".to_owned(), 36)?, None);
    /// ages.update("Ada", |age| age.map(|age| age + 1))?;
    /// assert_eq!(ages.get("Ada")?, Some(37));
    /// assert_eq!(ages.keys()?, ["Ada"]);
    /// # Ok::<(), parcell::ManagerError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// All methods fail if the manager has ended or cannot be reached, if the dict was deleted, or if a key or value
    /// cannot be encoded or decoded.
    DictProxy<K, V>
}

impl<K: Message, V: Message> DictProxy<K, V> {
    /// Sets the value of a key; the value that it had.
    ///
    /// # Errors
    ///
    /// See [`DictProxy`].
    pub fn insert(&self, key: K, value: V) -> Result<Option<V>, ManagerError> {
        self.item(DictOperation::Insert(encode(&key)?, encode(&value)?))
    }

    /// The value of the key.
    ///
    /// # Errors
    ///
    /// See [`DictProxy`].
    pub fn get<Q: Serialize + ?Sized>(&self, key: &Q) -> Result<Option<V>, ManagerError>
    where
        K: Borrow<Q>,
    {
        let loaded = self.object.load(Operation::Dict(DictOperation::Load(encode(key)?)))?;
        loaded.map(|value| decode(&value.payload)).transpose()
    }

    /// The value of the key, which is set to `value` if it has none. Python's `setdefault`.
    ///
    /// # Errors
    ///
    /// See [`DictProxy`].
    pub fn get_or_insert(&self, key: K, value: V) -> Result<V, ManagerError> {
        let present = self.item(DictOperation::GetOrInsert(encode(&key)?, encode(&value)?))?;
        Ok(present.unwrap_or(value))
    }

    /// Removes the key; the value that it had.
    ///
    /// # Errors
    ///
    /// See [`DictProxy`].
    pub fn remove<Q: Serialize + ?Sized>(&self, key: &Q) -> Result<Option<V>, ManagerError>
    where
        K: Borrow<Q>,
    {
        self.item(DictOperation::Remove(encode(key)?))
    }

    /// Changes the value of the key to what `f` makes of it: `None` is no value. It is atomic: when another process has
    /// changed the value meanwhile, `f` is called again with what is there by then, and what it had done is forgotten.
    ///
    /// # Errors
    ///
    /// See [`DictProxy`].
    pub fn update<Q: Serialize + ?Sized>(
        &self,
        key: &Q,
        mut f: impl FnMut(Option<V>) -> Option<V>,
    ) -> Result<(), ManagerError>
    where
        K: Borrow<Q>,
    {
        let key: Payload = encode(key)?;
        let mut current = self.object.load(Operation::Dict(DictOperation::Load(key.clone())))?;
        loop {
            let value = current.as_ref().map(|value| decode(&value.payload)).transpose()?;
            let replace = DictOperation::Replace {
                key: key.clone(),
                stamp: current.map(|value| value.stamp),
                value: f(value).as_ref().map(encode).transpose()?,
            };
            match self.object.replace(Operation::Dict(replace))? {
                Ok(()) => return Ok(()),
                Err(other) => current = other,
            }
        }
    }

    /// Whether the key has a value.
    ///
    /// # Errors
    ///
    /// See [`DictProxy`].
    pub fn contains_key<Q: Serialize + ?Sized>(&self, key: &Q) -> Result<bool, ManagerError>
    where
        K: Borrow<Q>,
    {
        self.object.flag(Operation::Dict(DictOperation::Contains(encode(key)?)))
    }

    /// How many keys there are.
    ///
    /// # Errors
    ///
    /// See [`DictProxy`].
    pub fn len(&self) -> Result<usize, ManagerError> {
        self.object.count(Operation::Dict(DictOperation::Len))
    }

    /// Whether there are no keys.
    ///
    /// # Errors
    ///
    /// See [`DictProxy`].
    pub fn is_empty(&self) -> Result<bool, ManagerError> {
        Ok(self.len()? == 0)
    }

    /// Removes all keys.
    ///
    /// # Errors
    ///
    /// See [`DictProxy`].
    pub fn clear(&self) -> Result<(), ManagerError> {
        self.object.done(Operation::Dict(DictOperation::Clear))
    }

    /// All keys, as they are at one moment.
    ///
    /// # Errors
    ///
    /// See [`DictProxy`].
    pub fn keys(&self) -> Result<Vec<K>, ManagerError> {
        self.object.items(Operation::Dict(DictOperation::Keys))
    }

    /// All values, as they are at one moment.
    ///
    /// # Errors
    ///
    /// See [`DictProxy`].
    pub fn values(&self) -> Result<Vec<V>, ManagerError> {
        self.object.items(Operation::Dict(DictOperation::Values))
    }

    /// All keys with their values, as they are at one moment.
    ///
    /// # Errors
    ///
    /// See [`DictProxy`].
    pub fn items(&self) -> Result<Vec<(K, V)>, ManagerError> {
        match self.object.call(Operation::Dict(DictOperation::Pairs), None)? {
            Reply::Pairs(pairs) => pairs
                .iter()
                .map(|(key, value)| Ok((decode(key)?, decode(value)?)))
                .collect(),
            _ => Err(self.object.unexpected()),
        }
    }

    fn item(&self, operation: DictOperation) -> Result<Option<V>, ManagerError> {
        self.object.item(Operation::Dict(operation))
    }
}
