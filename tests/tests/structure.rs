//! The structure that ARCHITECTURE.md describes is the one that the sources have: which rooms use which, and which files
//! have code that is `unsafe`.

#[path = "structure/page.rs"]
mod page;
#[path = "structure/sources.rs"]
mod sources;

use std::collections::BTreeSet;

use page::Page;
use sources::{SourceFile, sources_of};

const CRATES: [&str; 2] = ["kernel/src", "workers/src"];

#[test]
fn a_room_uses_only_rooms_on_floors_below_its_own() {
    let page = Page::read();
    let mut wrong = Vec::new();
    for source in CRATES {
        let floors = page.floors(source);
        let level = |room: &str| floors.iter().position(|rooms| rooms.contains(room));
        for file in sources_of(source) {
            let Some(own) = level(file.room()) else { continue };
            for used in file.rooms_used() {
                match level(&used) {
                    Some(other) if other > own || used == file.room() => {}
                    Some(_) => wrong.push(format!("{}: {used} is not below {}", file.path, file.room())),
                    // What the root gives out anew is for users of the crate.
                    None if own == 0 => {}
                    None => wrong.push(format!(
                        "{}: `crate::{used}` is no room; name the one it is from",
                        file.path
                    )),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_room_has_a_floor() {
    let page = Page::read();
    for source in CRATES {
        let listed: Vec<String> = page.floors(source).into_iter().flatten().collect();
        let unique: BTreeSet<String> = listed.iter().cloned().collect();
        assert_eq!(listed.len(), unique.len(), "a room of {source} is on two floors");
        let rooms: BTreeSet<String> = sources_of(source)
            .iter()
            .filter(|file| !file.is_root())
            .map(|file| file.room().to_owned())
            .collect();
        assert_eq!(unique, rooms, "the rooms of {source}, as listed and as they are");
    }
}

#[test]
fn unsafe_code_is_only_in_the_files_that_are_listed() {
    let listed = Page::read().files_with_unsafe();
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    for file in CRATES.into_iter().flat_map(sources_of).filter(SourceFile::has_unsafe) {
        match listed
            .iter()
            .find(|entry| file.path == **entry || entry.ends_with('/') && file.path.starts_with(*entry))
        {
            Some(entry) => drop(used.insert(entry.clone())),
            None => wrong.push(file.path.clone()),
        }
    }
    assert!(
        wrong.is_empty(),
        "unsafe code outside of the files that ARCHITECTURE.md lists: {wrong:?}"
    );
    let unused: Vec<&String> = listed.difference(&used).collect();
    assert!(
        unused.is_empty(),
        "listed for unsafe code, of which they have none: {unused:?}"
    );
}

#[test]
fn what_the_page_names_is_there() {
    let gone: Vec<String> = Page::read()
        .paths()
        .into_iter()
        .filter(|path| !is_there(path))
        .collect();
    assert!(gone.is_empty(), "ARCHITECTURE.md names what is not there: {gone:?}");
}

/// Whether there is such a file or directory, from the project's top or from where sources and tests begin.
fn is_there(path: &str) -> bool {
    let beginnings = ["", "kernel/src", "workers/src", "workers"];
    beginnings
        .iter()
        .any(|beginning| sources::top().join(beginning).join(path).exists())
}
