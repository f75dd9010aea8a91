//! What every cell has from the start: the library, serde, and the library's prelude.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use evcxr::{CommandContext, Error, EvalContext, EvalContextOutputs};

use super::SessionFiles;
use crate::toolchain::find_in_path;

/// Large enough never to be reached. evcxr runs this executable as rustc's wrapper only while it has a cache.
const CACHE_BYTES: u64 = 1 << 50;
/// The package's manifest, which evcxr writes before it does anything else with code.
const MANIFEST: &str = "Cargo.toml";

/// Starts evcxr with everything in scope. `child` plays its child; `library` is the directory of the library's package.
pub(crate) fn start(
    files: &SessionFiles,
    child: Command,
    library: &Path,
) -> Result<(CommandContext, EvalContextOutputs), Error> {
    let (mut context, outputs) =
        without_first_evaluation(&files.evcxr(), || EvalContext::with_subprocess_command(child))?;
    files.tools().hide()?;
    tracing::debug!("evcxr has started");
    let mut state = context.state();
    state.set_cache_bytes(CACHE_BYTES);
    context.eval_with_state("", state)?;
    let mut context = CommandContext::with_eval_context(context);
    reload(&mut context, library)?;
    tracing::debug!("the prelude is in scope");
    Ok((context, outputs))
}

/// Spares evcxr the evaluation that it starts with.
///
/// It evaluates `42` before anything can be added, and has rust-analyzer load everything for that; with the library
/// added it does so again. Where evcxr believes that it may use lld, which it does if that is in PATH, the evaluation is
/// its test of whether lld works, and may fail. (lld is not used then; rustc uses the toolchain's own.) It fails at once
/// where the manifest cannot be written.
fn without_first_evaluation<T>(package: &Path, start: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if find_in_path("mold", &path).is_some() {
        // Preferred to lld, and then the evaluation has to succeed.
        return start();
    }
    let obstacle = Obstacle::put(package)?;
    let started = start();
    obstacle.remove()?;
    started
}

/// A directory in the place of the manifest.
struct Obstacle {
    manifest: PathBuf,
    aside: PathBuf,
}

impl Obstacle {
    fn put(package: &Path) -> io::Result<Obstacle> {
        let obstacle = Obstacle {
            manifest: package.join(MANIFEST),
            aside: package.join(MANIFEST).with_extension("aside"),
        };
        fs::create_dir_all(package)?;
        match fs::rename(&obstacle.manifest, &obstacle.aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir(&obstacle.manifest)?,
        }
        Ok(obstacle)
    }

    fn remove(self) -> io::Result<()> {
        fs::remove_dir(&self.manifest)?;
        match fs::rename(&self.aside, &self.manifest) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Puts them into scope again, after everything has been cleared.
pub(crate) fn reload(context: &mut CommandContext, library: &Path) -> Result<(), Error> {
    context.execute(&code(library))?;
    Ok(())
}

/// What puts them into scope.
pub(crate) fn code(library: &Path) -> String {
    // What derive macros generate refers to serde by its name.
    format!(
        ":dep parcell = {{ path = {library:?} }}\n\
         :dep serde = {{ version = \"1\", features = [\"derive\"] }}\n\
         use parcell::prelude::*;"
    )
}

/// Forgets all variables, items, imports and crates. What it returns brings back the crates, and what every cell has.
pub(crate) fn clear(context: &mut CommandContext) -> Result<String, Error> {
    let shown = context.execute(":show_deps")?;
    let crates: String = shown
        .get("text/plain")
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| format!(":dep {line}\n"))
        .collect();
    context.execute(":clear")?;
    Ok(format!("{crates}use parcell::prelude::*;"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_cannot_be_written_while_evcxr_starts_and_is_there_afterwards() {
        let package = tempfile::tempdir().unwrap();
        let manifest = package.path().join(MANIFEST);
        for before in [None, Some("[package]\n")] {
            if let Some(text) = before {
                fs::write(&manifest, text).unwrap();
            }
            let obstacle = Obstacle::put(package.path()).unwrap();
            assert!(fs::write(&manifest, "").is_err());
            obstacle.remove().unwrap();
            assert_eq!(fs::read_to_string(&manifest).ok().as_deref(), before);
        }
    }
}
