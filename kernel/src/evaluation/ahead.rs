//! The next cell, compiled while one runs: whoever runs a whole notebook waits for the compiler less.
//!
//! It is compiled for the notebook as it will be when the cell that runs has completed. Where the notebook turns out to
//! be another one, it is compiled again at its turn.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::compiling::{Compiling, Product};
use super::draft::Draft;
use super::early_return::ErrorFormat;
use super::namespace::{Imports, Namespace};
use super::statements::Statements;
use super::{Phases, Progress, Request, Waiting};
use crate::analysis::Analyzer;
use crate::toolchain::{CellCompiler, Identities, SourcePlace};

/// The compiler and rust-analyzer's parser recurse deeply.
const STACK: usize = 64 << 20;
/// How often whoever waits looks whether to give up.
const PATIENCE: Duration = Duration::from_millis(20);

/// The code that is to be evaluated next, where that is known.
#[derive(Clone, Debug)]
pub(crate) struct Next {
    pub(crate) code: String,
    /// The number by which people know the cell.
    pub(crate) cell: u32,
    /// What its types are compiled with.
    pub(crate) identities: Identities,
}

/// What the code is compiled with.
pub(super) struct Tools {
    pub(super) compiler: CellCompiler,
    pub(super) analyzer: Analyzer,
    pub(super) error_format: ErrorFormat,
    /// Of the library that it may become.
    pub(super) number: u32,
}

/// A cell that is being compiled ahead.
#[derive(Debug)]
pub(super) struct Ahead {
    thread: JoinHandle<()>,
    compiled: Receiver<Option<Ready>>,
    state: Arc<State>,
}

/// What the thread and whoever waits for it tell each other.
#[derive(Debug, Default)]
struct State {
    is_given_up: AtomicBool,
    infers_types: AtomicBool,
}

/// A cell that has been compiled ahead.
#[derive(Debug)]
pub(super) struct Ready {
    next: Next,
    /// The notebook that it was compiled for.
    base: Namespace,
    error_format: ErrorFormat,
    pub(super) draft: Draft,
    pub(super) product: Product,
    pub(super) compiler: CellCompiler,
}

impl Ahead {
    /// Compiles `next` for the notebook `base`.
    pub(super) fn start(next: Next, base: Namespace, tools: Tools) -> io::Result<Ahead> {
        let state = Arc::new(State::default());
        let (done, compiled) = mpsc::sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("ahead".to_owned())
            .stack_size(STACK)
            .spawn({
                let state = Arc::clone(&state);
                move || {
                    // Nobody may be there to have it.
                    let _ = done.send(compile(next, base, tools, &state));
                }
            })?;
        Ok(Ahead {
            thread,
            compiled,
            state,
        })
    }

    pub(super) fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for it; None where it does not compile, or not without crates, and where whoever waits has given up.
    pub(super) fn wait(self, waiting: Waiting<'_>) -> Option<Ready> {
        let start = Instant::now();
        let ready = loop {
            match self.compiled.recv_timeout(PATIENCE) {
                Ok(ready) => break ready,
                Err(RecvTimeoutError::Disconnected) => {
                    tracing::error!("compiling ahead panicked");
                    break None;
                }
                Err(RecvTimeoutError::Timeout) if (waiting.is_given_up)() => {
                    self.state.is_given_up.store(true, Ordering::Relaxed);
                    // Its files are the next cell's.
                    break self.compiled.recv().ok().flatten();
                }
                Err(RecvTimeoutError::Timeout) if self.state.infers_types.load(Ordering::Relaxed) => {
                    waiting.for_types(start.elapsed());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        waiting.types_are_known();
        ready
    }
}

impl Ready {
    /// Whether this is what is asked for, and the notebook is as it was expected to be.
    pub(super) fn fits(&self, request: Request<'_>, namespace: &Namespace, error_format: ErrorFormat) -> bool {
        self.next.code == request.code
            && self.next.cell == request.cell
            && self.next.identities == *request.identities
            && self.error_format == error_format
            && self.base == *namespace
    }
}

fn compile(next: Next, base: Namespace, tools: Tools, state: &State) -> Option<Ready> {
    let parsed = Statements::parse(&next.code);
    if !parsed.commands.is_empty() {
        return None;
    }
    let mut draft = Draft::new(base.clone(), &parsed, Imports::TakenApart, tools.error_format);
    let has_crates = draft.namespace.manifest == base.manifest && !draft.needs_crates();
    if !has_crates || (draft.body.is_empty() && !draft.namespace.defines_more_than(&base)) {
        return None;
    }
    let compiling = Compiling {
        compiler: tools.compiler.clone(),
        analyzer: &tools.analyzer,
        identities: &next.identities,
        cell: next.cell,
        place: SourcePlace::Ahead,
        waiting: Waiting {
            is_given_up: &|| state.is_given_up.load(Ordering::Relaxed),
            hear: &|progress| {
                let infers = matches!(progress, Progress::Types { .. });
                state.infers_types.store(infers, Ordering::Relaxed);
            },
        },
    };
    // How long it takes is nobody's wait.
    let mut phases = Phases::default();
    // What is wrong with it is told at its turn.
    compiling.settle_macros(&mut draft, &mut phases).ok()?;
    compiling.settle_types(&mut draft, &mut phases).ok()?;
    let product = compiling.compile(&mut draft, false, tools.number, &mut phases).ok()?;
    Some(Ready {
        base,
        error_format: tools.error_format,
        draft,
        product,
        compiler: tools.compiler,
        next,
    })
}
