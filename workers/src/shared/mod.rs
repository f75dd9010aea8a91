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
