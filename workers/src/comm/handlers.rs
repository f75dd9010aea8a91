//! The functions that cells have left for what comes on comms. They belong to what a cell changes: one that is undone takes
//! its functions along.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::{Comm, CommMessage};
use crate::contract::comms::CommMessage as Said;
use crate::sys::at_fork::{self, AtFork, Guard, Rank};
use crate::sys::poisoned::EvenIfPoisoned;

pub(super) type OnMessage = Box<dyn FnMut(&CommMessage) + Send>;
type OnOpen = Box<dyn FnMut(&Comm, &CommMessage) + Send>;

/// Behind a lock of its own each: a function may change which functions there are.
static FUNCTIONS: Mutex<Option<Functions>> = Mutex::new(None);

#[derive(Default)]
struct Functions {
    of_comms: HashMap<String, Vec<Arc<Mutex<OnMessage>>>>,
    of_targets: HashMap<String, Arc<Mutex<OnOpen>>>,
}

/// The functions, kept unchanged while this process forks.
struct Locked(Guard<Option<Functions>>);

impl AtFork for Locked {
    const RANK: Rank = Rank::CommHandlers;

    fn prepare() -> Self {
        Self(at_fork::lock::<Self, _>(&FUNCTIONS))
    }
}

fn with<T>(act: impl FnOnce(&mut Functions) -> T) -> T {
    let mut locked = Locked::prepare();
    act(locked.0.get_or_insert_default())
}

pub(super) fn insert(comm: &str, function: OnMessage) {
    let function = Arc::new(Mutex::new(function));
    // Dropped when the lock is free: what it owns may do anything.
    let _before = with(|functions| functions.of_comms.insert(comm.to_owned(), vec![function]));
}

pub(super) fn add(comm: &str, function: OnMessage) {
    let function = Arc::new(Mutex::new(function));
    with(|functions| functions.of_comms.entry(comm.to_owned()).or_default().push(function));
}

pub(super) fn remove(comm: &str) {
    let _before = with(|functions| functions.of_comms.remove(comm));
}

pub(super) fn insert_target(target: &str, function: OnOpen) {
    let function = Arc::new(Mutex::new(function));
    let _before = with(|functions| functions.of_targets.insert(target.to_owned(), function));
}

pub(super) fn remove_target(target: &str) {
    let _before = with(|functions| functions.of_targets.remove(target));
}

/// Calls the function that is there for the message in this file. Where it has gone meanwhile nobody hears the message.
///
/// # Panics
///
/// With whatever the function panics with, and where the file cannot be read.
pub(crate) fn deliver(file: &Path) {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) => panic!("a front end's message cannot be read: {error}"),
    };
    match serde_json::from_slice(&text) {
        Ok(said) => call(said),
        Err(error) => panic!("a front end's message is not understood: {error}"),
    }
}

fn call(said: Said) {
    match &said {
        Said::CommOpen {
            comm_id, target_name, ..
        } => {
            let comm = Comm::named(comm_id.clone(), target_name.clone());
            let function = with(|functions| functions.of_targets.get(target_name).cloned());
            if let Some(function) = function {
                let message = CommMessage::from(said);
                (function.lock().even_if_poisoned())(&comm, &message);
            } else {
                comm.close();
            }
        }
        Said::CommMsg { comm_id, .. } => {
            let found = with(|functions| functions.of_comms.get(comm_id).cloned());
            let message = CommMessage::from(said);
            for function in found.unwrap_or_default() {
                // A function that panicked once may work for what comes now.
                (function.lock().even_if_poisoned())(&message);
            }
        }
        Said::CommClose { comm_id, .. } => remove(comm_id),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::contract::comms::Payload;

    fn said(comm: &str, value: i32) -> Said {
        let data = serde_json::json!({ "value": value });
        Said::CommMsg {
            comm_id: comm.to_owned(),
            payload: Payload::of(data),
        }
    }

    #[test]
    fn a_message_is_for_the_function_of_its_comm() {
        let (sender, received) = mpsc::channel();
        let (one, other) = (sender.clone(), sender);
        insert(
            "handlers/a",
            Box::new(move |message| one.send(("a", message.data::<i32>().unwrap())).unwrap()),
        );
        insert(
            "handlers/b",
            Box::new(move |message| other.send(("b", message.data::<i32>().unwrap())).unwrap()),
        );
        call(said("handlers/b", 1));
        call(said("handlers/a", 2));
        remove("handlers/b");
        call(said("handlers/b", 3));
        assert_eq!(received.try_iter().collect::<Vec<_>>(), [("b", 1), ("a", 2)]);
        remove("handlers/a");
    }

    #[test]
    fn a_function_may_take_the_place_of_itself() {
        insert_target(
            "handlers/target",
            Box::new(|comm, _| {
                let again = comm.clone();
                comm.on_message(move |_| again.ignore_messages());
                remove_target("handlers/target");
            }),
        );
        call(Said::CommOpen {
            comm_id: "handlers/c".to_owned(),
            target_name: "handlers/target".to_owned(),
            payload: Payload::default(),
        });
        call(said("handlers/c", 1));
        assert!(with(|functions| !functions.of_comms.contains_key("handlers/c")));
    }
}
