use super::*;

use std::collections::BTreeMap;

use crate::toolchain::{Manifest, Tools};

/// A cache with one store in it.
struct Place {
    cache: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        Place {
            cache: tempfile::tempdir().unwrap(),
        }
    }

    /// The store as another session sees it.
    fn store(&self) -> Store {
        Store::shared(self.cache.path(), &settings(), None)
    }

    /// As if cargo had compiled a unit.
    fn compile(&self, name: &str, unit: &str, contents: &str) -> Artifact {
        let build = self.store().build().join("m/debug");
        for directory in ["deps", ".fingerprint", "build"] {
            fs::create_dir_all(build.join(directory)).unwrap();
        }
        fs::write(build.join(format!("deps/lib{name}-{unit}.rlib")), contents).unwrap();
        let fingerprint = build.join(format!(".fingerprint/{name}-{unit}"));
        fs::create_dir_all(&fingerprint).unwrap();
        fs::write(fingerprint.join("invoked.timestamp"), "").unwrap();
        let out = build.join(format!("build/{name}-{unit}/out"));
        fs::create_dir_all(&out).unwrap();
        fs::write(out.join("made.rs"), "").unwrap();
        Artifact {
            unit: unit.to_owned(),
            package: name.to_owned(),
            version: "1.0.0".to_owned(),
            features: Vec::new(),
            is_library: true,
            is_fresh: false,
        }
    }

    fn library(&self, name: &str, unit: &str) -> PathBuf {
        self.store().build().join(format!("m/debug/deps/lib{name}-{unit}.rlib"))
    }
}

const A: &str = "00000000000000aa";
const B: &str = "00000000000000bb";

fn settings() -> BuildSettings {
    BuildSettings {
        tools: Tools {
            cargo: "/bin/cargo".into(),
            rustc: "/bin/rustc".into(),
            version: "rustc 1".to_owned(),
            host: "m".to_owned(),
        },
        offline: false,
        environment: BTreeMap::new(),
    }
}

fn key(dependency: &str) -> CallKey {
    let mut manifest = Manifest::default();
    manifest.dependencies.insert(dependency.to_owned(), "\"1\"".to_owned());
    CallKey::of(&manifest, "", &settings(), None)
}

fn call(units: Vec<String>) -> Call {
    Call {
        lock: "lock".to_owned(),
        units,
        how: How::LibraryDiffers("why".to_owned()),
    }
}

/// Compiles a unit that is called like its key, and remembers how.
fn keep(place: &Place, store: &mut Store, name: &str, unit: &str) {
    // A process that another test starts has the lock, too, until it is another program.
    let building = store.begin(&mut || {}).unwrap();
    let artifact = place.compile(name, unit, "compiled");
    let units = store.note(&building, &[artifact]).unwrap();
    store.keep(&building, &[&key(name)], &call(units)).unwrap();
}

#[test]
fn what_one_session_has_compiled_another_recalls() {
    let place = Place::new();
    keep(&place, &mut place.store(), "a", A);
    let mut other = place.store();
    assert_eq!(other.recall(&key("a")).unwrap().units, [A]);
    assert!(other.recall(&key("b")).is_none());
    assert_eq!(other.known_versions(&key("a")).unwrap(), "lock");
}

#[test]
fn other_compilers_and_environments_have_stores_of_their_own() {
    let cache = Path::new("/cache");
    let of = |settings: &BuildSettings, alone: Option<&CallKey>| {
        Store::shared(cache, settings, alone).directory().to_owned()
    };
    let mut newer = settings();
    newer.tools.version = "rustc 2".to_owned();
    let mut with_variable = settings();
    with_variable.environment.insert("A".to_owned(), "1".to_owned());
    let all = [
        of(&settings(), None),
        of(&newer, None),
        of(&with_variable, None),
        of(&settings(), Some(&key("a"))),
    ];
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    assert_eq!(of(&settings(), None), all[0]);
}

#[test]
fn what_is_damaged_is_not_recalled_and_is_removed_before_it_is_compiled_again() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 3] = [
        ("shortened", |file| fs::write(file, "comp").unwrap()),
        ("overwritten", |file| {
            // The clock of files is coarse.
            let later = std::time::SystemTime::now() + std::time::Duration::from_secs(1);
            fs::write(file, "COMPILED").unwrap();
            File::open(file).unwrap().set_modified(later).unwrap();
        }),
        ("removed", |file| fs::remove_file(file).unwrap()),
    ];
    for (how, damage) in damages {
        let place = Place::new();
        let mut store = place.store();
        keep(&place, &mut store, "a", A);
        keep(&place, &mut store, "b", B);
        damage(&place.library("a", A));
        assert!(store.recall(&key("a")).is_none(), "{how}");
        assert!(store.recall(&key("b")).is_some(), "{how}");
        let building = store.begin(&mut || {}).unwrap();
        store.remove_damaged(&building).unwrap();
        let fingerprint = |name: &str, unit: &str| {
            place
                .store()
                .build()
                .join(format!("m/debug/.fingerprint/{name}-{unit}"))
        };
        assert!(!fingerprint("a", A).exists(), "{how}: cargo must compile it again");
        assert!(fingerprint("b", B).exists() && place.library("b", B).exists(), "{how}");
    }
}

#[test]
fn what_is_used_by_a_session_that_runs_stays_and_of_the_rest_the_oldest_goes() {
    let place = Place::new();
    let mut session = place.store();
    keep(&place, &mut session, "a", A);
    keep(&place, &mut place.store(), "b", B);
    let c = "00000000000000cc";
    keep(&place, &mut place.store(), "c", c);
    let age = |unit: &str, hours: u64| {
        let file = place
            .store()
            .directory()
            .join("units")
            .join(unit)
            .with_extension("json");
        let time = std::time::SystemTime::now() - std::time::Duration::from_secs(hours * 3600);
        File::open(file).unwrap().set_modified(time).unwrap();
    };
    age(A, 3);
    age(B, 2);
    age(c, 1);
    let one = "compiled".len() as u64;
    let freed = eviction::evict(place.cache.path(), 2 * one, None).unwrap();
    assert_eq!(freed, one);
    let there = |name: &str, unit: &str| place.library(name, unit).exists();
    assert!(there("a", A) && !there("b", B) && there("c", c));
    assert_eq!(clear(place.cache.path()).unwrap(), one);
    assert!(there("a", A) && !there("c", c));
    drop(session);
    assert_eq!(clear(place.cache.path()).unwrap(), one);
    assert!(!there("a", A) && !place.store().build().exists());
    assert_eq!(usage(place.cache.path()).unwrap(), StoreUse::default());
}

#[test]
fn a_session_that_was_killed_uses_nothing() {
    let place = Place::new();
    keep(&place, &mut place.store(), "a", A);
    let lease = place.store().directory().join("sessions/killed");
    fs::write(&lease, format!("{A}\n")).unwrap();
    assert!(clear(place.cache.path()).unwrap() > 0);
    assert!(!lease.exists() && !place.library("a", A).exists());
}

#[test]
fn nothing_is_removed_where_somebody_compiles() {
    let place = Place::new();
    keep(&place, &mut place.store(), "a", A);
    let store = place.store();
    let building = store.begin(&mut || {}).unwrap();
    assert_eq!(clear(place.cache.path()).unwrap(), 0);
    drop(building);
    assert!(clear(place.cache.path()).unwrap() > 0);
}

#[test]
fn one_compiles_and_others_wait() {
    let place = Place::new();
    let first = place.store();
    let building = first.begin(&mut || {}).unwrap();
    let (waits, waiting) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            let store = place.store();
            store.begin(&mut || waits.send(()).unwrap()).map(drop)
        });
        waiting.recv().unwrap();
        assert!(!second.is_finished());
        drop(building);
        second.join().unwrap().unwrap();
    });
}

#[test]
fn usage_is_told_crate_by_crate() {
    let place = Place::new();
    keep(&place, &mut place.store(), "a", A);
    let building = place.store().begin(&mut || {}).unwrap();
    let again = place.compile("a", B, "compiled with more");
    place.store().note(&building, &[again]).unwrap();
    let usage = usage(place.cache.path()).unwrap();
    assert_eq!(usage.crates.len(), 1);
    let held = &usage.crates[0];
    assert_eq!((held.name.as_str(), held.builds), ("a", 2));
    assert_eq!(held.bytes, usage.bytes);
    assert_eq!(usage.bytes, "compiled".len() as u64 + "compiled with more".len() as u64);
}

#[test]
fn versions_are_forgotten_when_that_is_asked_for() {
    let place = Place::new();
    keep(&place, &mut place.store(), "a", A);
    forget_versions(place.cache.path()).unwrap();
    assert!(place.store().known_versions(&key("a")).is_none());
    assert!(place.library("a", A).exists());
}
