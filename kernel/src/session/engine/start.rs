//! Starting: the library is prepared, then the evaluator, for which the supervisor has cells run. Where that fails no
//! cell can be run.

use std::io;
use std::process::Command;
use std::sync::mpsc;

use super::{Purpose, Request};
use crate::environment::{self, SessionFiles};
use crate::evaluation::{self, Evaluator};
use crate::library;
use crate::process::{CHECKING_SUPERVISOR, SUPERVISOR};
use crate::session::diagnostics;
use crate::session::event::{Content, Event, Outcome, Stream};
use crate::session::shared::Shared;
use crate::toolchain::{Package, Tools, ToolsError};

/// Why no cell can be run.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error("the library that cells use cannot be had")]
    Library(#[from] library::PrepareError),
    #[error("cannot start")]
    Io(#[from] io::Error),
    #[error("the evaluator does not start")]
    Evaluator(#[from] evaluation::Error),
    #[error("there is no Rust")]
    Tools(#[from] ToolsError),
}

/// The evaluator, with everything in scope that every cell has.
pub(super) fn start(shared: &Shared, purpose: Purpose, files: &SessionFiles) -> Result<Evaluator, StartError> {
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
    library::plant(&library, &files.package())?;
    let package = Package::new(&files.package(), library.cache(), library.library());
    let (package, role) = match purpose {
        Purpose::Run => (package, SUPERVISOR),
        Purpose::Check => (package.for_checking(), CHECKING_SUPERVISOR),
    };
    let mut supervisor = Command::new(std::env::current_exe()?);
    supervisor.arg(role);
    environment::restore(&mut supervisor);
    tracing::debug!("the library is in place");
    let evaluator = Evaluator::start(package, &library.sources(), supervisor, Tools::in_use()?)?;
    tracing::debug!("the evaluator has started");
    Ok(evaluator)
}

/// Every cell fails with the reason why none can be run.
pub(super) fn refuse_all(shared: &Shared, requests: &mpsc::Receiver<Request>, error: &StartError) {
    let text = diagnostics::with_causes(error);
    tracing::error!(error = text, "the session cannot start");
    shared.will_not_start();
    while let Ok(request) = requests.recv() {
        match request {
            Request::Execute(cell) => {
                shared.finish(cell.id, Outcome::Error(diagnostics::plain_error("StartError", &text)))
            }
            Request::Shutdown => return,
            Request::Expect(_) | Request::Deliver | Request::Look(_) => {}
        }
    }
}
