//! A single value.

use super::object::{decode, encode};
use super::proxy;
use crate::manager::error::ManagerError;
use crate::manager::message::{Operation, Stamped, ValueOperation};
use crate::message::Message;

proxy! {
    /// A value in a [`Manager`](crate::Manager); from [`Manager::value`](crate::Manager::value).
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::{Manager, Process};
    ///
    /// let manager = Manager::new()?;
    /// let best = manager.value(0.5)?;
    /// let process = Process::spawn(|| best.update(|best| *best = f64::max(*best, 0.7)));
    /// process.join().unwrap()?;
    /// assert_eq!(best.get()?, 0.7);
    /// # Ok::<(), parcell::ManagerError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// All methods fail if the manager has ended or cannot be reached, if the value was deleted, or if it cannot be
    /// encoded or decoded.
    ValueProxy<T>
}

impl<T: Message> ValueProxy<T> {
    /// The value.
    ///
    /// # Errors
    ///
    /// See [`ValueProxy`].
    pub fn get(&self) -> Result<T, ManagerError> {
        decode(&self.load()?.payload)
    }

    /// Replaces the value.
    ///
    /// # Errors
    ///
    /// See [`ValueProxy`].
    pub fn set(&self, value: T) -> Result<(), ManagerError> {
        self.object.done(Operation::Value(ValueOperation::Set(encode(&value)?)))
    }

    /// Changes the value and returns what `f` returns. It is atomic: `f` gets what is there, and when another process
    /// has changed that meanwhile, `f` is called again with what is there by then, and what it had done is forgotten.
    ///
    /// # Errors
    ///
    /// See [`ValueProxy`].
    pub fn update<R>(&self, mut f: impl FnMut(&mut T) -> R) -> Result<R, ManagerError> {
        let mut current = self.load()?;
        loop {
            let mut value = decode(&current.payload)?;
            let result = f(&mut value);
            let replace = ValueOperation::Replace {
                stamp: current.stamp,
                value: encode(&value)?,
            };
            match self.object.replace(Operation::Value(replace))? {
                Ok(()) => return Ok(result),
                Err(other) => current = other.ok_or_else(|| self.object.unexpected())?,
            }
        }
    }

    fn load(&self) -> Result<Stamped, ManagerError> {
        let loaded = self.object.load(Operation::Value(ValueOperation::Load))?;
        loaded.ok_or_else(|| self.object.unexpected())
    }
}
