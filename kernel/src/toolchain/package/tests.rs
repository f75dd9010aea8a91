//! With a cargo that only says what the real one would.

use super::super::library::SharedCrate;
use super::super::manifest::OF_TRAITS;
use super::*;

use std::cell::RefCell;
use std::os::unix::fs::PermissionsExt;

const UNIT: &str = "00000000000000aa";
const OTHER_UNIT: &str = "00000000000000bb";

/// A machine with a cache, a library, and a cargo that counts how often it compiles.
struct Machine {
    directory: tempfile::TempDir,
    cache: PathBuf,
}

impl Machine {
    fn new() -> Machine {
        let directory = tempfile::tempdir().unwrap();
        let machine = Machine {
            cache: directory.path().join("cache"),
            directory,
        };
        machine.cargo_compiles(UNIT, "1.0.0");
        machine
    }

    /// From now on cargo finds the crate of the traits as this unit in this version.
    fn cargo_compiles(&self, unit: &str, version: &str) {
        self.write_cargo(&format!(
            r#"
            case "$1" in fetch) exit 0;; esac
            echo "$@" >> '{log}'
            deps="$CARGO_BUILD_BUILD_DIR/m/debug/deps"
            mkdir -p "$deps"
            [ -e "$deps/libserde_core-{unit}.rlib" ] || echo compiled > "$deps/libserde_core-{unit}.rlib"
            [ -z "$PARCELL_LIBRARY_FILE" ] || {{ mkdir -p "$(dirname "$PARCELL_LIBRARY_FILE")"; echo > "$PARCELL_LIBRARY_FILE"; }}
            echo '{{"directory":"/none","rustc":"rustc","arguments":["--extern","serde_core='$deps/libserde_core-{unit}.rlib'"],"environment":[]}}' > "$PARCELL_RECORD"
            echo '{{"reason":"compiler-artifact","package_id":"registry+https://x#serde_core@{version}","target":{{"kind":["lib"]}},"features":[],"filenames":["'$deps/libserde_core-{unit}.rlib'"]}}'
            echo '# chosen' > Cargo.lock
            "#,
            log = self.log().display(),
        ));
    }

    fn write_cargo(&self, script: &str) {
        let cargo = self.directory.path().join("cargo");
        fs::write(&cargo, format!("#!/bin/sh\n{script}")).unwrap();
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    /// How often cargo has compiled.
    fn builds(&self) -> usize {
        fs::read_to_string(self.log()).unwrap_or_default().lines().count()
    }

    fn library(&self) -> Library {
        Library {
            file: "/cache/libparcell.so".into(),
            version: "rustc 1".to_owned(),
            crates: Vec::new(),
            units: Vec::new(),
            shared: BTreeMap::from([(
                OF_TRAITS.to_owned(),
                SharedCrate {
                    unit: UNIT.to_owned(),
                    version: "1.0.0".to_owned(),
                    features: Vec::new(),
                },
            )]),
        }
    }

    fn settings(&self) -> BuildSettings {
        BuildSettings {
            tools: Tools {
                cargo: self.directory.path().join("cargo"),
                rustc: "/bin/rustc".into(),
                version: "rustc 1".to_owned(),
                host: "m".to_owned(),
            },
            offline: false,
            environment: BTreeMap::new(),
        }
    }

    /// The package of another session.
    fn session(&self, name: &str) -> Package {
        let package = self.directory.path().join(name);
        fs::create_dir_all(&package).unwrap();
        Package::new(&package, &self.cache, Some(self.library()))
    }
}

fn manifest(dependency: &str) -> Manifest {
    let mut manifest = Manifest::with_library(Path::new("/library"));
    manifest.dependencies.insert("a".to_owned(), dependency.to_owned());
    manifest
}

/// What is said while a package is prepared.
fn prepare(machine: &Machine, package: &mut Package, manifest: &Manifest) -> Result<Vec<String>, BuildError> {
    let notes = RefCell::new(Vec::new());
    package.prepare(manifest, &machine.settings(), &mut |progress| {
        if let CratesProgress::Note(note) = progress {
            notes.borrow_mut().push(note.clone());
        }
    })?;
    Ok(notes.into_inner())
}

#[test]
fn one_session_compiles_for_all() {
    let machine = Machine::new();
    let mut first = machine.session("first");
    prepare(&machine, &mut first, &manifest("\"1\"")).unwrap();
    prepare(&machine, &mut first, &manifest("\"1\"")).unwrap();
    let mut second = machine.session("second");
    prepare(&machine, &mut second, &manifest("\"1\"")).unwrap();
    assert_eq!(machine.builds(), 1);
    assert_eq!(second.lock(), "# chosen\n");
    second.compiler().unwrap();
    prepare(&machine, &mut second, &manifest("\"2\"")).unwrap();
    assert_eq!(machine.builds(), 2);
    // Back to what it was before.
    prepare(&machine, &mut second, &manifest("\"1\"")).unwrap();
    assert_eq!(machine.builds(), 2);
}

#[test]
fn what_is_damaged_is_compiled_again() {
    let machine = Machine::new();
    prepare(&machine, &mut machine.session("first"), &manifest("\"1\"")).unwrap();
    let settings = machine.settings();
    let store = Store::shared(&machine.cache, &settings, None);
    let library = store.build().join(format!("m/debug/deps/libserde_core-{UNIT}.rlib"));
    fs::write(&library, "").unwrap();
    prepare(&machine, &mut machine.session("second"), &manifest("\"1\"")).unwrap();
    assert_eq!(machine.builds(), 2);
    assert_eq!(fs::read_to_string(&library).unwrap(), "compiled\n");
}

#[test]
fn where_a_package_may_be_edited_cargo_is_always_asked() {
    let machine = Machine::new();
    let mut package = machine.session("first");
    for builds in 1..3 {
        prepare(&machine, &mut package, &manifest("{ path = \"/a\" }")).unwrap();
        assert_eq!(machine.builds(), builds);
    }
}

#[test]
fn a_library_for_other_traits_is_compiled_again_with_the_crates() {
    let machine = Machine::new();
    machine.cargo_compiles(OTHER_UNIT, "1.2.0");
    let mut package = machine.session("first");
    let notes = prepare(&machine, &mut package, &manifest("\"1\"")).unwrap();
    assert_eq!(
        notes,
        ["a crate needs serde_core 1.2.0, and not 1.0.0: parcell's own library is compiled again for this notebook"]
    );
    let log = fs::read_to_string(machine.log()).unwrap();
    assert!(log.lines().nth(1).unwrap().contains("--features library"), "{log}");
    let compiler = package.compiler().unwrap();
    let library = compiler
        .compilation
        .crates()
        .find(|(name, _)| *name == LIBRARY)
        .unwrap();
    assert!(
        library.1.exists() && library.1.starts_with(&machine.cache),
        "{library:?}"
    );
    // The next session knows.
    prepare(&machine, &mut machine.session("second"), &manifest("\"1\"")).unwrap();
    assert_eq!(machine.builds(), 2);
}

#[test]
fn another_compiler_compiles_the_library_for_itself() {
    let machine = Machine::new();
    let mut package = machine.session("first");
    let mut settings = machine.settings();
    settings.tools.version = "rustc 2 (nightly)\nhost: m".to_owned();
    let mut notes = Vec::new();
    let prepared = package.prepare(&manifest("\"1\""), &settings, &mut |progress| {
        notes.extend(matches!(progress, CratesProgress::Note(_)).then(|| format!("{progress:?}")));
    });
    prepared.unwrap();
    assert_eq!(
        notes,
        [r#"Note("parcell's own library is compiled for rustc 2 (nightly)")"#]
    );
}

#[test]
fn a_cache_that_cannot_be_written_to_is_done_without() {
    let mut machine = Machine::new();
    // Nobody can make a directory there.
    machine.cache = "/sys/parcell".into();
    let mut package = machine.session("first");
    assert_eq!(prepare(&machine, &mut package, &manifest("\"1\"")).unwrap(), [""; 0]);
    let compiler = package.compiler().unwrap();
    let (_, library) = compiler.compilation.crates().next().unwrap();
    assert!(library.starts_with(package.directory()), "{library:?}");
}

#[test]
fn where_nothing_can_be_kept_crates_are_used_all_the_same() {
    let machine = Machine::new();
    let settings = machine.settings();
    let store = Store::shared(&machine.cache, &settings, None);
    fs::create_dir_all(store.directory()).unwrap();
    // As where a disk is full: it can be compiled, and nothing be written down.
    fs::write(store.directory().join("calls"), "").unwrap();
    let mut package = machine.session("first");
    let notes = prepare(&machine, &mut package, &manifest("\"1\"")).unwrap();
    assert!(
        notes.len() == 1 && notes[0].starts_with("the crates that have been compiled cannot be kept: "),
        "{notes:?}"
    );
    package.compiler().unwrap();
}

#[test]
fn without_a_network_what_is_there_is_used_and_what_is_not_is_named() {
    let machine = Machine::new();
    let offline = |build: &str| {
        machine.write_cargo(&format!(
            "case $1 in fetch) echo 'error: failed to download from `https://x`: Could not resolve host' >&2; exit 101;; esac\n\
             {build}"
        ));
    };
    offline("echo 'error: no matching package named `nowhere` found' >&2; exit 101");
    let mut package = machine.session("first");
    let error = prepare(&machine, &mut package, &manifest("\"1\"")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the registry cannot be reached, and `nowhere` has not been downloaded to this machine before: it can be used \
         when there is a network"
    );
    machine.cargo_compiles(UNIT, "1.0.0");
    let compiles = fs::read_to_string(machine.directory.path().join("cargo")).unwrap();
    offline(&compiles.replace("case \"$1\" in fetch) exit 0;; esac", ""));
    prepare(&machine, &mut package, &manifest("\"1\"")).unwrap();
}

#[test]
fn an_error_of_cargos_is_told_without_its_bar() {
    let machine = Machine::new();
    machine.write_cargo(
        r#"
        case "$1" in fetch) exit 0;; esac
        printf '   Compiling a v1.0.0\n    Building [=>  ] 1/2: a(build)   \rerror: the script has failed\n' >&2
        exit 101
        "#,
    );
    let error = prepare(&machine, &mut machine.session("first"), &manifest("\"1\"")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "   Compiling a v1.0.0\nerror: the script has failed\n"
    );
}
