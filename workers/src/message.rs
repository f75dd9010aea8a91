//! What can travel between processes.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A type whose values can be sent from one process to another: one with serde's `Serialize` and `Deserialize`.
///
/// It is implemented for every such type; for your own, derive both:
///
/// ```
/// use parcell::prelude::*;
///
/// #[derive(Serialize, Deserialize)]
/// struct Point {
///     x: f64,
///     y: f64,
/// }
///
/// let points = Pool::new(2).map(|x: f64| Point { x, y: x * x }, [1.0, 2.0]);
/// assert_eq!(points[1].y, 4.0);
/// ```
///
/// A value arrives as it was sent, whatever it is made of: enums with and without tags, flattened and skipped fields, maps
/// with any keys, options in options (`Some(None)` and `Some(())` too), 128-bit numbers, JSON values, each bit of a
/// floating-point number. Vectors of numbers, and of arrays of numbers, are copied as they lie in memory.
///
/// # Limits
///
/// - Values may be nested 4096 levels deep. An option, a newtype and an enum's variant with data are a level each, as are
///   a list, a map and a struct. Where a type does not say what it expects (untagged and internally tagged enums,
///   flattened fields, `serde_json::Value`), it is 128. Less is possible on a thread with a small stack.
/// - Such types cannot hold 128-bit numbers beyond 64 bits: serde reads them in two steps, and loses these in the first.
/// - A path must be UTF-8, and a time not before 1970: so serde's implementations want it. `OsString` can be anything.
///
/// What does not hold to them is an error, never a value that has changed, and never a crash.
#[diagnostic::on_unimplemented(
    message = "a value of type `{Self}` cannot be sent from a worker process",
    label = "a result must implement `Serialize` and `Deserialize`",
    note = "for your own types, add `#[derive(Serialize, Deserialize)]` above the definition (of `{Self}`, or of a type in it)",
    note = "references cannot be sent: return an owned value, such as `String` for `&str`",
    note = "a closure that never returns says what it would return: `|| -> () {{ loop {{}} }}`"
)]
pub trait Message: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Message for T {}
