//! A list.

use super::object::{decode, encode};
use super::proxy;
use crate::manager::error::ManagerError;
use crate::manager::message::{ListOperation, Operation, Reply, Stamped};
use crate::message::Message;

proxy! {
    /// A list in a [`Manager`](crate::Manager); from [`Manager::list`](crate::Manager::list).
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::{Manager, Pool};
    ///
    /// let manager = Manager::new()?;
    /// let hits = manager.list::<u64>()?;
    /// hits.push(0)?;
    /// let results = Pool::new(2).map(|_: u32| hits.update(0, |count| *count += 1), 0..10);
    /// assert!(results.iter().all(Result::is_ok));
    /// assert_eq!(hits.to_vec()?, [10]);
    /// # Ok::<(), parcell::ManagerError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// All methods fail if the manager has ended or cannot be reached, if the list was deleted, or if a value cannot be
    /// encoded or decoded; those with an index fail with [`ManagerError::OutOfBounds`].
    ListProxy<T>
}

impl<T: Message> ListProxy<T> {
    /// Adds an item at the end.
    ///
    /// # Errors
    ///
    /// See [`ListProxy`].
    pub fn push(&self, item: T) -> Result<(), ManagerError> {
        self.done(ListOperation::Push(encode(&item)?))
    }

    /// Adds items at the end, all at once: no other item gets between them.
    ///
    /// # Errors
    ///
    /// See [`ListProxy`].
    pub fn extend(&self, items: impl IntoIterator<Item = T>) -> Result<(), ManagerError> {
        let items: Result<_, _> = items.into_iter().map(|item| encode(&item)).collect();
        self.done(ListOperation::Extend(items?))
    }

    /// The item at `index`.
    ///
    /// # Errors
    ///
    /// See [`ListProxy`].
    pub fn get(&self, index: usize) -> Result<T, ManagerError> {
        decode(&self.load(index)?.payload)
    }

    /// Replaces the item at `index`.
    ///
    /// # Errors
    ///
    /// See [`ListProxy`].
    pub fn set(&self, index: usize, item: T) -> Result<(), ManagerError> {
        self.done(ListOperation::Set(index as u64, encode(&item)?))
    }

    /// Changes the item at `index` and returns what `f` returns. It is atomic: `f` gets what is there, and when another
    /// process has changed that meanwhile, `f` is called again with what is there by then, and what it had done is
    /// forgotten.
    ///
    /// # Errors
    ///
    /// See [`ListProxy`].
    pub fn update<R>(&self, index: usize, mut f: impl FnMut(&mut T) -> R) -> Result<R, ManagerError> {
        let mut current = self.load(index)?;
        loop {
            let mut item = decode(&current.payload)?;
            let result = f(&mut item);
            let replace = ListOperation::Replace {
                index: index as u64,
                stamp: current.stamp,
                item: encode(&item)?,
            };
            match self.object.replace(Operation::List(replace))? {
                Ok(()) => return Ok(result),
                Err(other) => current = other.ok_or_else(|| self.object.unexpected())?,
            }
        }
    }

    /// Inserts an item before the one at `index`, or at the end.
    ///
    /// # Errors
    ///
    /// See [`ListProxy`]; an `index` that is the length is not out of bounds.
    pub fn insert(&self, index: usize, item: T) -> Result<(), ManagerError> {
        self.done(ListOperation::Insert(index as u64, encode(&item)?))
    }

    /// Removes the item at `index` and returns it.
    ///
    /// # Errors
    ///
    /// See [`ListProxy`].
    pub fn remove(&self, index: usize) -> Result<T, ManagerError> {
        let item = self.object.item(Operation::List(ListOperation::Remove(index as u64)))?;
        item.ok_or_else(|| self.object.unexpected())
    }

    /// Removes the last item and returns it; `None` if the list is empty.
    ///
    /// # Errors
    ///
    /// See [`ListProxy`].
    pub fn pop(&self) -> Result<Option<T>, ManagerError> {
        self.object.item(Operation::List(ListOperation::Pop))
    }

    /// The index of the first item whose serialized form is that of `item`. (`PartialEq` is not asked: the server
    /// knows no types.)
    ///
    /// # Errors
    ///
    /// See [`ListProxy`].
    pub fn index_of(&self, item: &T) -> Result<Option<usize>, ManagerError> {
        let find = Operation::List(ListOperation::Find(encode(item)?));
        match self.object.call(find, None)? {
            Reply::Position(index) => Ok(index.and_then(|index| usize::try_from(index).ok())),
            _ => Err(self.object.unexpected()),
        }
    }

    /// Whether an item has the serialized form of `item`.
    ///
    /// # Errors
    ///
    /// See [`ListProxy`].
    pub fn contains(&self, item: &T) -> Result<bool, ManagerError> {
        Ok(self.index_of(item)?.is_some())
    }

    /// How many items there are.
    ///
    /// # Errors
    ///
    /// See [`ListProxy`].
    pub fn len(&self) -> Result<usize, ManagerError> {
        self.object.count(Operation::List(ListOperation::Len))
    }

    /// Whether there are no items.
    ///
    /// # Errors
    ///
    /// See [`ListProxy`].
    pub fn is_empty(&self) -> Result<bool, ManagerError> {
        Ok(self.len()? == 0)
    }

    /// Removes all items.
    ///
    /// # Errors
    ///
    /// See [`ListProxy`].
    pub fn clear(&self) -> Result<(), ManagerError> {
        self.done(ListOperation::Clear)
    }

    /// All items, as they are at one moment.
    ///
    /// # Errors
    ///
    /// See [`ListProxy`].
    pub fn to_vec(&self) -> Result<Vec<T>, ManagerError> {
        self.object.items(Operation::List(ListOperation::Items))
    }

    fn load(&self, index: usize) -> Result<Stamped, ManagerError> {
        let loaded = self.object.load(Operation::List(ListOperation::Load(index as u64)))?;
        loaded.ok_or_else(|| self.object.unexpected())
    }

    fn done(&self, operation: ListOperation) -> Result<(), ManagerError> {
        self.object.done(Operation::List(operation))
    }
}
