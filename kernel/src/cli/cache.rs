//! `parcell cache`: the crates that are kept compiled.

use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, Subcommand};

use super::say;
use crate::library::{self, PrepareError};
use crate::toolchain::{self, CrateUse, LIMIT_VARIABLE, StoreUse};
use crate::units::size::{self, SizeError};

// No doc comment: clap would show it instead of what the subcommand says about itself.
#[derive(Args, Debug)]
pub(super) struct CacheArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the crates, with their sizes (the default)
    List,
    /// Remove the crates that no notebook uses at the moment
    Clear,
    /// Forget which versions notebooks have got, so that they get the newest the next time they are opened
    Update,
}

/// Why the cache cannot be shown or changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CacheError {
    #[error(transparent)]
    Place(#[from] PrepareError),
    #[error("{LIMIT_VARIABLE} is no size")]
    Limit(#[from] SizeError),
    #[error("cannot look at or change what is in {}", cache.display())]
    Io { cache: PathBuf, source: io::Error },
}

pub(super) fn cache(args: &CacheArgs) -> Result<(), CacheError> {
    let cache = library::cache_directory()?;
    let failed = |source| CacheError::Io {
        cache: cache.clone(),
        source,
    };
    match args.action {
        None | Some(Action::List) => {
            let usage = toolchain::usage(&cache).map_err(failed)?;
            say::answer(list(&usage, toolchain::limit()?, SystemTime::now()));
            say::answer(format_args!("in {}", cache.display()));
        }
        Some(Action::Clear) => {
            let freed = toolchain::clear(&cache).map_err(failed)?;
            say::answer(format_args!("removed {}", size::text(freed)));
            let left = toolchain::usage(&cache).map_err(failed)?;
            if left.bytes > 0 {
                say::answer(format_args!("{} is in use", size::text(left.bytes)));
            }
        }
        Some(Action::Update) => {
            toolchain::forget_versions(&cache).map_err(failed)?;
            say::answer("notebooks get the newest versions that they allow when they are opened");
        }
    }
    Ok(())
}

fn list(usage: &StoreUse, limit: u64, now: SystemTime) -> String {
    let heads = ["CRATE", "VERSION", "BUILDS", "SIZE", "LAST USED"].map(str::to_owned);
    let rows: Vec<[String; 5]> = usage.crates.iter().map(|held| row(held, now)).collect();
    let width = |column: usize| {
        let cells = std::iter::once(&heads).chain(&rows);
        cells.map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |row: &[String; 5]| {
        let [name, version, builds, size, used] = row;
        let [a, b, c, d, _] = widths;
        format!("{name:a$}  {version:b$}  {builds:>c$}  {size:>d$}  {used}\n")
    };
    let mut text = String::new();
    if !rows.is_empty() {
        text.extend(std::iter::once(&heads).chain(&rows).map(line));
    }
    text.push_str(&format!("{} of at most {}", size::text(usage.bytes), size::text(limit)));
    text
}

fn row(held: &CrateUse, now: SystemTime) -> [String; 5] {
    const DAY: u64 = 24 * 60 * 60;
    let days = now.duration_since(held.last_used).unwrap_or_default().as_secs() / DAY;
    let used = match days {
        0 => "in the last 24 hours".to_owned(),
        1 => "1 day ago".to_owned(),
        days => format!("{days} days ago"),
    };
    [
        held.name.clone(),
        held.version.clone(),
        held.builds.to_string(),
        size::text(held.bytes),
        used,
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn crates_are_listed_with_their_sizes() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 30);
        let usage = StoreUse {
            crates: vec![
                CrateUse {
                    name: "syn".to_owned(),
                    version: "2.0.1".to_owned(),
                    builds: 2,
                    bytes: 12 << 20,
                    last_used: now,
                },
                CrateUse {
                    name: "a".to_owned(),
                    version: "10.0.0-beta".to_owned(),
                    builds: 1,
                    bytes: 900,
                    last_used: now - Duration::from_secs(3 * 24 * 60 * 60),
                },
            ],
            bytes: (12 << 20) + 900,
        };
        assert_eq!(
            list(&usage, 5 << 30, now),
            "CRATE  VERSION      BUILDS      SIZE  LAST USED\n\
             syn    2.0.1             2  12.0 MiB  in the last 24 hours\n\
             a      10.0.0-beta       1     900 B  3 days ago\n\
             12.0 MiB of at most 5.0 GiB"
        );
        assert_eq!(list(&StoreUse::default(), 1 << 20, now), "0 B of at most 1.0 MiB");
    }
}
