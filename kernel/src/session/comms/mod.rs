//! Comms between front ends and the notebook, and the widgets on them.
//!
//! What a front end last said of a widget is known here, not in the notebook process: so a cell that runs sees it, a page
//! that is loaded again gets it while a cell runs, and no cell that is undone takes it along. The notebook process is
//! handed what it has functions for, as something to run between cells.
//!
//! `registry` decides; here it is done.

mod output;
mod registry;
mod widget;

pub(crate) use output::OUTPUTS;
pub(super) use registry::Delivery;
pub(crate) use widget::{is_widget_update, merged_updates};

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use parcell::contract::comms::{CommMessage, Notice, Question};
use serde_json::Value;

use super::event::{CellError, CellId, Content, Event};
use super::events::EventSender;
use super::input;
use super::locations::Locations;
use crate::process::channel::Channel;
use registry::{Effect, Registry};

/// The comms of a session.
#[derive(Debug)]
pub(super) struct Comms {
    registry: Mutex<Registry<Channel>>,
    events: EventSender,
    locations: Arc<Mutex<Locations>>,
}

impl Comms {
    pub(super) fn new(events: EventSender, locations: Arc<Mutex<Locations>>) -> Comms {
        Comms {
            registry: Mutex::default(),
            events,
            locations,
        }
    }

    /// The comms for this target, or all, with their targets.
    pub(super) fn list(&self, target: Option<&str>) -> BTreeMap<String, String> {
        self.registry().list(target)
    }

    /// All widgets, as a notebook's metadata keeps them.
    pub(super) fn saved_widgets(&self) -> Option<Value> {
        self.registry().saved_widgets()
    }

    /// The library says this while `cell` runs.
    pub(super) fn notice(&self, cell: CellId, notice: Notice) {
        let mut registry = self.registry();
        let effects = registry.notice(notice);
        self.perform(&mut registry, cell, effects);
    }

    /// A thread asks while `cell` runs.
    pub(super) fn ask(&self, cell: CellId, asker: Channel, question: Question) {
        if let Question::Parameters { file, line, column } = &question {
            let names = self.locations().parameters(file, *line, *column);
            // A list of names is always JSON.
            let answer = serde_json::to_string(&names).unwrap_or_default();
            return input::send(&answer, &asker).unwrap_or_else(|error| {
                tracing::debug!(%error, "who asked for names has gone");
            });
        }
        let mut registry = self.registry();
        let effects = registry.ask(asker, question, Instant::now());
        self.perform(&mut registry, cell, effects);
    }

    /// A front end says this, what follows from which belongs to `cell`; whether there is something to deliver.
    pub(super) fn hear(&self, cell: CellId, message: CommMessage) -> bool {
        let mut registry = self.registry();
        let effects = registry.hear(cell, message);
        self.perform(&mut registry, cell, effects)
    }

    /// What the notebook process is to be handed next.
    pub(super) fn next_delivery(&self) -> Option<Delivery> {
        self.registry().next_delivery()
    }

    /// Something is printed or shown: None where it goes to an output widget.
    pub(super) fn pass(&self, content: Content) -> Option<Content> {
        self.registry().pass(content, Instant::now())
    }

    /// Adds why a function failed to the output widget to which its outputs went; gives it back where there was none.
    pub(super) fn pass_error(&self, cell: CellId, error: CellError) -> Result<(), CellError> {
        let mut registry = self.registry();
        let effects = registry.pass_error(error, Instant::now())?;
        self.perform(&mut registry, cell, effects);
        Ok(())
    }

    /// When `tell_due` has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.registry().deadline()
    }

    /// Tells an output widget what it has, where it is time.
    pub(super) fn tell_due(&self, cell: CellId) {
        let mut registry = self.registry();
        let effects = registry.tell_due(Instant::now());
        self.perform(&mut registry, cell, effects);
    }

    /// Something begins to run that may be undone.
    pub(super) fn begin(&self) {
        self.registry().begin();
    }

    /// It has ended, or been undone: what is printed from here on goes below its cell.
    pub(super) fn end(&self, cell: CellId, undone: bool) {
        let mut registry = self.registry();
        if undone {
            registry.roll_back();
        }
        let effects = registry.end_output();
        self.perform(&mut registry, cell, effects);
    }

    /// A notebook process has started, in the place of another.
    pub(super) fn start_process(&self, cell: CellId) {
        let mut registry = self.registry();
        let effects = registry.start_process();
        self.perform(&mut registry, cell, effects);
    }

    /// So many notebook processes have been started, of which the last may not have been heard of.
    pub(super) fn close_before(&self, process: u64, cell: CellId) {
        let mut registry = self.registry();
        let effects = registry.close_before(process);
        self.perform(&mut registry, cell, effects);
    }

    /// Does it; whether there is something to deliver.
    fn perform(&self, registry: &mut Registry<Channel>, cell: CellId, effects: Vec<Effect<Channel>>) -> bool {
        let mut delivers = false;
        let mut left = Vec::from_iter(effects.into_iter().rev());
        while let Some(effect) = left.pop() {
            match effect {
                Effect::Say(message) => {
                    let content = Content::Comm(message);
                    self.events.send(Event::Output { cell, content });
                }
                Effect::Answer { asker, answer, of } => {
                    if let (Err(_), Some(message)) = (input::send(&answer, &asker), of) {
                        left.extend(registry.take_back(message));
                    }
                }
                Effect::Deliver => delivers = true,
            }
        }
        delivers
    }

    fn registry(&self) -> MutexGuard<'_, Registry<Channel>> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn locations(&self) -> MutexGuard<'_, Locations> {
        self.locations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
