//! The notebook's variables between cells, as the code that is generated for cells stores and takes them.
//!
//! What is generic here is compiled with each cell, and kept small therefore.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use super::send_control_line;
pub use crate::contract::control::{PANICKED, USER_ERROR_OCCURRED, VARIABLE_CHANGED_TYPE};

/// The variables, by name.
#[derive(Debug, Default)]
pub struct VariableStore {
    values: HashMap<String, Box<dyn Any>>,
}

/// A new store, which lives until its process ends.
pub fn create_variable_store() -> *mut VariableStore {
    Box::into_raw(Box::default())
}

impl VariableStore {
    /// Stores a variable when the cell has ended.
    pub fn put_variable<T: 'static>(&mut self, name: &str, value: T) {
        self.put(name, Box::new(value));
    }

    /// Whether the variable, if there is one of this name, has this type; if not, says so.
    pub fn check_variable<T: 'static>(&mut self, name: &str) -> bool {
        self.check(name, TypeId::of::<T>())
    }

    /// Takes a variable for the cell that is about to run.
    ///
    /// # Panics
    ///
    /// When there is none of this name and type, which generated code has made sure of.
    pub fn take_variable<T: 'static>(&mut self, name: &str) -> T {
        match self.take(name).downcast() {
            Ok(value) => *value,
            Err(_) => another_type(name),
        }
    }

    /// The value that all cells share under this name, made by the first that asks.
    ///
    /// # Panics
    ///
    /// When it is of another type.
    pub fn lazy_arc<T: 'static, F: FnOnce() -> T>(&mut self, name: &str, create: F) -> Arc<T> {
        if !self.values.contains_key(name) {
            self.put(name, Box::new(Arc::new(create())));
        }
        match self.values.get(name).and_then(|value| value.downcast_ref()) {
            Some(value) => Arc::clone(value),
            None => another_type(name),
        }
    }

    /// Takes over all variables of another store.
    pub fn merge(&mut self, other: VariableStore) {
        self.values.extend(other.values);
    }

    fn put(&mut self, name: &str, value: Box<dyn Any>) {
        self.values.insert(name.to_owned(), value);
    }

    #[expect(clippy::print_stderr, reason = "it is the cell's output")]
    fn check(&self, name: &str, expected: TypeId) -> bool {
        // Of the value, not of the box around it.
        let fits = self
            .values
            .get(name)
            .is_none_or(|value| value.as_ref().type_id() == expected);
        if !fits {
            eprintln!("parcell: the variable `{name}` is lost: its type has been redefined, or compiled anew");
            send_control_line(&format!("{VARIABLE_CHANGED_TYPE}{name}"));
        }
        fits
    }

    fn take(&mut self, name: &str) -> Box<dyn Any> {
        self.values
            .remove(name)
            .unwrap_or_else(|| panic!("the variable `{name}` is not there"))
    }
}

fn another_type(name: &str) -> ! {
    panic!("the variable `{name}` has another type")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_taken_as_they_were_put() {
        let mut store = VariableStore::default();
        store.put_variable("text", String::from("a"));
        assert!(store.check_variable::<String>("text"));
        assert!(store.check_variable::<u32>("none"));
        assert_eq!(store.take_variable::<String>("text"), "a");
    }

    #[test]
    fn what_is_shared_is_made_once() {
        let mut store = VariableStore::default();
        let first = store.lazy_arc("shared", || 1);
        let second = store.lazy_arc("shared", || 2);
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(*second, 1);
    }

    #[test]
    fn a_merged_store_has_the_variables_of_both() {
        let (mut one, mut other) = (VariableStore::default(), VariableStore::default());
        one.put_variable("a", 1);
        other.put_variable("b", 2);
        one.merge(other);
        assert_eq!((one.take_variable::<i32>("a"), one.take_variable::<i32>("b")), (1, 2));
    }

    #[test]
    #[should_panic(expected = "the variable `x` has another type")]
    fn a_variable_is_never_taken_as_another_type() {
        let mut store = VariableStore::default();
        store.put_variable("x", 1_u32);
        store.take_variable::<u64>("x");
    }
}
