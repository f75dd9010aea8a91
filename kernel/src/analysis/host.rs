//! rust-analyzer's database: a package with its crates, the standard library, and one source file that changes.

use std::fs;
use std::iter;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use ra_ap_base_db::SourceRoot;
use ra_ap_hir::ChangeWithProcMacros;
use ra_ap_ide::{AnalysisHost, Edition, FileId};
use ra_ap_paths::{AbsPath, AbsPathBuf};
use ra_ap_vfs::file_set::FileSetConfig;
use ra_ap_vfs::loader::{Config, Entry, Handle, LoadingProgress, Message};
use ra_ap_vfs::{Change, Vfs, VfsPath};
use ra_ap_vfs_notify::NotifyHandle;

use super::workspace::{StandardLibrary, Workspace};
use super::{AnalysisError, Reading};

/// Of cells.
pub(super) const EDITION: Edition = Edition::Edition2024;

pub(super) struct Host {
    pub(super) analysis: AnalysisHost,
    vfs: Vfs,
    loader: NotifyHandle,
    loaded: crossbeam_channel::Receiver<Message>,
    reading: Arc<Reading>,
    manifest: AbsPathBuf,
    lock: AbsPathBuf,
    /// Of the package, with which it is looked at.
    features: Vec<String>,
    /// What the package depended on when it was read.
    known: Option<Dependencies>,
    source_path: VfsPath,
    pub(super) source_id: FileId,
    pub(super) source: String,
}

/// Which crates of the package are looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Crates {
    /// Those that its manifest has now, which may have to be read first.
    AsNow,
    /// Those that have been read, whatever the manifest has become: it is being changed.
    AsRead,
}

/// What a package depends on: which crates, and in which versions.
#[derive(Debug, Eq, PartialEq)]
struct Dependencies {
    manifest: Vec<u8>,
    lock: Vec<u8>,
    library: StandardLibrary,
}

impl Host {
    pub(super) fn new(package: &Path, features: Vec<String>, reading: Arc<Reading>) -> Result<Host, AnalysisError> {
        let path = package
            .to_str()
            .ok_or_else(|| load_error(format!("its path is not UTF-8: {}", package.display())))?;
        let package =
            AbsPathBuf::try_from(path).map_err(|path| load_error(format!("its path is not absolute: {path:?}")))?;
        let source_path = VfsPath::from(package.join("src/lib.rs"));
        let mut vfs = Vfs::default();
        vfs.set_file_contents(source_path.clone(), Some(Vec::new()));
        let (source_id, _) = vfs
            .file_id(&source_path)
            .ok_or_else(|| load_error("it has no source".to_owned()))?;
        let (sender, loaded) = crossbeam_channel::unbounded();
        Ok(Host {
            analysis: AnalysisHost::default(),
            vfs,
            loader: NotifyHandle::spawn(sender),
            loaded,
            reading,
            manifest: package.join("Cargo.toml"),
            lock: package.join("Cargo.lock"),
            features,
            known: None,
            source_path,
            source_id,
            source: String::new(),
        })
    }

    /// Looks at this source from now on, and at these crates.
    pub(super) fn set_source(&mut self, source: String, crates: Crates) -> Result<(), AnalysisError> {
        let mut change = ChangeWithProcMacros::default();
        self.vfs
            .set_file_contents(self.source_path.clone(), Some(source.clone().into_bytes()));
        match crates {
            Crates::AsNow => self.update_crates(&source, &mut change)?,
            Crates::AsRead if self.known.is_none() => return Err(AnalysisError::NotRead),
            Crates::AsRead => {}
        }
        change.change_file(self.source_id, Some(source.clone()));
        self.source = source;
        self.analysis.apply_change(change);
        Ok(())
    }

    /// Reads the crates again where they are others now, or where this source needs more of the standard library.
    fn update_crates(&mut self, source: &str, change: &mut ChangeWithProcMacros) -> Result<(), AnalysisError> {
        let read = self
            .known
            .as_ref()
            .map_or_else(StandardLibrary::default, |known| known.library);
        let library = read.max(StandardLibrary::needed_by(source));
        let before = self.dependencies(library)?;
        if self.known.as_ref() == Some(&before) {
            return Ok(());
        }
        self.load(library, change)?;
        // cargo may have chosen versions. A manifest that has been changed meanwhile is not the one that was read.
        let now = self.dependencies(library)?;
        self.known = Some(now).filter(|now| now.manifest == before.manifest);
        Ok(())
    }

    /// What the package depends on now, beside this much of the standard library.
    fn dependencies(&self, library: StandardLibrary) -> Result<Dependencies, AnalysisError> {
        let manifest = fs::read(&self.manifest).map_err(|error| load_error(format!("{}: {error}", self.manifest)))?;
        // Before cargo has chosen versions there is none.
        let lock = fs::read(&self.lock).unwrap_or_default();
        Ok(Dependencies {
            manifest,
            lock,
            library,
        })
    }

    /// Reads the package's crates and the standard library.
    fn load(&mut self, library: StandardLibrary, change: &mut ChangeWithProcMacros) -> Result<(), AnalysisError> {
        let workspace = {
            let _asking = self.reading.cargo.lock().unwrap_or_else(PoisonError::into_inner);
            if self.reading.is_over.load(Ordering::SeqCst) {
                return Err(AnalysisError::Ended);
            }
            Workspace::load(&self.manifest, self.features.clone(), library).map_err(load_error)?
        };
        self.read_files(&workspace);
        for (file, changed) in self.vfs.take_changes() {
            let contents = match changed.change {
                Change::Create(contents, _) | Change::Modify(contents, _) => String::from_utf8(contents).ok(),
                Change::Delete => None,
            };
            change.change_file(file, contents);
        }
        change.set_roots(self.roots());
        let mut file_of = |path: &AbsPath| {
            let (file, _) = self.vfs.file_id(&VfsPath::from(path.to_path_buf()))?;
            Some(file)
        };
        change.set_crate_graph(workspace.crate_graph(&mut file_of));
        Ok(())
    }

    /// The source that changes, and everything else, of which nothing is looked at again when it does.
    fn roots(&self) -> Vec<SourceRoot> {
        let mut sets = FileSetConfig::builder();
        sets.add_file_set(self.source_path.parent().into_iter().collect());
        let sets = sets.build().partition(&self.vfs).into_iter();
        let kinds = iter::once(SourceRoot::new_local as fn(_) -> _).chain(iter::repeat(SourceRoot::new_library as _));
        sets.zip(kinds).map(|(files, new)| new(files)).collect()
    }

    fn read_files(&mut self, workspace: &Workspace) {
        self.loader.set_config(Config {
            version: 1,
            load: workspace.directories().map(Entry::Directories).collect(),
            watch: Vec::new(),
        });
        for message in &self.loaded {
            match message {
                Message::Progress {
                    n_done: LoadingProgress::Finished,
                    ..
                } => return,
                Message::Progress { .. } => {}
                Message::Loaded { files } | Message::Changed { files } => {
                    for (path, contents) in files {
                        let path = VfsPath::from(path);
                        // What is on disk of the source is what was compiled last.
                        if path != self.source_path {
                            self.vfs.set_file_contents(path, contents);
                        }
                    }
                }
            }
        }
    }
}

fn load_error(reason: String) -> AnalysisError {
    AnalysisError::Load(reason)
}
