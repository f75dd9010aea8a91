//! What a process has to see to now and then, while it waits for other processes: there is no thread that would.

use std::sync::OnceLock;

static DUTY: OnceLock<fn()> = OnceLock::new();

/// Has `duty` done from now on whenever a wait of this process has been silent for a while, by the thread that waits. It
/// must not wait itself. There can be one.
pub(crate) fn take_on(duty: fn()) {
    DUTY.get_or_init(|| duty);
}

/// Does it, if there is one. Called where no lock is held.
pub(super) fn attend() {
    if let Some(duty) = DUTY.get() {
        duty();
    }
}
