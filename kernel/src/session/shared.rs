//! What the handles, the engine and the thread that reads output share.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Signal, kill_process};
use tokio::sync::watch;

use super::comms::Comms;
use super::event::{CellId, Content, Event, Outcome};
use super::events::EventSender;
use super::input::Questions;
use super::knowledge::Knowledge;
use super::locations::Locations;
use super::output::Pump;
use super::variables::Variables;
use crate::evaluation::Insight;
use crate::process::descendants;

/// No cell has this identity.
const NO_CELL: u64 = u64::MAX;
/// How often processes that compile an interrupted cell are looked for, until the cell has ended.
const CHASE: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) pump: Pump,
    pub(super) locations: Arc<Mutex<Locations>>,
    pub(super) questions: Arc<Questions>,
    pub(super) comms: Arc<Comms>,
    /// The cell that was interrupted last.
    interrupted: AtomicU64,
    /// The cell that runs.
    running: AtomicU64,
    queued: Mutex<VecDeque<CellId>>,
    start: watch::Sender<Start>,
    /// The notebook as the last cell left it.
    knowledge: Mutex<Arc<Knowledge>>,
    variables: Mutex<Variables>,
    events: EventSender,
}

/// How far the session has come in starting.
#[derive(Debug)]
enum Start {
    UnderWay,
    Done(Insight),
    Failed,
}

impl Shared {
    pub(super) fn new(
        pump: Pump,
        locations: Arc<Mutex<Locations>>,
        questions: Arc<Questions>,
        comms: Arc<Comms>,
        events: EventSender,
    ) -> Shared {
        Shared {
            pump,
            locations,
            questions,
            comms,
            interrupted: AtomicU64::new(NO_CELL),
            running: AtomicU64::new(NO_CELL),
            queued: Mutex::default(),
            start: watch::Sender::new(Start::UnderWay),
            knowledge: Mutex::default(),
            variables: Mutex::default(),
            events,
        }
    }

    pub(super) fn say(&self, event: Event) {
        self.events.send(event);
    }

    /// Keeps what this cell puts out while `act` is done, and gives it.
    pub(super) fn captured<T>(&self, cell: CellId, act: impl FnOnce() -> T) -> (T, Vec<Content>) {
        self.events.begin_capture(cell);
        let done = act();
        (done, self.events.end_capture())
    }

    /// What was kept of a cell whose capture was not ended.
    pub(super) fn end_capture(&self) -> Vec<Content> {
        self.events.end_capture()
    }

    pub(super) fn enqueue(&self, cell: CellId) {
        self.queue().push_back(cell);
    }

    /// The same of something that begins now, whatever waits.
    pub(super) fn enqueue_first(&self, cell: CellId) {
        self.queue().push_front(cell);
    }

    /// The cell that runs, or that runs next.
    pub(super) fn first_queued(&self) -> Option<CellId> {
        self.queue().front().copied()
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.queue().is_empty()
    }

    /// The session has started, and whoever writes cells can ask.
    pub(super) fn started(&self, insight: Insight) {
        self.start.send_replace(Start::Done(insight));
    }

    /// No cell can be run, and nobody will ever be able to ask.
    pub(super) fn will_not_start(&self) {
        self.start.send_replace(Start::Failed);
    }

    pub(super) fn has_started(&self) -> bool {
        !matches!(*self.start.borrow(), Start::UnderWay)
    }

    /// The notebook for whoever writes cells, once the session has started; None where it will not.
    pub(super) async fn insight(&self) -> Option<Insight> {
        let mut start = self.start.subscribe();
        let settled = start.wait_for(|start| !matches!(start, Start::UnderWay));
        match &*settled.await.ok()? {
            Start::Done(insight) => Some(insight.clone()),
            Start::UnderWay | Start::Failed => None,
        }
    }

    pub(super) fn begin(&self, cell: CellId) {
        self.running.store(cell.0, Ordering::SeqCst);
    }

    /// What is known about the notebook without asking the engine.
    pub(super) fn knowledge(&self) -> Arc<Knowledge> {
        Arc::clone(&self.known())
    }

    /// What is known of the notebook's variables.
    pub(super) fn variables(&self) -> MutexGuard<'_, Variables> {
        self.variables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn change_knowledge(&self, change: impl FnOnce(&mut Knowledge)) {
        change(Arc::make_mut(&mut self.known()));
    }

    /// The same as `finish` for what nobody waits for.
    pub(super) fn end(&self, cell: CellId) {
        self.running.store(NO_CELL, Ordering::Release);
        self.questions.end();
        self.queue().retain(|queued| *queued != cell);
    }

    pub(super) fn finish(&self, cell: CellId, outcome: Outcome) {
        self.end(cell);
        self.say(Event::Finished { cell, outcome });
    }

    /// Ends the cell that runs, compiled or not, or keeps the one from running that waits for the session to start.
    pub(super) fn interrupt(self: &Arc<Shared>) {
        let Some(cell) = self.first_queued() else { return };
        // The engine looks at this when it has begun the cell, so that one of the two sees the other.
        let again = self.interrupted.swap(cell.0, Ordering::SeqCst) == cell.0;
        self.pump.interrupt(cell);
        if again {
            return;
        }
        let shared = Arc::clone(self);
        let chase = std::thread::Builder::new()
            .name("interrupt".to_owned())
            .spawn(move || shared.end_compilers(|| shared.running.load(Ordering::Acquire) == cell.0));
        if let Err(error) = chase {
            tracing::error!(%error, "cannot interrupt the compiler");
        }
    }

    /// Whether this is the cell that was interrupted last.
    pub(super) fn is_interrupted(&self, cell: CellId) -> bool {
        self.interrupted.load(Ordering::SeqCst) == cell.0
    }

    /// Kills cargo and what it runs for as long as it may be started again and again.
    pub(super) fn end_compilers(&self, may_be_started: impl Fn() -> bool) {
        while may_be_started() {
            for pid in descendants::compilers() {
                // It may have ended meanwhile.
                let _ = kill_process(pid, Signal::KILL);
            }
            std::thread::sleep(CHASE);
        }
    }

    fn known(&self) -> MutexGuard<'_, Arc<Knowledge>> {
        self.knowledge.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<CellId>> {
        self.queued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
