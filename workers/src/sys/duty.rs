//! What a process has to see to now and then, while it waits for other processes: there is no thread that would.

use std::sync::OnceLock;

static DUTIES: [OnceLock<fn()>; 2] = [const { OnceLock::new() }; 2];

/// What there is to be seen to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Duty {
    /// Standing workers that have ended are replaced.
    StandingWorkers,
    /// What a cell shows of its workers is brought up to date.
    ShowingWorkers,
}

/// Has `act` done from now on whenever a wait of this process has been silent for a while, by the thread that waits. It
/// must not wait itself.
pub(crate) fn take_on(duty: Duty, act: fn()) {
    DUTIES[duty as usize].get_or_init(|| act);
}

/// Does all that there is. Called where no lock is held.
pub(super) fn attend() {
    for duty in DUTIES.iter().filter_map(OnceLock::get) {
        duty();
    }
}
