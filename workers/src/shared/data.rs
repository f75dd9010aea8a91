//! What can be in shared memory.

/// Plain data, which can be in memory that processes share: a number, an array of such data, or a struct of it.
///
/// It is implemented for every type that is `bytemuck::Pod`: one that has no pointers, since an address means something
/// else in another process, and of which any bytes are a value, since a process can die while it writes one. A struct
/// of your own becomes one by deriving:
///
/// ```
/// use parcell::Value;
/// use parcell::bytemuck::{Pod, Zeroable};
///
/// #[derive(Clone, Copy, Pod, Zeroable)]
/// #[bytemuck(crate = "parcell::bytemuck")]
/// #[repr(C)]
/// struct Position {
///     x: f64,
///     y: f64,
/// }
///
/// let position = Value::new(Position { x: 0.0, y: 1.0 });
/// position.lock().x += 0.5;
/// assert_eq!(position.get().x, 0.5);
/// ```
///
/// A `bool` is not plain data, since not every byte is one:
///
/// ```compile_fail,E0277
/// let flag = parcell::Value::new(false);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be in memory that processes share",
    label = "shared memory holds plain data: numbers, and arrays and structs of numbers",
    note = "for a struct of your own, write `#[derive(Clone, Copy, Pod, Zeroable)]`, `#[bytemuck(crate = \"parcell::bytemuck\")]` and `#[repr(C)]` above its definition, with `use parcell::bytemuck::{{Pod, Zeroable}};`",
    note = "instead of a `bool` take a `u8`, or an `Event`; instead of a `Vec` take an `Array`, or a `SharedArray`; to send text and other values take a `Queue`"
)]
pub trait SharedData: bytemuck::Pod + Send + Sync {}

#[diagnostic::do_not_recommend]
impl<T: bytemuck::Pod + Send + Sync> SharedData for T {}
