//! What ARCHITECTURE.md says of the structure.

use std::collections::BTreeSet;
use std::fs;

use super::sources::top;

/// The page's lines.
pub(super) struct Page(Vec<String>);

impl Page {
    pub(super) fn read() -> Page {
        let text = fs::read_to_string(top().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
        Page(text.lines().map(str::to_owned).collect())
    }

    /// The floors of a crate, the highest first, each with its rooms: the second column of the table below the heading
    /// that names the sources.
    pub(super) fn floors(&self, source: &str) -> Vec<BTreeSet<String>> {
        let title = format!("`{source}`");
        let rows = self.part(&title).filter(|line| line.starts_with('|')).skip(2);
        let floors: Vec<_> = rows
            .map(|row| {
                let rooms = row.split('|').nth(2).expect("a table of floors has a second column");
                quoted(rooms).map(str::to_owned).collect()
            })
            .collect();
        assert!(!floors.is_empty(), "ARCHITECTURE.md has no floors of {source}");
        floors
    }

    /// The files that may have unsafe code, and, with a slash at their ends, directories of such.
    pub(super) fn files_with_unsafe(&self) -> BTreeSet<String> {
        let files: BTreeSet<String> = self.part("unsafe").flat_map(quoted).map(str::to_owned).collect();
        let files: BTreeSet<String> = files.into_iter().filter(|file| file.contains('/')).collect();
        assert!(!files.is_empty(), "ARCHITECTURE.md lists no files with unsafe code");
        files
    }

    /// Everything that looks like the path of a source file or of a directory.
    pub(super) fn paths(&self) -> BTreeSet<String> {
        let quoted = self.0.iter().flat_map(|line| quoted(line));
        let paths = quoted.filter(|text| text.contains('/') && (text.ends_with(".rs") || text.ends_with('/')));
        // Not patterns, and nothing of the system's.
        let paths = paths.filter(|text| !text.contains(['{', '*', ' ', '~']) && !text.starts_with('/'));
        paths.map(str::to_owned).collect()
    }

    /// The lines below the heading that has this in it.
    fn part<'a>(&'a self, title: &'a str) -> impl Iterator<Item = &'a str> {
        let lines = self.0.iter().map(String::as_str);
        let mut below = lines.skip_while(move |line| !(line.starts_with("### ") && line.contains(title)));
        assert!(below.next().is_some(), "ARCHITECTURE.md has no heading with {title}");
        below.take_while(|line| !line.starts_with('#'))
    }
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}
