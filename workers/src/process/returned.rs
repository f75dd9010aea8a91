//! What a process's function can return: a message, or nothing ever.

use serde::{Deserialize, Serialize};

use crate::message::Message;

/// What the function of a [`Process`](crate::Process) returns: a [`Message`], or [`Never`], which is what a closure
/// returns that is a `loop` without an end. `How` tells these apart, and is inferred.
///
/// ```
/// use std::time::Duration;
///
/// let daemon = parcell::Process::builder().daemon(true).spawn(|| {
///     loop {
///         std::thread::sleep(Duration::from_millis(100));
///     }
/// });
/// assert!(daemon.is_alive());
/// ```
#[diagnostic::on_unimplemented(
    message = "a value of type `{Self}` cannot be sent from a worker process",
    label = "a result must implement `Serialize` and `Deserialize`",
    note = "for your own types, add `#[derive(Serialize, Deserialize)]` above the definition (of `{Self}`, or of a type in it)",
    note = "references cannot be sent: return an owned value, such as `String` for `&str`"
)]
pub trait Returned<How>: Sized {
    /// What travels.
    type Sent: Message;

    /// What is sent of the value.
    fn into_sent(self) -> Self::Sent;

    /// The value of what has arrived.
    fn from_sent(sent: Self::Sent) -> Self;
}

/// How a [`Message`] is returned: it is sent.
#[derive(Debug)]
pub enum AsMessage {}

/// How [`Never`] is returned: not at all.
#[derive(Debug, Serialize, Deserialize)]
pub enum NotAtAll {}

/// The type `!` of what never returns, which has no name in stable Rust in most places: `Process<Never>` is the type of
/// a process whose function is a `loop` without an end.
pub type Never = <fn() -> ! as FunctionPointer>::Output;

/// By way of whose output `!` gets a name.
#[doc(hidden)]
pub trait FunctionPointer {
    type Output;
}

impl<R> FunctionPointer for fn() -> R {
    type Output = R;
}

#[diagnostic::do_not_recommend]
impl<T: Message> Returned<AsMessage> for T {
    type Sent = T;

    fn into_sent(self) -> T {
        self
    }

    fn from_sent(sent: T) -> T {
        sent
    }
}

#[diagnostic::do_not_recommend]
impl Returned<NotAtAll> for Never {
    type Sent = NotAtAll;

    fn into_sent(self) -> NotAtAll {
        self
    }

    fn from_sent(sent: NotAtAll) -> Never {
        match sent {}
    }
}
