//! What rust-analyzer can tell whoever writes a cell: what could stand at a place, and documentation. It is told in
//! rust-analyzer's own thread, of the notebook as it is or as the cell that runs will leave it, so that nobody waits for
//! that cell.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, TryLockError, mpsc};

use super::commands;
use super::draft::{ANALYSED_FUNCTION, Draft, Purpose};
use super::early_return::ErrorFormat;
use super::namespace::{Imports, Namespace};
use super::source::Source;
use super::statements::Statements;
use super::{Error, State};
use crate::analysis::{Analysis, AnalysisError, Analyzer, Completion, Crates};
use crate::toolchain;

/// A notebook, as far as those who write see it. Clones see the same one.
#[derive(Clone, Debug)]
pub(crate) struct Insight {
    analyzer: Analyzer,
    package: PathBuf,
    view: Arc<Mutex<Arc<View>>>,
    /// Held by whoever evaluates code, to which the package's manifest belongs meanwhile.
    evaluating: Arc<Mutex<()>>,
}

/// What cells that are being written can name.
#[derive(Debug)]
struct View {
    namespace: Namespace,
    error_format: ErrorFormat,
}

/// A look at the notebook, in rust-analyzer's thread.
pub(crate) struct Look<'a> {
    analysis: &'a mut Analysis,
    view: Arc<View>,
    package: &'a Path,
    /// Held by whoever evaluates code; None where that is who looks.
    evaluating: Option<&'a Mutex<()>>,
}

impl Insight {
    pub(super) fn new(analyzer: Analyzer, package: PathBuf, state: &State) -> Insight {
        Insight {
            analyzer,
            package,
            view: Arc::new(Mutex::new(View::of(state.namespace.clone(), state.error_format))),
            evaluating: Arc::default(),
        }
    }

    /// What is written from now on is for this notebook.
    pub(super) fn show(&self, namespace: Namespace, error_format: ErrorFormat) {
        *self.view.lock().unwrap_or_else(PoisonError::into_inner) = View::of(namespace, error_format);
    }

    /// What has to be locked while code is evaluated.
    pub(super) fn evaluating(&self) -> Arc<Mutex<()>> {
        Arc::clone(&self.evaluating)
    }

    /// Has `look` look at the notebook when rust-analyzer comes to it. While code is evaluated, that is without crates that
    /// it has not read.
    pub(crate) fn ask(&self, look: impl FnOnce(&mut Look<'_>) + Send + 'static) -> Result<(), AnalysisError> {
        let insight = self.clone();
        self.analyzer
            .visit(move |analysis| look(&mut insight.look(analysis, Some(&insight.evaluating))))
    }

    /// The same for whoever evaluates code, who waits for what is seen.
    pub(super) fn look_now<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Look<'_>) -> T + Send + 'static,
    ) -> Result<T, AnalysisError> {
        let (reply, seen) = mpsc::sync_channel(1);
        let insight = self.clone();
        self.analyzer.visit(move |analysis| {
            // Whoever asked waits.
            let _ = reply.send(look(&mut insight.look(analysis, None)));
        })?;
        seen.recv().map_err(|_| AnalysisError::Panicked)
    }

    fn look<'a>(&'a self, analysis: &'a mut Analysis, evaluating: Option<&'a Mutex<()>>) -> Look<'a> {
        Look {
            analysis,
            view: self.view(),
            package: &self.package,
            evaluating,
        }
    }

    fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl View {
    fn of(namespace: Namespace, error_format: ErrorFormat) -> Arc<View> {
        Arc::new(View {
            namespace,
            error_format,
        })
    }
}

impl Look<'_> {
    /// What could stand at this place of code.
    pub(crate) fn completions(&mut self, code: &str, position: usize) -> Result<Vec<Completion>, Error> {
        let (source, crates) = self.source(code)?;
        let Some(offset) = source.place_of(position) else {
            return Ok(Vec::new());
        };
        let mut found = self.analysis.completions(source.into_text(), offset, crates)?;
        found.retain(|found| !found.text.starts_with(ANALYSED_FUNCTION));
        Ok(found)
    }

    /// The documentation, in Markdown, of what code ends with; None where nothing is known.
    pub(crate) fn hover(&mut self, code: &str) -> Option<String> {
        let found = self.try_hover(code);
        found.unwrap_or_else(|error| {
            tracing::debug!(%error, code, "nothing is known");
            None
        })
    }

    fn try_hover(&mut self, code: &str) -> Result<Option<String>, Error> {
        let (code, position) = if code == "let" {
            // Alone it is none.
            ("let _ = 1;".to_owned(), 0)
        } else {
            // A method is found where it is called only.
            let name = code.strip_suffix('(').map_or(code.len(), str::len);
            let end = if name < code.len() { ");" } else { ";" };
            (format!("{code}{end}"), name)
        };
        let (source, crates) = self.source(&code)?;
        let Some(offset) = source.place_of(position) else {
            return Ok(None);
        };
        Ok(self.analysis.hover(source.into_text(), offset, crates)?)
    }

    /// Source for code that is not run, and the crates to look at it with. Its commands count as far as they add crates, unless
    /// code is evaluated, to which the manifest belongs meanwhile.
    fn source(&self, code: &str) -> Result<(Source, Crates), Error> {
        let parsed = Statements::parse(code);
        let mut namespace = self.view.namespace.clone();
        let crates = match self.evaluating.map(Mutex::try_lock) {
            None => Crates::AsNow,
            Some(Err(TryLockError::WouldBlock)) => Crates::AsRead,
            // Only while it is written: rust-analyzer may take long to read the crates, and no cell is to wait for that.
            Some(Ok(_) | Err(TryLockError::Poisoned(_))) => {
                for command in parsed.commands.iter().filter(|command| command.name == ":dep") {
                    commands::add_dependency(&command.argument, &mut namespace.manifest)
                        .map_err(|refusal| Error::of_command(refusal, command.argument_range.clone()))?;
                }
                toolchain::write_manifest(self.package, &namespace.manifest)?;
                Crates::AsNow
            }
        };
        let draft = Draft::new(namespace, &parsed, Imports::AsWritten, self.view.error_format);
        Ok((draft.analysed(Purpose::Completion), crates))
    }
}
