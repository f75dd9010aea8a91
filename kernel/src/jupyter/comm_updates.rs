//! How often front ends are told what a cell changes of a widget. A cell can change a progress bar a million times in a
//! second; jupyter_server drops messages that come so fast, and no person sees more than some tens of them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use parcell::contract::comms::CommMessage;

use crate::session::{self, CellId};

/// The time between two updates of one widget.
const PACE: Duration = Duration::from_millis(40);

/// What is said on a comm, by or because of a cell.
pub(super) type Said = (CellId, CommMessage);

/// Puts updates of one widget together that come faster than that. It sends nothing and reads no clock: what each call
/// gives is to be sent.
#[derive(Debug, Default)]
pub(super) struct CommUpdates {
    comms: BTreeMap<String, Pace>,
}

/// A widget that has been told of an update a moment ago.
#[derive(Debug)]
struct Pace {
    /// When the next may follow.
    due: Instant,
    held: Option<Said>,
}

impl CommUpdates {
    /// Takes what is said on a comm.
    pub(super) fn take(&mut self, now: Instant, cell: CellId, message: CommMessage) -> Vec<Said> {
        let comm_id = message.comm_id();
        if !session::is_widget_update(&message) {
            // It comes after what has been said before.
            let held = self.comms.remove(comm_id).and_then(|pace| pace.held);
            return held.into_iter().chain([(cell, message)]).collect();
        }
        match self.comms.get_mut(comm_id) {
            Some(pace) if pace.due > now => {
                pace.held = Some(match pace.held.take() {
                    Some((_, earlier)) => (cell, session::merged_updates(&earlier, message)),
                    None => (cell, message),
                });
                Vec::new()
            }
            _ => {
                let (due, held) = (now + PACE, None);
                self.comms.insert(comm_id.to_owned(), Pace { due, held });
                vec![(cell, message)]
            }
        }
    }

    /// When `elapse` has something to give.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let held = self.comms.values().filter(|pace| pace.held.is_some());
        held.map(|pace| pace.due).min()
    }

    /// What has been held for long enough.
    pub(super) fn elapse(&mut self, now: Instant) -> Vec<Said> {
        let mut given = Vec::new();
        self.comms.retain(|_, pace| {
            if pace.due > now {
                return true;
            }
            pace.due = now + PACE;
            let held = pace.held.take();
            let is_in_use = held.is_some();
            given.extend(held);
            is_in_use
        });
        given
    }

    /// All that is held: a cell has ended.
    pub(super) fn flush(&mut self) -> Vec<Said> {
        let paces = self.comms.values_mut();
        paces.filter_map(|pace| pace.held.take()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parcell::contract::comms::Payload;
    use serde_json::json;

    const CELL: CellId = CellId(3);

    fn message(comm_id: &str, method: &str, value: i64) -> CommMessage {
        let data = json!({"method": method, "state": {"value": value}, "buffer_paths": []});
        CommMessage::CommMsg {
            comm_id: comm_id.to_owned(),
            payload: Payload::of(data),
        }
    }

    fn values(said: &[Said]) -> Vec<i64> {
        let value = |(_, message): &Said| message.payload().data["state"]["value"].as_i64().unwrap();
        said.iter().map(value).collect()
    }

    #[test]
    fn of_what_comes_fast_the_last_is_sent() {
        let (mut updates, now) = (CommUpdates::default(), Instant::now());
        let take =
            |updates: &mut CommUpdates, value, at| values(&updates.take(at, CELL, message("a", "update", value)));
        assert_eq!(take(&mut updates, 1, now), [1]);
        assert_eq!(updates.deadline(), None);
        for value in 2..=1000 {
            assert!(take(&mut updates, value, now + PACE / 2).is_empty());
        }
        assert_eq!(
            values(&updates.take(now + PACE / 2, CELL, message("b", "update", 7))),
            [7]
        );
        assert_eq!(updates.deadline(), Some(now + PACE));
        assert!(values(&updates.elapse(now + PACE / 2)).is_empty());
        assert_eq!(values(&updates.elapse(now + PACE)), [1000]);
        assert!(take(&mut updates, 5, now + PACE).is_empty());
        assert_eq!(values(&updates.flush()), [5]);
        assert_eq!((updates.deadline(), updates.flush()), (None, vec![]));
        updates.elapse(now + PACE * 2);
        assert!(updates.comms.is_empty(), "what is quiet is forgotten");
    }

    #[test]
    fn everything_else_on_the_comm_comes_after_what_is_held() {
        let (mut updates, now) = (CommUpdates::default(), Instant::now());
        updates.take(now, CELL, message("a", "update", 1));
        updates.take(now, CELL, message("a", "update", 2));
        assert_eq!(values(&updates.take(now, CELL, message("a", "custom", 3))), [2, 3]);
    }
}
