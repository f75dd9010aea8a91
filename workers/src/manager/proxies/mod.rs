//! Handles to objects in a server, one kind a file.

mod dict;
mod event;
mod hold;
mod list;
mod lock;
mod object;
mod queue;
mod semaphore;
mod value;

pub use dict::DictProxy;
pub use event::EventProxy;
pub use list::ListProxy;
pub use lock::{LockProxy, LockProxyGuard};
pub(super) use object::{Object, UNEXPECTED, encode};
pub use queue::QueueProxy;
pub use semaphore::{SemaphoreProxy, SemaphoreProxyPermit};
pub use value::ValueProxy;

/// Defines a proxy: a handle to an object, for values of the types in angle brackets.
macro_rules! proxy {
    ($(#[$attribute:meta])* $name:ident<$($type:ident),*>) => {
        $(#[$attribute])*
        pub struct $name<$($type),*> {
            object: $crate::manager::proxies::Object,
            values: std::marker::PhantomData<fn() -> ($($type,)*)>,
        }

        impl<$($type),*> $name<$($type),*> {
            pub(in crate::manager) fn new(object: $crate::manager::proxies::Object) -> Self {
                Self { object, values: std::marker::PhantomData }
            }

            /// Deletes the object from the manager. All proxies of it get
            /// [`ManagerError::ObjectGone`](crate::manager::ManagerError::ObjectGone) from here on, as do those who wait.
            ///
            /// # Errors
            ///
            /// If it was deleted already, or the manager has ended or cannot be reached.
            pub fn delete(&self) -> Result<(), crate::manager::ManagerError> {
                self.object.delete()
            }
        }

        impl<$($type),*> Clone for $name<$($type),*> {
            fn clone(&self) -> Self {
                Self::new(self.object.clone())
            }
        }

        impl<$($type),*> std::fmt::Debug for $name<$($type),*> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.object.describe(stringify!($name), f)
            }
        }

        /// What is sent is how to reach the object, with the manager's key.
        impl<$($type),*> serde::Serialize for $name<$($type),*> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.object.serialize(serializer)
            }
        }

        impl<'de, $($type),*> serde::Deserialize<'de> for $name<$($type),*> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::manager::proxies::Object::deserialize(deserializer).map(Self::new)
            }
        }
    };
}

use proxy;
