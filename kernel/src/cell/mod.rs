//! What a person writes in a cell: magics, and the Rust that they stand for.
//!
//! `rewrite` turns a cell into the Rust that evcxr gets; the `SourceMap` that comes with it leads from there back to
//! what the person wrote, so that every message points at that.

mod complete;
mod function;
mod items;
mod magic;
mod magic_error;
mod pool;
mod process;
mod rewrite;
mod source_map;
mod types;
mod words;

pub(crate) use complete::is_complete;
pub(crate) use magic_error::MagicError;
pub(crate) use rewrite::{Rewritten, rewrite, without_magic};
pub(crate) use source_map::{Place, SourceMap};
pub(crate) use types::Types;

/// What the rewriting may ask about the notebook: the type of a variable, as Rust writes it.
pub(crate) trait Variables {
    fn type_of(&self, name: &str) -> Option<String>;
}
