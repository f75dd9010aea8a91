//! How cells are compiled, remembered by all that it depends on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::toolchain::Manifest;
use crate::toolchain::compilation::Compilation;
use crate::toolchain::package::BuildSettings;

/// How cells are compiled for one manifest.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::toolchain) struct Call {
    /// Cargo.lock, with the versions that were chosen.
    pub(in crate::toolchain) lock: String,
    /// The units that it needs.
    pub(in crate::toolchain) units: Vec<String>,
    pub(in crate::toolchain) how: How,
}

#[derive(Debug, Deserialize, Serialize)]
pub(in crate::toolchain) enum How {
    Compiled(Compilation),
    /// The library has to be compiled again for these crates; why.
    LibraryDiffers(String),
}

/// All that it depends on how cells are compiled, as a name of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::toolchain) struct CallKey(String);

impl CallKey {
    /// `lock` is Cargo.lock as it was before. `library` is the one that cells are linked with, unless it is compiled
    /// with them.
    pub(in crate::toolchain) fn of(
        manifest: &Manifest,
        lock: &str,
        settings: &BuildSettings,
        library: Option<&Path>,
    ) -> CallKey {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        };
        add(manifest.text().as_bytes());
        add(lock.as_bytes());
        add(settings.tools.rustc.as_os_str().as_encoded_bytes());
        add(settings.tools.version.as_bytes());
        for (name, value) in &settings.environment {
            add(name.as_bytes());
            add(value.as_bytes());
        }
        add(library.map_or(b"", |library| library.as_os_str().as_encoded_bytes()));
        CallKey(super::hex(&hash.finalize()))
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    fn file(&self, store: &Path) -> PathBuf {
        directory(store).join(&self.0).with_extension("json")
    }
}

pub(super) fn directory(store: &Path) -> PathBuf {
    store.join("calls")
}

pub(super) fn read(store: &Path, key: &CallKey) -> Option<Call> {
    serde_json::from_slice(&fs::read(key.file(store)).ok()?).ok()
}

pub(super) fn write(store: &Path, key: &CallKey, call: &Call) -> io::Result<()> {
    super::write_whole(&key.file(store), &serde_json::to_vec(call)?)
}

pub(super) fn mark_used(store: &Path, key: &CallKey) {
    super::mark_used(&key.file(store));
}

/// Forgets what has not been used since then.
pub(super) fn forget_unused_since(store: &Path, time: std::time::SystemTime) -> io::Result<()> {
    for path in super::entries(&directory(store))? {
        // Somebody else may just have removed it.
        if fs::metadata(&path)
            .and_then(|file| file.modified())
            .is_ok_and(|used| used <= time)
        {
            super::remove_path(&path)?;
        }
    }
    Ok(())
}
