//! The files that a worker on a cluster needs to run a function of this program, named by what they contain.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::worker::parcell_cluster_worker;
use crate::job::function::Function;
use crate::sys::code::CodeAddress;
use crate::sys::poisoned::EvenIfPoisoned;

/// What a worker runs.
#[derive(Debug)]
pub(super) struct Program {
    /// The files by their names on the cluster.
    pub(super) files: BTreeMap<String, PathBuf>,
    /// The one that is started or, if it is a library, loaded.
    pub(super) main: String,
    pub(super) is_library: bool,
    /// With the files' names on the cluster.
    pub(super) function: Function,
}

impl Program {
    /// What is needed for a function.
    pub(super) fn of(function: &Function) -> io::Result<Self> {
        let library = file_of(parcell_cluster_worker as *const ())?;
        let standard = file_of(std::process::exit as fn(i32) -> ! as *const ())?;
        let mut names = HashMap::new();
        let mut files = BTreeMap::new();
        for file in function.files().chain([&*library, &*standard]) {
            if !names.contains_key(file) {
                let path = path_of(file)?;
                let name = name_of(&path)?;
                files.insert(name.clone(), path);
                names.insert(file.to_owned(), name);
            }
        }
        let name = |file: &str| names.get(file).cloned().unwrap_or_default();
        Ok(Self {
            main: name(&library),
            is_library: !library.is_empty(),
            function: function.moved(name),
            files,
        })
    }

    /// A worker's text with the places of this machine in it, where it names files on the cluster.
    pub(super) fn moved_back(&self, text: &str) -> String {
        let line = |line: &str| {
            let found = self
                .files
                .iter()
                .find_map(|(name, path)| Some((line.find(name)? + name.len(), path)));
            match found {
                Some((end, path)) => format!("{}{}", path.display(), &line[end..]),
                None => line.to_owned(),
            }
        };
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// The loaded file that a function is in; empty for the program itself.
fn file_of(function: *const ()) -> io::Result<String> {
    let place = CodeAddress::of(function).place();
    let place = place.ok_or_else(|| io::Error::other("the library is in no file"))?;
    Ok(place.file().to_owned())
}

fn path_of(file: &str) -> io::Result<PathBuf> {
    if file.is_empty() {
        std::env::current_exe()
    } else {
        Path::new(file).canonicalize()
    }
}

/// A name that no other content has. The last part is the file's own, by which the loader knows it.
fn name_of(path: &Path) -> io::Result<String> {
    let own = path.file_name().and_then(|name| name.to_str()).unwrap_or("program");
    Ok(format!("{}/{own}", digest(path)?))
}

/// The digest of the file's contents, which is taken once for each version of it.
fn digest(path: &Path) -> io::Result<String> {
    static KNOWN: Mutex<BTreeMap<(PathBuf, u64, SystemTime), String>> = Mutex::new(BTreeMap::new());
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let version = (path.to_owned(), metadata.len(), metadata.modified()?);
    let known = || KNOWN.lock().even_if_poisoned();
    if let Some(digest) = known().get(&version) {
        return Ok(digest.clone());
    }
    let mut hasher = Sha256::new();
    io::copy(&mut file, &mut hasher)?;
    let digest: String = hasher.finalize()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    known().insert(version, digest.clone());
    Ok(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_itself_all_that_is_needed() {
        let function = Function::of(|n: u32| n);
        let program = Program::of(&function).unwrap();
        assert!(!program.is_library);
        assert_eq!(program.function, function);
        let files: Vec<_> = program.files.into_iter().collect();
        assert_eq!(files, [(program.main.clone(), std::env::current_exe().unwrap())]);
        let (digest, _) = program.main.split_once('/').unwrap();
        assert_eq!(digest.len(), 32);
    }

    #[test]
    fn places_on_the_cluster_are_places_here() {
        let function = Function::of(|n: u32| n);
        let program = Program {
            files: [("abc/libcode_1.so".to_owned(), PathBuf::from("/here/libcode_1.so"))].into(),
            main: String::new(),
            is_library: true,
            function,
        };
        let text = "/scratch/worker-1/abc/libcode_1.so+0x12\nmain at src/main.rs:1";
        assert_eq!(
            program.moved_back(text),
            "/here/libcode_1.so+0x12\nmain at src/main.rs:1"
        );
    }
}
