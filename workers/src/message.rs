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
/// `Some(None)` of a nested option, and `Some(())`, arrive as `None`. An enum of your own keeps them apart.
#[diagnostic::on_unimplemented(
    message = "a value of type `{Self}` cannot be sent from a worker process",
    label = "a result must implement `Serialize` and `Deserialize`",
    note = "for your own types, add `#[derive(Serialize, Deserialize)]` above the definition (of `{Self}`, or of a type in it)",
    note = "references cannot be sent: return an owned value, such as `String` for `&str`"
)]
pub trait Message: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Message for T {}
