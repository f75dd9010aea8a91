//! The crates that rust-analyzer is given: a package, what its cells can see of its dependencies, and the standard library.
//!
//! What no type in a cell comes from is left out, since to read it would be a third of the time before the first answer: the
//! crates that procedural macros are made with, those that the standard library is made with, and what it has for single
//! instructions of processors, which few use.

use std::collections::BTreeSet;
use std::iter;

use ra_ap_base_db::CrateGraphBuilder;
use ra_ap_ide::FileId;
use ra_ap_ide_db::FxHashMap;
use ra_ap_paths::{AbsPath, AbsPathBuf};
use ra_ap_project_model::{
    CargoConfig, CargoFeatures, CargoWorkspace, Package, PackageRoot, ProjectJson, ProjectJsonData, ProjectManifest,
    ProjectWorkspace, ProjectWorkspaceKind, RustSourceWorkspaceConfig, Sysroot,
};
use ra_ap_vfs::loader::Directories;
use serde_json::json;

use super::syntax::words;

/// The variable by which rustup is told which toolchain to use.
const TOOLCHAIN_VARIABLE: &str = "RUSTUP_TOOLCHAIN";

pub(super) struct Workspace {
    project: ProjectWorkspace,
    /// Of the packages that cells see nothing of.
    unseen: BTreeSet<AbsPathBuf>,
}

/// How much of the standard library is looked at.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum StandardLibrary {
    /// What is the same for all processors.
    #[default]
    Common,
    /// Also `std::arch` and `std::simd`, which are as large as everything else.
    WithInstructions,
}

impl StandardLibrary {
    /// How much of it this source needs.
    pub(super) fn needed_by(source: &str) -> StandardLibrary {
        let names_instructions = |word| matches!(word, "arch" | "simd") || word.ends_with("_feature_detected");
        match words(source).any(names_instructions) {
            true => StandardLibrary::WithInstructions,
            false => StandardLibrary::Common,
        }
    }
}

impl Workspace {
    /// Asks cargo for the package of this manifest, with these features. It takes a while.
    pub(super) fn load(
        manifest: &AbsPath,
        features: Vec<String>,
        library: StandardLibrary,
    ) -> Result<Workspace, String> {
        let directory = manifest.parent().unwrap_or(manifest);
        let sysroot = Sysroot::discover(directory, &FxHashMap::default());
        let toolchain = sysroot
            .root()
            .map(|root| (TOOLCHAIN_VARIABLE.to_owned(), Some(root.to_string())));
        let config = CargoConfig {
            // It is not asked of cargo, which would fetch all that it is made with.
            sysroot: None,
            extra_env: toolchain.into_iter().collect(),
            features: CargoFeatures::Selected {
                features,
                no_default_features: false,
            },
            ..CargoConfig::default()
        };
        let mut project = ProjectManifest::from_manifest_file(manifest.to_path_buf())
            .and_then(|manifest| ProjectWorkspace::load(manifest, &config, &|_| {}))
            .map_err(|error| format!("{error:#}"))?;
        project.sysroot = with_library(sysroot, library)?;
        let unseen = match &project.kind {
            ProjectWorkspaceKind::Cargo { cargo, .. } => unseen_packages(cargo),
            ProjectWorkspaceKind::Json(_) | ProjectWorkspaceKind::DetachedFile { .. } => BTreeSet::new(),
        };
        Ok(Workspace { project, unseen })
    }

    /// Where the source of its crates is.
    pub(super) fn directories(&self) -> impl Iterator<Item = Directories> {
        let whole_library = self.project.sysroot.rust_lib_src_root();
        let is_seen = move |root: &PackageRoot| match root.include.first() {
            Some(directory) => Some(&**directory) != whole_library && !self.unseen.contains(directory),
            None => false,
        };
        let roots = self.project.to_roots().into_iter();
        roots.filter(is_seen).map(|root| Directories {
            extensions: vec!["rs".to_owned()],
            include: root.include,
            exclude: root.exclude,
        })
    }

    /// How its crates depend on each other. A crate whose file is not known does not take part.
    pub(super) fn crate_graph(&self, file_of: &mut dyn FnMut(&AbsPath) -> Option<FileId>) -> CrateGraphBuilder {
        self.project.to_crate_graph(file_of, &FxHashMap::default()).0
    }
}

/// The sysroot with this much of the standard library. Without its source there is none.
fn with_library(mut sysroot: Sysroot, library: StandardLibrary) -> Result<Sysroot, String> {
    let Some(root) = sysroot.rust_lib_src_root() else {
        return Ok(sysroot);
    };
    let project: ProjectJsonData = serde_json::from_value(description(library)).map_err(|error| error.to_string())?;
    let project = RustSourceWorkspaceConfig::Json(ProjectJson::new(None, root, project));
    if let Some(workspace) = sysroot.load_workspace(&project, false, &|_| {}) {
        sysroot.set_workspace(workspace);
    }
    Ok(sysroot)
}

/// The standard library as a `rust-project.json` (rust-analyzer's manual, "Non-Cargo Based Projects"), relative to where its
/// source is. A dependency is said by its place in the list.
fn description(library: StandardLibrary) -> serde_json::Value {
    let krate = |name: &str, more: &[&str], dependencies: &[(usize, &str)]| {
        let root = format!("{name}/src");
        let directories: Vec<&str> = iter::once(&*root).chain(more.iter().copied()).collect();
        let dependencies: Vec<_> = dependencies
            .iter()
            .map(|(place, name)| json!({ "crate": place, "name": name }))
            .collect();
        json!({
            "display_name": name,
            "root_module": format!("{root}/lib.rs"),
            "edition": "2024",
            "deps": dependencies,
            "source": { "include_dirs": directories, "exclude_dirs": [] },
        })
    };
    let core = (0, "core");
    let alloc = (1, "alloc");
    let std = (2, "std");
    let std_detect = (4, "std_detect");
    let crates = match library {
        StandardLibrary::Common => vec![
            krate("core", &[], &[]),
            krate("alloc", &[], &[core]),
            krate("std", &[], &[core, alloc]),
            krate("proc_macro", &[], &[core, std]),
        ],
        StandardLibrary::WithInstructions => vec![
            krate("core", &["stdarch/crates/core_arch/src", "portable-simd/crates"], &[]),
            krate("alloc", &[], &[core]),
            krate("std", &["portable-simd/crates"], &[core, alloc, std_detect]),
            krate("proc_macro", &[], &[core, std]),
            krate("std_detect", &[], &[core, alloc]),
        ],
    };
    json!({ "crates": crates })
}

/// The directories of the packages that only procedural macros are made with.
fn unseen_packages(cargo: &CargoWorkspace) -> BTreeSet<AbsPathBuf> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<Package> = cargo.packages().filter(|&package| cargo[package].is_member).collect();
    while let Some(package) = next.pop() {
        if seen.insert(package.into_raw().into_u32()) && !makes_macros(cargo, package) {
            next.extend(cargo[package].dependencies.iter().map(|dependency| dependency.pkg));
        }
    }
    let unseen = cargo
        .packages()
        .filter(|package| !seen.contains(&package.into_raw().into_u32()));
    unseen
        .map(|package| cargo[package].manifest.parent().to_path_buf())
        .collect()
}

fn makes_macros(cargo: &CargoWorkspace, package: Package) -> bool {
    cargo[package]
        .targets
        .iter()
        .any(|&target| cargo[target].kind.is_proc_macro())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_single_processors_is_looked_at_where_it_is_named() {
        for (source, needed) in [
            ("use std::collections::HashMap;", StandardLibrary::Common),
            ("let search = architecture(\"simd_like\");", StandardLibrary::Common),
            ("use std::arch::x86_64::*;", StandardLibrary::WithInstructions),
            ("is_x86_feature_detected!(\"avx2\")", StandardLibrary::WithInstructions),
            ("std::simd::f32x4::splat(1.0)", StandardLibrary::WithInstructions),
        ] {
            assert_eq!(StandardLibrary::needed_by(source), needed, "{source}");
        }
    }

    #[test]
    fn a_crate_that_only_makes_macros_is_known_without_what_it_is_made_with() {
        let directory = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let manifest = |name: &str, more: &str| {
            format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n[lib]\npath = \"src/lib.rs\"\n{more}")
        };
        let uses = "[workspace]\n[dependencies]\nmakes = { path = \"../makes\" }\nvalues = { path = \"../values\" }\n";
        write("notebook/Cargo.toml", &manifest("a", uses));
        write("notebook/src/lib.rs", "");
        let makes = "proc-macro = true\n[dependencies]\ninner = { path = \"../inner\" }\n";
        write("makes/Cargo.toml", &manifest("makes", makes));
        write("makes/src/lib.rs", "");
        write("values/Cargo.toml", &manifest("values", ""));
        write("values/src/lib.rs", "pub fn seven() -> u16 { 7 }");
        write("inner/Cargo.toml", &manifest("inner", ""));
        write("inner/src/lib.rs", "");
        let manifest = AbsPathBuf::try_from(directory.path().join("notebook/Cargo.toml").to_str().unwrap()).unwrap();
        let workspace = Workspace::load(&manifest, Vec::new(), StandardLibrary::Common).unwrap();
        let directories: Vec<String> = workspace
            .directories()
            .flat_map(|directories| directories.include)
            .map(|directory| directory.to_string())
            .collect();
        let is_read = |name: &str| directories.iter().any(|directory| directory.ends_with(name));
        assert!(
            is_read("/makes") && is_read("/values") && is_read("/core/src"),
            "{directories:?}"
        );
        assert!(!is_read("/inner") && !is_read("/library"), "{directories:?}");
    }
}
