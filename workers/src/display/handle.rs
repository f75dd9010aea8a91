//! The way back to something that has been shown.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Message, ToMimeBundle};

/// Something that has been shown, to be changed later.
///
/// It can be kept in a variable of the notebook, be cloned, and be used in worker processes.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct DisplayHandle {
    id: String,
}

impl DisplayHandle {
    pub(super) fn new(id: String) -> Self {
        Self { id }
    }

    /// The name under which it is shown.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Shows something else in the same place. In a program that is no notebook the plain text is printed.
    pub fn update(&self, value: impl ToMimeBundle) {
        Message::update_display_data(&value.to_mime_bundle(), &self.id).send();
    }

    /// As the last expression of a cell it shows nothing more.
    pub fn evcxr_display(&self) {}
}

/// A name that no other display has: workers and checkpoints have copies of the counter, but PIDs of their own, and a
/// later process with the same PID is there at another time.
pub(crate) fn unique_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("parcell-{:x}-{:x}-{count:x}", std::process::id(), now.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_displays_have_one_name() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| unique_id()).collect();
        assert_eq!(ids.len(), 1000);
    }
}
