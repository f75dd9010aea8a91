//! Starting: the library is prepared, then evcxr, whose child is the supervisor. Where that fails no cell can be run.

use std::io;
use std::process::Command;
use std::sync::mpsc;

use evcxr::{CommandContext, Error};

use super::Request;
use crate::environment::{self, SessionFiles, prelude};
use crate::library::{self, Prepared};
use crate::process::SUPERVISOR;
use crate::session::diagnostics;
use crate::session::event::{Content, Event, Outcome, Stream};
use crate::session::shared::Shared;

/// Why no cell can be run.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error("the library that cells use cannot be had")]
    Library(#[from] library::PrepareError),
    #[error("cannot start")]
    Io(#[from] io::Error),
    #[error("the Rust engine does not start: {0}")]
    Evcxr(#[from] Error),
}

/// evcxr with everything in scope that every cell has, and the library that is.
pub(super) fn start(shared: &Shared, files: &SessionFiles) -> Result<(CommandContext, Prepared), StartError> {
    let library = library::prepare(&mut |progress| {
        if let Some(cell) = shared.first_queued() {
            let content = Content::Stream {
                stream: Stream::Stderr,
                text: format!("parcell: {progress}\n"),
            };
            shared.say(Event::Output { cell, content });
        }
        tracing::info!(progress, "preparing the library");
    })?;
    library::plant(&library, &files.evcxr())?;
    let mut supervisor = Command::new(std::env::current_exe()?);
    supervisor.arg(SUPERVISOR);
    environment::restore(&mut supervisor);
    tracing::debug!("the library is in place");
    let (context, outputs) = prelude::start(files, supervisor, &library.sources())?;
    std::thread::Builder::new()
        .name("supervisor-stderr".to_owned())
        .spawn(move || {
            for line in outputs.stderr {
                tracing::error!(line, "the supervisor says");
            }
        })?;
    Ok((context, library))
}

/// Every cell fails with the reason why none can be run.
pub(super) fn refuse_all(shared: &Shared, requests: &mpsc::Receiver<Request>, error: &StartError) {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    tracing::error!(error = text, "the session cannot start");
    while let Ok(request) = requests.recv() {
        match request {
            Request::Execute(cell) => {
                shared.finish(cell.id, Outcome::Error(diagnostics::plain_error("StartError", &text)))
            }
            Request::Shutdown => return,
            // Dropping the reply answers.
            Request::Complete { .. } | Request::Inspect { .. } => {}
        }
    }
}
