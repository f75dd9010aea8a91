//! The names of crates that can be known without asking the network.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{fs, io};

/// Crates that are used widely, above all in notebooks.
const WELL_KNOWN: &[&str] = &[
    "anyhow",
    "argmin",
    "arrow",
    "async-std",
    "axum",
    "bincode",
    "bitflags",
    "bytemuck",
    "bytes",
    "candle-core",
    "charming",
    "chrono",
    "clap",
    "crossbeam",
    "csv",
    "ctrlc",
    "dashmap",
    "datafusion",
    "diesel",
    "either",
    "faer",
    "fastrand",
    "flate2",
    "futures",
    "glam",
    "half",
    "hashbrown",
    "hex",
    "hyper",
    "image",
    "imageproc",
    "indexmap",
    "indicatif",
    "itertools",
    "jiff",
    "kdam",
    "lazy_static",
    "libc",
    "linfa",
    "log",
    "memmap2",
    "nalgebra",
    "ndarray",
    "ndarray-linalg",
    "ndarray-rand",
    "ndarray-stats",
    "nom",
    "num",
    "num-bigint",
    "num-complex",
    "num-traits",
    "num_cpus",
    "once_cell",
    "ordered-float",
    "parking_lot",
    "petgraph",
    "plotly",
    "plotters",
    "polars",
    "pretty_assertions",
    "prettytable-rs",
    "proptest",
    "quick-xml",
    "rand",
    "rand_chacha",
    "rand_distr",
    "rayon",
    "regex",
    "reqwest",
    "rusqlite",
    "rust_decimal",
    "rustfft",
    "scraper",
    "serde",
    "serde_json",
    "serde_yaml",
    "sha2",
    "smallvec",
    "smartcore",
    "sqlx",
    "statrs",
    "strum",
    "syn",
    "tempfile",
    "thiserror",
    "time",
    "tokio",
    "toml",
    "tracing",
    "ureq",
    "url",
    "uuid",
    "walkdir",
    "zip",
];

/// All names that are at hand: of crates on this machine, and of crates that are used widely.
///
/// Reads cargo's directories once; that blocks for some milliseconds.
pub(super) fn at_hand() -> &'static BTreeSet<String> {
    static NAMES: OnceLock<BTreeSet<String>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let mut names: BTreeSet<String> = WELL_KNOWN.iter().map(|name| (*name).to_owned()).collect();
        if let Some(registry) = registry()
            && let Err(error) = collect(&registry, &mut names)
        {
            tracing::debug!(%error, "cargo's registry cannot be read");
        }
        names
    })
}

/// Where cargo keeps what it has downloaded.
fn registry() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| dirs::home_dir().map(|home| home.join(".cargo")))
        .map(|cargo| cargo.join("registry"))
}

fn collect(registry: &Path, names: &mut BTreeSet<String>) -> io::Result<()> {
    for source in entries(&registry.join("src"))? {
        let packages = entries(&source)?;
        names.extend(
            packages
                .iter()
                .filter_map(|package| without_version(&file_name(package)?)),
        );
    }
    for index in entries(&registry.join("index"))? {
        collect_files(&index.join(".cache"), names)?;
    }
    Ok(())
}

/// The names of all files: the index has one for each crate that cargo has looked at.
fn collect_files(directory: &Path, names: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in entries(directory)? {
        if entry.is_dir() {
            collect_files(&entry, names)?;
        } else if let Some(name) = file_name(&entry).filter(|name| !name.contains('.')) {
            names.insert(name);
        }
    }
    Ok(())
}

fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.map(|entry| Ok(entry?.path())).collect(),
    }
}

fn file_name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_str()?.to_owned())
}

/// `name-1.2.3` without its version.
fn without_version(package: &str) -> Option<String> {
    let is_version = |(position, _): &(usize, &str)| {
        let major = package[position + 1..].split('.').next().unwrap_or_default();
        !major.is_empty()
            && major.len() + position + 1 < package.len()
            && major.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (position, _) = package.match_indices('-').find(is_version)?;
    Some(package[..position].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_packages_and_from_the_index() {
        let registry = tempfile::tempdir().unwrap();
        for directory in [
            "src/a/num-bigint-0.4.6",
            "src/a/x-2d-1.0.0-rc.1",
            "index/b/.cache/se/rd",
        ] {
            fs::create_dir_all(registry.path().join(directory)).unwrap();
        }
        fs::write(registry.path().join("index/b/.cache/se/rd/serde"), "").unwrap();
        let mut names = BTreeSet::new();
        collect(registry.path(), &mut names).unwrap();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["num-bigint", "serde", "x-2d"]);
        assert!(collect(&registry.path().join("none"), &mut BTreeSet::new()).is_ok());
    }
}
