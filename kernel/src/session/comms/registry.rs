//! Which comms there are, and what is done about what is said on them: what a front end is told, what waits for the
//! notebook process, who is answered. All of it is decided here, and nothing done.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use parcell::contract::comms::{CommMessage, NOTHING_YET, Notice, Payload, Question, UPDATE, WIDGET_TARGET};
use serde_json::Value;

use super::output::{self, Capture, OUTPUTS};
use super::widget::{self, Widget};
use crate::session::event::{CellError, CellId, Content};

/// The target of the comm on which front ends ask for the states of all widgets.
const CONTROL_TARGET: &str = "jupyter.widget.control";
/// How many messages wait for a cell that asks for them, or for functions. More come from a front end only if nobody takes
/// them.
const MOST_WAITING: usize = 1000;

/// All comms of a session; `A` is who waits for an answer.
#[derive(Debug)]
pub(super) struct Registry<A> {
    comms: BTreeMap<String, Comm<A>>,
    /// The targets that the notebook has functions for.
    targets: BTreeSet<String>,
    /// What is to be handed to the notebook process, between cells.
    deliveries: VecDeque<Delivery>,
    /// How many notebook processes there have been, one after another.
    processes: u64,
    /// The one that all comms are of, counted so.
    process: u64,
    /// What the functions were when the cell began.
    before: Functions,
    capture: Option<Capture>,
    /// Whether a front end has asked for widgets, which those do that have them.
    has_widgets: bool,
}

/// What the notebook has functions for.
#[derive(Clone, Debug, Default)]
struct Functions {
    comms: BTreeSet<String>,
    targets: BTreeSet<String>,
}

#[derive(Debug)]
struct Comm<A> {
    target: String,
    /// Where it is one.
    widget: Option<Widget>,
    handled: bool,
    /// What no function takes, until it is asked for.
    waiting: VecDeque<CommMessage>,
    askers: VecDeque<A>,
}

/// A message for a function of the notebook's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Delivery {
    /// What the function prints belongs to the latest message that it is called for.
    pub(crate) cell: CellId,
    pub(crate) message: CommMessage,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(super) enum Effect<A> {
    /// Tell the front ends.
    Say(CommMessage),
    /// Answer with this JSON. Where that fails, the message is somebody else's.
    Answer {
        asker: A,
        answer: String,
        of: Option<CommMessage>,
    },
    /// There is something to be handed to the notebook process.
    Deliver,
}

impl<A> Default for Registry<A> {
    fn default() -> Registry<A> {
        Registry {
            comms: BTreeMap::new(),
            targets: BTreeSet::new(),
            deliveries: VecDeque::new(),
            processes: 0,
            process: 0,
            before: Functions::default(),
            capture: None,
            has_widgets: false,
        }
    }
}

impl<A> Registry<A> {
    /// The comms for this target, or all, with their targets.
    pub(super) fn list(&mut self, target: Option<&str>) -> BTreeMap<String, String> {
        self.has_widgets |= target == Some(WIDGET_TARGET);
        let comms = self.comms.iter();
        let wanted = comms.filter(|(_, comm)| target.is_none_or(|target| comm.target == target));
        wanted.map(|(id, comm)| (id.clone(), comm.target.clone())).collect()
    }

    /// All widgets, as a notebook's metadata keeps them; None where there are none.
    pub(super) fn saved_widgets(&self) -> Option<Value> {
        let widgets = self.widgets().map(|(id, widget)| (id.to_owned(), widget.saved()));
        let widgets: serde_json::Map<String, Value> = widgets.collect();
        (!widgets.is_empty()).then(|| widgets.into())
    }

    /// The library says this.
    pub(super) fn notice(&mut self, notice: Notice) -> Vec<Effect<A>> {
        match notice {
            Notice::Said { comm } => self.said(comm),
            Notice::Target { target_name, open } => {
                if open {
                    self.targets.insert(target_name);
                } else {
                    self.targets.remove(&target_name);
                }
                Vec::new()
            }
            Notice::Handled { comm_id, handled } => {
                if let Some(comm) = self.comms.get_mut(&comm_id) {
                    comm.handled = handled;
                }
                Vec::new()
            }
        }
    }

    fn said(&mut self, message: CommMessage) -> Vec<Effect<A>> {
        match &message {
            CommMessage::CommOpen {
                comm_id,
                target_name,
                payload,
            } => {
                self.comms.insert(comm_id.clone(), Comm::new(target_name, payload));
            }
            CommMessage::CommMsg { comm_id, payload } => {
                // What has been closed stays closed.
                let Some(comm) = self.comms.get_mut(comm_id) else {
                    return Vec::new();
                };
                comm.update(payload);
            }
            CommMessage::CommClose { comm_id, .. } => {
                if self.comms.remove(comm_id).is_none() {
                    return Vec::new();
                }
            }
        }
        vec![Effect::Say(message)]
    }

    /// A front end says this; what follows from it belongs to `cell`.
    pub(super) fn hear(&mut self, cell: CellId, message: CommMessage) -> Vec<Effect<A>> {
        let comm_id = message.comm_id().to_owned();
        if let CommMessage::CommOpen {
            target_name, payload, ..
        } = &message
        {
            let is_control = target_name == CONTROL_TARGET;
            self.has_widgets |= is_control;
            if !is_control && !self.targets.contains(target_name) {
                tracing::info!(target_name, "a comm was opened for an unknown target");
                return vec![Effect::Say(close(comm_id))];
            }
            let handled = !is_control;
            let comm = Comm {
                handled,
                ..Comm::new(target_name, payload)
            };
            self.comms.insert(comm_id, comm);
            return if handled {
                self.deliver(cell, message)
            } else {
                Vec::new()
            };
        }
        let Some(comm) = self.comms.get_mut(&comm_id) else {
            // The end of what has ended needs no answer.
            let is_end = matches!(message, CommMessage::CommClose { .. });
            return Vec::from_iter((!is_end).then(|| Effect::Say(close(comm_id))));
        };
        if let CommMessage::CommClose { .. } = message {
            let handled = comm.handled;
            self.comms.remove(&comm_id);
            return if handled {
                self.deliver(cell, message)
            } else {
                Vec::new()
            };
        }
        let method = message.payload().method().to_owned();
        if comm.target == CONTROL_TARGET && method == "request_states" {
            let payload = widget::all_states(self.widgets());
            return vec![Effect::Say(CommMessage::CommMsg { comm_id, payload })];
        }
        let mut effects = Vec::new();
        if let Some(widget) = &mut comm.widget {
            match method.as_str() {
                "request_state" => {
                    let payload = widget.as_update();
                    return vec![Effect::Say(CommMessage::CommMsg { comm_id, payload })];
                }
                UPDATE => {
                    widget.update(message.payload());
                    let payload = widget::echo(message.payload());
                    effects.push(Effect::Say(CommMessage::CommMsg { comm_id, payload }));
                    if !comm.handled && comm.askers.is_empty() {
                        return effects;
                    }
                }
                _ => {}
            }
        }
        if comm.handled {
            effects.extend(self.deliver(cell, message));
        } else {
            effects.extend(comm.take(message));
        }
        effects
    }

    /// The notebook process is to be handed this. Of updates of a widget that it has not been handed, one is made.
    fn deliver(&mut self, cell: CellId, message: CommMessage) -> Vec<Effect<A>> {
        let is_full = self.deliveries.len() >= MOST_WAITING;
        let mut last_first = self.deliveries.iter_mut().rev();
        let last = last_first.find(|waiting| waiting.message.comm_id() == message.comm_id());
        let is_update = widget::is_widget_update;
        match last {
            Some(waiting) if is_update(&waiting.message) && is_update(&message) => {
                waiting.message = widget::merged_updates(&waiting.message, message);
                waiting.cell = cell;
            }
            _ if is_full => {
                tracing::warn!(
                    comm_id = message.comm_id(),
                    "too much waits for functions; a message is lost"
                );
            }
            _ => self.deliveries.push_back(Delivery { cell, message }),
        }
        vec![Effect::Deliver]
    }

    /// What the notebook process is to be handed next.
    pub(super) fn next_delivery(&mut self) -> Option<Delivery> {
        self.deliveries.pop_front()
    }

    /// A thread asks.
    pub(super) fn ask(&mut self, asker: A, question: Question, now: Instant) -> Vec<Effect<A>> {
        let answer = match question {
            Question::State { comm_id } => match self.comms.get(&comm_id).and_then(|comm| comm.widget.as_ref()) {
                Some(widget) => Value::from(widget.state().clone()).to_string(),
                None => "null".to_owned(),
            },
            Question::Next { comm_id, wait } => {
                let Some(comm) = self.comms.get_mut(&comm_id) else {
                    return vec![answer(asker, "null")];
                };
                if let Some(message) = comm.waiting.pop_front() {
                    return vec![give(asker, message)];
                }
                if wait {
                    comm.askers.push_back(asker);
                    return Vec::new();
                }
                NOTHING_YET.to_owned()
            }
            Question::BeginOutput { comm_id } => {
                let mut effects = self.end_output();
                if self.comms.contains_key(&comm_id) {
                    self.capture = Some(Capture::new(comm_id, now));
                }
                effects.push(answer(asker, "null"));
                return effects;
            }
            Question::HasWidgets => self.has_widgets.to_string(),
            Question::EndOutput => {
                let mut effects = self.end_output();
                effects.push(answer(asker, "null"));
                return effects;
            }
            // Is answered where the sources of cells are known.
            Question::Parameters { .. } => "null".to_owned(),
        };
        vec![Effect::Answer {
            asker,
            answer,
            of: None,
        }]
    }

    /// Who was to be given this has gone.
    pub(super) fn take_back(&mut self, message: CommMessage) -> Vec<Effect<A>> {
        match self.comms.get_mut(message.comm_id()) {
            Some(comm) => comm.take_first(message),
            None => Vec::new(),
        }
    }

    /// Something is printed or shown: None where it goes to an output widget.
    pub(super) fn pass(&mut self, content: Content, now: Instant) -> Option<Content> {
        match &mut self.capture {
            Some(capture) if !matches!(content, Content::Comm(_)) => {
                capture.push(content, now);
                None
            }
            _ => Some(content),
        }
    }

    /// Adds why a function failed to the output widget to which its outputs went; gives it back where there was none.
    pub(super) fn pass_error(&mut self, error: CellError, now: Instant) -> Result<Vec<Effect<A>>, CellError> {
        let Some(capture) = &mut self.capture else {
            return Err(error);
        };
        capture.push_error(error, now);
        Ok(self.end_output())
    }

    /// When an output widget is to be told what it has.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.capture.as_ref()?.deadline()
    }

    /// Tells the output widget, where it is time.
    pub(super) fn tell_due(&mut self, now: Instant) -> Vec<Effect<A>> {
        if self.deadline().is_some_and(|due| due <= now) {
            self.tell_output()
        } else {
            Vec::new()
        }
    }

    fn tell_output(&mut self) -> Vec<Effect<A>> {
        let Some(capture) = &mut self.capture else {
            return Vec::new();
        };
        let (comm_id, Some(outputs)) = (capture.comm_id.clone(), capture.take_untold()) else {
            return Vec::new();
        };
        let payload = output::update(&outputs);
        let Some(widget) = self.comms.get_mut(&comm_id).and_then(|comm| comm.widget.as_mut()) else {
            return Vec::new();
        };
        widget.set(OUTPUTS, outputs);
        vec![Effect::Say(CommMessage::CommMsg { comm_id, payload })]
    }

    /// What is printed from here on goes below its cell.
    pub(super) fn end_output(&mut self) -> Vec<Effect<A>> {
        let effects = self.tell_output();
        self.capture = None;
        effects
    }

    /// Something begins to run that may be undone.
    pub(super) fn begin(&mut self) {
        let comms = self.comms.iter().filter(|(_, comm)| comm.handled);
        self.before = Functions {
            comms: comms.map(|(id, _)| id.clone()).collect(),
            targets: self.targets.clone(),
        };
    }

    /// It has been undone: there are the functions that there were before. What it has shown stays.
    pub(super) fn roll_back(&mut self) {
        let Functions { comms, targets } = std::mem::take(&mut self.before);
        for (id, comm) in &mut self.comms {
            comm.handled = comms.contains(id);
            // Who waited was part of it.
            comm.askers.clear();
        }
        self.targets = targets;
    }

    /// A notebook process has started, in the place of another.
    pub(super) fn start_process(&mut self) -> Vec<Effect<A>> {
        self.processes += 1;
        self.close_before(self.processes)
    }

    /// There are no comms of notebook processes before this one, which may not have been heard of.
    pub(super) fn close_before(&mut self, process: u64) -> Vec<Effect<A>> {
        if process <= self.process {
            return Vec::new();
        }
        self.process = process;
        self.close_all()
    }

    fn close_all(&mut self) -> Vec<Effect<A>> {
        self.targets.clear();
        self.deliveries.clear();
        self.capture = None;
        let kept = |comm: &Comm<A>| comm.target == CONTROL_TARGET;
        let (kept, closed) = std::mem::take(&mut self.comms)
            .into_iter()
            .partition(|(_, comm)| kept(comm));
        self.comms = kept;
        let closed: BTreeMap<String, Comm<A>> = closed;
        closed.into_keys().map(|id| Effect::Say(close(id))).collect()
    }

    fn widgets(&self) -> impl Iterator<Item = (&str, &Widget)> {
        let comms = self.comms.iter();
        comms.filter_map(|(id, comm)| Some((id.as_str(), comm.widget.as_ref()?)))
    }
}

impl<A> Comm<A> {
    fn new(target: &str, payload: &Payload) -> Comm<A> {
        Comm {
            target: target.to_owned(),
            widget: (target == WIDGET_TARGET).then(|| Widget::opened(payload)),
            handled: false,
            waiting: VecDeque::new(),
            askers: VecDeque::new(),
        }
    }

    /// The notebook says this on it.
    fn update(&mut self, payload: &Payload) {
        if let Some(widget) = &mut self.widget
            && payload.method() == UPDATE
        {
            widget.update(payload);
        }
    }

    /// Gives a message to whoever asks first, or keeps it.
    fn take(&mut self, message: CommMessage) -> Vec<Effect<A>> {
        match self.askers.pop_front() {
            Some(asker) => vec![give(asker, message)],
            None if self.waiting.len() < MOST_WAITING => {
                self.waiting.push_back(message);
                Vec::new()
            }
            None => {
                tracing::warn!(
                    comm_id = message.comm_id(),
                    "no cell takes what is said on a comm; a message is lost"
                );
                Vec::new()
            }
        }
    }

    /// The same for one that comes before those that wait.
    fn take_first(&mut self, message: CommMessage) -> Vec<Effect<A>> {
        match self.askers.pop_front() {
            Some(asker) => vec![give(asker, message)],
            // Of a widget the state has what an update said.
            None if widget::is_widget_update(&message) && self.widget.is_some() => Vec::new(),
            None => {
                self.waiting.push_front(message);
                Vec::new()
            }
        }
    }
}

fn answer<A>(asker: A, answer: &str) -> Effect<A> {
    let answer = answer.to_owned();
    Effect::Answer {
        asker,
        answer,
        of: None,
    }
}

fn give<A>(asker: A, message: CommMessage) -> Effect<A> {
    Effect::Answer {
        asker,
        // Made of JSON, it is written as JSON.
        answer: serde_json::to_string(&message).unwrap_or_else(|_| "null".to_owned()),
        of: Some(message),
    }
}

fn close(comm_id: String) -> CommMessage {
    let payload = Payload::default();
    CommMessage::CommClose { comm_id, payload }
}

#[cfg(test)]
mod tests;
