//! Data in memory that processes share: with a lock ([`Value`], [`Array`]) and without ([`SharedArray`], [`SharedMemory`]).

mod array;
mod data;
mod shared_array;
mod shared_memory;
mod value;

pub use array::{Array, ArrayGuard};
pub use data::SharedData;
pub use shared_array::SharedArray;
pub use shared_memory::SharedMemory;
pub use value::{Value, ValueGuard};

use serde::Deserializer;

use crate::handles::handle;
use crate::sys::guarded::Guarded;
use crate::sys::plain::Plain;
use crate::sys::region::Kind;

/// Reads a handle to elements behind a lock.
fn deserialize_guarded<'de, T, D: Deserializer<'de>>(
    kind: Kind,
    what: &str,
    deserializer: D,
) -> Result<Guarded<T>, D::Error>
where
    T: SharedData,
{
    let head = handle::deserialize(kind, what, deserializer)?;
    Guarded::behind(head).map_err(|error| handle::cannot_open(what, error))
}

/// Reads a handle to elements without a lock.
fn deserialize_plain<'de, T, D: Deserializer<'de>>(
    kind: Kind,
    what: &str,
    deserializer: D,
) -> Result<Plain<T>, D::Error>
where
    T: SharedData,
{
    let region = handle::deserialize_region(kind, what, deserializer)?;
    Plain::in_region(region).map_err(|error| handle::cannot_open(what, error))
}

/// The elements to write to.
///
/// # Panics
///
/// If this process has another handle to `what` they are.
#[track_caller]
fn only_slice<'a, T: SharedData>(plain: &'a mut Plain<T>, what: &str) -> &'a mut [T] {
    let Some(elements) = plain.as_mut_slice() else {
        panic!(
            "this process has another handle to {what}: drop it, or wait until it has arrived where it was sent, before \
             you write"
        )
    };
    elements
}
