//! `parcell warm`: crates are compiled ahead, for a classroom's image or a machine without a network.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use clap::Args;

use super::say;
use crate::evaluation::{Refusal, parse_dependency};
use crate::library::{self, PrepareError, WarmError};

// No doc comment: clap would show it instead of what the subcommand says about itself.
#[derive(Args, Debug)]
pub(super) struct WarmArgs {
    /// Crates, each as behind `:dep`: rand, 'rand = "0.9"', 'ndarray = { version = "0.16", features = ["rayon"] }'
    #[arg(value_name = "CRATE", required_unless_present = "file")]
    crates: Vec<String>,
    /// A file with one such line for each crate; what is behind a # is left out
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Why crates have not been compiled ahead.
#[derive(Debug, thiserror::Error)]
pub(super) enum WarmCommandError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{line}`: {refusal}")]
    Line { line: String, refusal: Refusal },
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Warm(#[from] WarmError),
}

pub(super) fn warm(args: &WarmArgs) -> Result<(), WarmCommandError> {
    let mut lines = args.crates.clone();
    if let Some(path) = &args.file {
        let text = std::fs::read_to_string(path).map_err(|source| WarmCommandError::Read {
            path: path.clone(),
            source,
        })?;
        lines.extend(lines_of(&text));
    }
    let crates = lines.iter().map(|line| {
        let dependency = line.strip_prefix(":dep ").unwrap_or(line).trim();
        parse_dependency(dependency).map_err(|refusal| WarmCommandError::Line {
            line: line.clone(),
            refusal,
        })
    });
    let crates: BTreeMap<String, String> = crates.collect::<Result<_, _>>()?;
    let prepared = library::prepare(&mut |progress| say::news(progress))?;
    library::warm(&prepared, &crates, &mut |progress| say::news(progress))?;
    let names: Vec<&str> = crates.keys().map(String::as_str).collect();
    say::answer(format_args!("compiled, for notebooks to use: {}", names.join(", ")));
    Ok(())
}

/// The lines that name a crate.
fn lines_of(text: &str) -> impl Iterator<Item = String> {
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_crate_in_each_line() {
        let lines: Vec<_> = lines_of("# for the lesson\nrand\n\n:dep regex = \"1\" # strings\n").collect();
        assert_eq!(lines, ["rand", ":dep regex = \"1\""]);
    }
}
