//! The notebook's variables between cells, as the code that is generated for cells stores and takes them.
//!
//! What is generic here is compiled with each cell, and is a thin shell therefore: what allocates, looks up and drops is
//! compiled once.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::ptr::NonNull;
use std::sync::Arc;

use super::inspection::{Seeing, Viewer};
use super::send_control_line;
pub use crate::contract::control::{PANICKED, USER_ERROR_OCCURRED, VARIABLE_CHANGED_TYPE};
use crate::contract::inspection::{Look, Seen};

/// The variables, by name.
#[derive(Debug, Default)]
pub struct VariableStore {
    values: HashMap<String, Box<dyn Any>>,
    /// How variables are looked at, by their types.
    viewers: HashMap<TypeId, Viewer>,
}

/// A new store, which lives until its process ends.
pub fn create_variable_store() -> *mut VariableStore {
    Box::into_raw(Box::default())
}

impl VariableStore {
    /// Stores a variable when the cell has ended.
    pub fn put_variable<T: 'static>(&mut self, name: &str, value: T) {
        let room = room_for(Layout::new::<T>()).cast::<T>();
        // SAFETY: the room is valid for a value of this layout, and nobody else's.
        unsafe { room.write(value) };
        // SAFETY: `room_for` gives what a box of a value of this layout consists of, and the value is there.
        self.put(name, unsafe { Box::from_raw(room.as_ptr()) });
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
        let room = self.take(name, TypeId::of::<T>()).cast::<T>();
        // SAFETY: `take` has checked the type of what is there, and nothing refers to it any more.
        let value = unsafe { room.read() };
        // SAFETY: this is what the value's box consisted of, and the value has moved out.
        unsafe { give_back(room.cast(), Layout::new::<T>()) };
        value
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
        self.viewers.extend(other.viewers);
    }

    /// Tells how variables of a type are looked at: by making a `View`, and having it seen.
    pub fn add_viewer<T: 'static>(&mut self, view: for<'a> fn(&'a T, Seeing<'_>) -> Seen) {
        self.viewers.insert(TypeId::of::<T>(), Viewer::new(view));
    }

    /// Looks at a variable.
    pub(super) fn see(&self, name: &str, look: &Look) -> Seen {
        let seen = self.values.get(name).and_then(|value| {
            // Of the value, not of the box around it.
            let value = value.as_ref();
            self.viewers.get(&value.type_id())?.see(value, look)
        });
        seen.unwrap_or(Seen::Unknown)
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

    /// What the box of the variable consists of, which is the caller's now.
    fn take(&mut self, name: &str, expected: TypeId) -> NonNull<u8> {
        let value = self
            .values
            .remove(name)
            .unwrap_or_else(|| panic!("the variable `{name}` is not there"));
        if value.as_ref().type_id() != expected {
            another_type(name);
        }
        // SAFETY: what a box consists of is not null.
        unsafe { NonNull::new_unchecked(Box::into_raw(value).cast()) }
    }
}

fn another_type(name: &str) -> ! {
    panic!("the variable `{name}` has another type")
}

/// Room for a value of this layout, as a box has it.
fn room_for(layout: Layout) -> NonNull<u8> {
    if layout.size() == 0 {
        return layout.dangling_ptr();
    }
    // SAFETY: the layout has a size.
    let room = unsafe { alloc(layout) };
    NonNull::new(room).unwrap_or_else(|| handle_alloc_error(layout))
}

/// Gives back the room of a value of this layout.
///
/// # Safety
///
/// It is what a box of such a value consisted of, with no value in it any more.
unsafe fn give_back(room: NonNull<u8>, layout: Layout) {
    if layout.size() != 0 {
        // SAFETY: the caller says that it was allocated like this, and the layout has a size.
        unsafe { dealloc(room.as_ptr(), layout) };
    }
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
    fn values_of_every_layout_come_back_whole_and_are_dropped_once() {
        #[derive(Debug, PartialEq)]
        #[repr(align(64))]
        struct Aligned(u8);
        struct Counted<'a>(&'a std::cell::Cell<u32>);
        impl Drop for Counted<'_> {
            fn drop(&mut self) {
                self.0.set(self.0.get() + 1);
            }
        }
        let dropped: &'static _ = Box::leak(Box::default());
        let mut store = VariableStore::default();
        store.put_variable("unit", ());
        store.put_variable("aligned", Aligned(7));
        store.put_variable("large", [1_u64; 1000]);
        store.put_variable("counted", Counted(dropped));
        store.put_variable("kept", Counted(dropped));
        store.take_variable::<()>("unit");
        assert_eq!(store.take_variable::<Aligned>("aligned"), Aligned(7));
        assert_eq!(store.take_variable::<[u64; 1000]>("large"), [1; 1000]);
        drop(store.take_variable::<Counted<'static>>("counted"));
        assert_eq!(dropped.get(), 1);
        drop(store);
        assert_eq!(dropped.get(), 2);
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
