//! Requests from outside to end a run.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// What asked for the end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stop {
    /// Ctrl-C.
    Interrupt,
    /// What a service manager or a time limit sends.
    Terminate,
}

impl Stop {
    /// The status that shells give to a program ended by this signal.
    pub(super) fn status(self) -> u8 {
        match self {
            Stop::Interrupt => 130,
            Stop::Terminate => 143,
        }
    }
}

/// Listens from now on; the signals no longer end the process by themselves.
pub(super) fn listen() -> io::Result<mpsc::UnboundedReceiver<Stop>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let interrupts = signal(SignalKind::interrupt())?;
    let terminations = signal(SignalKind::terminate())?;
    tokio::spawn(forward(interrupts, terminations, sender));
    Ok(receiver)
}

async fn forward(mut interrupts: Signal, mut terminations: Signal, sender: mpsc::UnboundedSender<Stop>) {
    loop {
        let stop = tokio::select! {
            Some(()) = interrupts.recv() => Stop::Interrupt,
            Some(()) = terminations.recv() => Stop::Terminate,
            else => return,
        };
        if sender.send(stop).is_err() {
            return;
        }
    }
}
