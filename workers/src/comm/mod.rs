//! Comms: messages between the notebook's code and its front end, in both directions, from cells, threads and workers,
//! also while a cell runs. Widgets are made of them; so is whatever else a front end's extension wants to say.
//!
//! ```no_run
//! use parcell::comm::Comm;
//!
//! // An extension of the front end has registered the target "weather".
//! let weather = Comm::open("weather", ["Paris", "Oslo"]);
//! weather.on_message(|message| {
//!     let degrees: f64 = message.data().unwrap_or_default();
//!     println!("{degrees} °C");
//! });
//! ```
//!
//! A comm's messages go to its function ([`Comm::on_message`]), which is called between cells; and to whoever asks for
//! them ([`Comm::recv`]) where it has none, also while a cell runs. The protocol is
//! [Jupyter's](https://jupyter-client.readthedocs.io/en/stable/messaging.html#custom-messages). In a program that is no
//! notebook nobody is at the other end: what is sent is heard by nobody, and nothing is received.

mod handlers;
mod message;

pub(crate) use handlers::deliver;
pub(crate) use message::encode;
pub use message::{CommError, CommMessage};

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::contract::comms::{CommMessage as Said, NOTHING_YET, Notice, Payload, Question};
use crate::display::unique_id;
use crate::notebook::comms::{Answer, ask_until, say};

/// One end of a comm, which is a name: it can be cloned, kept in a variable, and sent to other processes of the notebook.
/// The comm stays open when it is dropped.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Comm {
    id: String,
    target_name: String,
}

impl Comm {
    /// Opens a comm to what the front end has registered as this target. `data` is what it begins with.
    ///
    /// Where there is no such target the front end closes the comm.
    ///
    /// # Panics
    ///
    /// If the data cannot be written as JSON.
    #[track_caller]
    pub fn open(target_name: impl Into<String>, data: impl Serialize) -> Self {
        let comm = Self::named(unique_id(), target_name.into());
        comm.say_open(message::payload(data));
        comm
    }

    pub(crate) fn named(id: String, target_name: String) -> Self {
        Self { id, target_name }
    }

    pub(crate) fn say_open(&self, payload: Payload) {
        say_to_front_end(Said::CommOpen {
            comm_id: self.id.clone(),
            target_name: self.target_name.clone(),
            payload,
        });
    }

    /// The comm's name.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who is at the other end.
    #[must_use]
    pub fn target_name(&self) -> &str {
        &self.target_name
    }

    /// Sends a message.
    ///
    /// # Panics
    ///
    /// If the data cannot be written as JSON.
    #[track_caller]
    pub fn send(&self, data: impl Serialize) {
        self.send_payload(message::payload(data));
    }

    /// Sends a message with binary parts, which travel as they are.
    ///
    /// # Panics
    ///
    /// If the data cannot be written as JSON.
    #[track_caller]
    pub fn send_with_buffers<B: AsRef<[u8]>>(&self, data: impl Serialize, buffers: impl IntoIterator<Item = B>) {
        let buffers = buffers.into_iter().map(|bytes| message::encode(bytes.as_ref()));
        self.send_payload(Payload {
            buffers: buffers.collect(),
            ..message::payload(data)
        });
    }

    pub(crate) fn send_payload(&self, payload: Payload) {
        let comm_id = self.id.clone();
        say_to_front_end(Said::CommMsg { comm_id, payload });
    }

    /// Closes the comm for both sides.
    pub fn close(&self) {
        handlers::remove(&self.id);
        let (comm_id, payload) = (self.id.clone(), Payload::default());
        say_to_front_end(Said::CommClose { comm_id, payload });
    }

    /// Has a function called for each message: between cells, as a cell is, so that what it does is undone if it crashes,
    /// and an interrupt ends it. One that the comm had before is dropped. Where updates of a widget come faster than the
    /// function computes, it is called for the latest.
    ///
    /// What the function prints goes to the front end's log, unless it goes to an [`Output`](crate::widgets::Output).
    pub fn on_message(&self, function: impl FnMut(&CommMessage) + Send + 'static) {
        self.set_function(Box::new(function));
    }

    fn set_function(&self, function: handlers::OnMessage) {
        handlers::insert(&self.id, function);
        self.say_handled(true);
    }

    /// The same beside the functions that it has.
    pub(crate) fn also_on_message(&self, function: impl FnMut(&CommMessage) + Send + 'static) {
        handlers::add(&self.id, Box::new(function));
        self.say_handled(true);
    }

    /// Has no function called any more: messages wait until they are asked for.
    pub fn ignore_messages(&self) {
        handlers::remove(&self.id);
        self.say_handled(false);
    }

    fn say_handled(&self, handled: bool) {
        let comm_id = self.id.clone();
        say(&Notice::Handled { comm_id, handled });
    }

    /// Waits for the next message, also while it is a cell that waits.
    ///
    /// # Errors
    ///
    /// [`CommError::Closed`] where the comm is closed, or this program is no notebook.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use parcell::comm::{Comm, CommError};
    /// let chat = Comm::open("chat", "hello");
    /// let answer: String = chat.recv()?.data()?;
    /// # Ok::<(), CommError>(())
    /// ```
    pub fn recv(&self) -> Result<CommMessage, CommError> {
        self.next(true, None)
    }

    /// The next message, if there is one now.
    ///
    /// # Errors
    ///
    /// [`CommError::Empty`] where there is none, [`CommError::Closed`] where there will be none.
    pub fn try_recv(&self) -> Result<CommMessage, CommError> {
        self.next(false, None)
    }

    /// Waits for the next message, but not for longer than this.
    ///
    /// # Errors
    ///
    /// [`CommError::TimedOut`] where there is none in time, [`CommError::Closed`] where there will be none.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<CommMessage, CommError> {
        self.next(true, Instant::now().checked_add(timeout))
    }

    fn next(&self, wait: bool, end: Option<Instant>) -> Result<CommMessage, CommError> {
        let comm_id = self.id.clone();
        match ask_until::<Value>(Question::Next { comm_id, wait }, end)? {
            Answer::Given(Value::Null) | Answer::Nobody => Err(CommError::Closed),
            Answer::Given(Value::String(_)) => {
                const _: () = assert!(NOTHING_YET.as_bytes()[0] == b'"', "it is a string");
                Err(CommError::Empty)
            }
            Answer::Given(message) => match serde_json::from_value(message).map_err(CommError::unreadable)? {
                Said::CommClose { .. } => Err(CommError::Closed),
                said => Ok(CommMessage::from(said)),
            },
            Answer::NotYet => Err(CommError::TimedOut),
        }
    }
}

/// Lets the front end open comms for this target: the function is called with each, and with the message that opens it. One
/// that the target had before is dropped.
///
/// ```no_run
/// parcell::comm::register_target("echo", |comm, _| {
///     let answers = comm.clone();
///     comm.on_message(move |message| answers.send(message.json()));
/// });
/// ```
pub fn register_target(target_name: impl Into<String>, function: impl FnMut(&Comm, &CommMessage) + Send + 'static) {
    let target_name = target_name.into();
    handlers::insert_target(&target_name, Box::new(function));
    let open = true;
    say(&Notice::Target { target_name, open });
}

/// The front end can open no comms for this target any more; those that are open stay.
pub fn unregister_target(target_name: impl Into<String>) {
    let target_name = target_name.into();
    handlers::remove_target(&target_name);
    let open = false;
    say(&Notice::Target { target_name, open });
}

fn say_to_front_end(comm: Said) {
    say(&Notice::Said { comm });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_program_nobody_is_at_the_other_end() {
        let comm = Comm::open("target", [1, 2]);
        comm.send("x");
        assert!(matches!(comm.recv(), Err(CommError::Closed)));
        assert!(matches!(comm.try_recv(), Err(CommError::Closed)));
        comm.close();
    }
}
