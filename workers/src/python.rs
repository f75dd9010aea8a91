#![doc = include_str!("python.md")]

// For the links.
#[cfg(doc)]
use crate::*;
