//! The model behind a widget: its traits, here until it is shown, and from then on in the notebook's kernel, which knows
//! what a person has changed also while a cell runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::kind::Kind;
use crate::comm::{Comm, CommError, CommMessage, encode};
use crate::contract::comms::{CUSTOM, METHOD, Payload, Question, STATE, UPDATE, WIDGET_PROTOCOL, WIDGET_TARGET};
use crate::display::{MimeBundle, to_json, unique_id};
use crate::notebook::comms::{Answer, ask};
use crate::sys::poisoned::EvenIfPoisoned;

/// For front ends that show text only.
const HOW_TO_SEE_IT: &str = "shown where the front end has ipywidgets (pip install ipywidgets)";

/// The representation by which a front end with widgets shows one.
const VIEW: &str = "application/vnd.jupyter.widget-view+json";

/// The model of a widget. Clones are the same one.
#[derive(Clone)]
pub struct Model {
    shared: Arc<Shared>,
}

struct Shared {
    comm: Comm,
    kind: &'static Kind,
    own: Mutex<Own>,
}

#[derive(Default)]
struct Own {
    /// Whether the front end has it.
    is_open: bool,
    state: Map<String, Value>,
    bytes: BTreeMap<String, Vec<u8>>,
    /// The models that belong to it, by the name of their trait.
    parts: BTreeMap<&'static str, Model>,
    /// The models that are shown in it.
    children: Vec<Model>,
}

impl Model {
    pub(super) fn new(kind: &'static Kind) -> Self {
        let mut own = Own {
            state: kind.defaults(),
            ..Own::default()
        };
        for (name, kind) in kind.parts() {
            let part = Self::new(kind);
            own.state.insert(name.to_owned(), part.reference());
            own.parts.insert(name, part);
        }
        let comm = Comm::named(unique_id(), WIDGET_TARGET.to_owned());
        let own = Mutex::new(own);
        Self {
            shared: Arc::new(Shared { comm, kind, own }),
        }
    }

    /// What the widget's messages go through, for what this library has no words for.
    #[must_use]
    pub fn comm(&self) -> &Comm {
        &self.shared.comm
    }

    /// The value of a trait, as a person has changed it meanwhile. None where it cannot be read as this type.
    ///
    /// # Panics
    ///
    /// If the widget has no trait of this name.
    #[must_use]
    #[track_caller]
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.check(name, &Value::Null);
        serde_json::from_value(self.value_of(name)?).ok()
    }

    pub(super) fn value_of(&self, name: &str) -> Option<Value> {
        let question = Question::State {
            comm_id: self.comm().id().to_owned(),
        };
        let is_open = self.own().is_open;
        if is_open && let Ok(Answer::Given(Value::Object(mut state))) = ask(question) {
            return state.remove(name);
        }
        self.own().state.get(name).cloned()
    }

    /// Gives a trait another value.
    ///
    /// # Panics
    ///
    /// If the widget has no trait of this name, or the trait cannot have this value.
    #[track_caller]
    pub fn set(&self, name: &str, value: impl Serialize) {
        let value = to_json("a trait's value", value);
        self.check(name, &value);
        self.assign(name, value);
    }

    #[track_caller]
    fn check(&self, name: &str, value: &Value) {
        if let Err(error) = self.shared.kind.check(name, value) {
            panic!("{error}");
        }
    }

    pub(super) fn assign(&self, name: &str, value: Value) {
        let mut own = self.own();
        own.state.insert(name.to_owned(), value.clone());
        if own.is_open {
            self.update(json!({ name: value }), json!([]), Vec::new());
        }
    }

    /// Gives a trait that is binary another value.
    pub(super) fn assign_bytes(&self, name: &str, bytes: &[u8]) {
        let mut own = self.own();
        own.bytes.insert(name.to_owned(), bytes.to_vec());
        if own.is_open {
            self.update(json!({ name: null }), json!([[name]]), vec![encode(bytes)]);
        }
    }

    pub(super) fn bytes_of(&self, name: &str) -> Vec<u8> {
        self.own().bytes.get(name).cloned().unwrap_or_default()
    }

    /// The models that are shown in it.
    pub(super) fn assign_children(&self, children: Vec<Self>) {
        let references = children.iter().map(Self::reference).collect();
        let is_open = self.own().is_open;
        if is_open {
            children.iter().for_each(Self::open);
        }
        self.own().children = children;
        self.assign("children", references);
    }

    /// The model that belongs to it as this trait.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    #[track_caller]
    pub fn part(&self, name: &str) -> Self {
        let part = self.own().parts.get(name).cloned();
        match part {
            Some(part) => part,
            None => panic!("the widget {} has no {name}", self.shared.kind.name),
        }
    }

    /// What stands for the model in the traits of others.
    fn reference(&self) -> Value {
        format!("IPY_MODEL_{}", self.comm().id()).into()
    }

    /// Gives the model to the front end, which then can show it. Displaying it does so.
    pub fn open(&self) {
        let mut own = self.own();
        if std::mem::replace(&mut own.is_open, true) {
            return;
        }
        own.parts.values().chain(&own.children).for_each(Self::open);
        let paths: Vec<[&String; 1]> = own.bytes.keys().map(|name| [name]).collect();
        let payload = Payload {
            metadata: Map::from_iter([("version".to_owned(), WIDGET_PROTOCOL.into())]),
            buffers: own.bytes.values().map(|bytes| encode(bytes)).collect(),
            ..Payload::of(json!({STATE: own.state, "buffer_paths": paths}))
        };
        self.comm().say_open(payload);
    }

    /// Removes the widget from wherever it is shown, and all that belongs to it.
    pub fn close(&self) {
        let mut own = self.own();
        if std::mem::replace(&mut own.is_open, false) {
            own.parts.values().for_each(Self::close);
            self.comm().close();
        }
    }

    /// Sends the widget's view something of its own.
    pub fn send(&self, content: impl Serialize) {
        self.open();
        let content = to_json("a message", content);
        self.comm().send(json!({METHOD: CUSTOM, "content": content}));
    }

    /// Has a function called when this trait has been changed by a person.
    ///
    /// # Panics
    ///
    /// If the widget has no trait of this name.
    #[track_caller]
    pub fn on_change<T: DeserializeOwned>(&self, name: &str, function: impl FnMut(T) + Send + 'static) {
        self.check(name, &Value::Null);
        self.on_change_of(name, function);
    }

    pub(super) fn on_change_of<T: DeserializeOwned>(&self, name: &str, mut function: impl FnMut(T) + Send + 'static) {
        let name = name.to_owned();
        self.on_message(move |message| {
            if let Some(value) = changed(message, &name) {
                function(value);
            }
        });
    }

    /// The same for what the widget's view sends of its own.
    pub fn on_custom(&self, mut function: impl FnMut(&Value) + Send + 'static) {
        self.on_message(move |message| {
            if let Some(content) = custom(message) {
                function(&content);
            }
        });
    }

    fn on_message(&self, function: impl FnMut(&CommMessage) + Send + 'static) {
        self.open();
        self.comm().also_on_message(function);
    }

    /// Has no function called any more.
    pub fn ignore(&self) {
        self.comm().ignore_messages();
    }

    /// Waits until this trait is changed by a person, and gives its value.
    ///
    /// # Errors
    ///
    /// [`CommError::Closed`] where the widget is closed or this program is no notebook, [`CommError::TimedOut`] when the
    /// time is up.
    pub(super) fn wait_for<T: DeserializeOwned>(&self, name: &str, timeout: Option<Duration>) -> Result<T, CommError> {
        self.wait_until(timeout, |message| changed(message, name))
    }

    /// Waits for something that the widget's view sends of its own.
    pub(super) fn wait_for_custom(&self, event: &str, timeout: Option<Duration>) -> Result<(), CommError> {
        self.wait_until(timeout, |message| (custom(message)?["event"] == *event).then_some(()))
    }

    /// Whether the view has sent such an event since this was asked last.
    pub(super) fn has_come(&self, event: &str) -> bool {
        self.open();
        let mut found = false;
        while let Ok(message) = self.comm().try_recv() {
            found |= custom(&message).is_some_and(|content| content["event"] == *event);
        }
        found
    }

    fn wait_until<T>(
        &self,
        timeout: Option<Duration>,
        wanted: impl Fn(&CommMessage) -> Option<T>,
    ) -> Result<T, CommError> {
        self.open();
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let message = match end {
                Some(end) => self
                    .comm()
                    .recv_timeout(end.saturating_duration_since(Instant::now()))?,
                None => self.comm().recv()?,
            };
            if let Some(found) = wanted(&message) {
                return Ok(found);
            }
        }
    }

    /// As it is shown: where the front end has no widgets, as a line that says what is missing.
    pub(super) fn bundle(&self) -> MimeBundle {
        self.open();
        let view = json!({"version_major": 2, "version_minor": 0, "model_id": self.comm().id()});
        MimeBundle::new().with("text/plain", self.to_string()).with(VIEW, view)
    }

    fn update(&self, state: Value, buffer_paths: Value, buffers: Vec<String>) {
        self.comm().send_payload(Payload::update(state, buffer_paths, buffers));
    }

    fn own(&self) -> MutexGuard<'_, Own> {
        self.shared.own.lock().even_if_poisoned()
    }
}

impl std::fmt::Display for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let own = self.own();
        let text = ["description", "value"].into_iter().filter_map(|name| {
            let value = own.state.get(name).filter(|value| *value != "" && !value.is_null())?;
            Some(format!("{name}: {value}"))
        });
        let text: Vec<String> = text.collect();
        let arguments = if text.is_empty() {
            String::new()
        } else {
            format!("({})", text.join(", "))
        };
        let name = self.shared.kind.name;
        write!(f, "{name}{arguments}: a widget, {HOW_TO_SEE_IT}")
    }
}

/// What a person has changed this trait to.
fn changed<T: DeserializeOwned>(message: &CommMessage, name: &str) -> Option<T> {
    let mut data = message.json();
    if data.get(METHOD)? != UPDATE {
        return None;
    }
    serde_json::from_value(data.get_mut(STATE)?.get_mut(name)?.take()).ok()
}

fn custom(message: &CommMessage) -> Option<Value> {
    let mut data = message.json();
    if data.get(METHOD)? != CUSTOM {
        return None;
    }
    data.remove("content")
}
