//! What was printed and is not shown: kept in files that can be looked at while the session lives, and that go with its
//! directory.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::event::CellId;

/// The most that is kept of one cell, in bytes.
const MOST: u64 = 64 << 20;
/// Of how many cells something is kept, the latest.
const CELLS: usize = 4;

/// The files of one session.
#[derive(Debug)]
pub(crate) struct Overflow {
    directory: PathBuf,
    files: VecDeque<Kept>,
}

/// What is kept of one cell.
#[derive(Debug)]
struct Kept {
    cell: CellId,
    path: PathBuf,
    /// None once nothing more is kept.
    file: Option<File>,
    bytes: u64,
}

/// Where something is kept, as notices tell it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct OverflowFile<'a> {
    path: &'a Path,
    /// Whether it is all there is.
    is_whole: bool,
}

impl Overflow {
    /// For a session whose directory this is.
    pub(crate) fn new(directory: &Path) -> Overflow {
        Overflow {
            directory: directory.to_owned(),
            files: VecDeque::new(),
        }
    }

    /// Keeps what a cell has printed; `number` is the one that is shown beside the cell.
    pub(crate) fn keep(&mut self, cell: CellId, number: u32, text: &str) {
        let kept = match self.files.iter().position(|kept| kept.cell == cell) {
            Some(index) => &mut self.files[index],
            None => match self.begin(cell, number) {
                Ok(kept) => kept,
                Err(error) => return tracing::warn!(%error, "what is not shown cannot be kept"),
            },
        };
        kept.add(text);
    }

    /// Where that is.
    pub(crate) fn place(&self, cell: CellId) -> Option<OverflowFile<'_>> {
        let kept = self.files.iter().find(|kept| kept.cell == cell)?;
        Some(OverflowFile {
            path: &kept.path,
            is_whole: kept.file.is_some(),
        })
    }

    fn begin(&mut self, cell: CellId, number: u32) -> io::Result<&mut Kept> {
        while self.files.len() >= CELLS {
            self.remove_oldest();
        }
        let name = format!("output-of-cell-{number}");
        // Cells that are not counted share a number.
        let name = match self.files.iter().any(|kept| kept.path.ends_with(format!("{name}.txt"))) {
            true => format!("{name}-{}.txt", cell.0),
            false => format!("{name}.txt"),
        };
        let path = self.directory.join(name);
        let file = Some(File::create(&path)?);
        let kept = Kept {
            cell,
            path,
            file,
            bytes: 0,
        };
        self.files.push_back(kept);
        self.files.back_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn remove_oldest(&mut self) {
        if let Some(oldest) = self.files.pop_front()
            && let Err(error) = std::fs::remove_file(&oldest.path)
        {
            tracing::warn!(%error, path = %oldest.path.display(), "cannot remove what was kept of an old cell");
        }
    }
}

impl Kept {
    fn add(&mut self, text: &str) {
        let Some(file) = &mut self.file else { return };
        let room = usize::try_from(MOST - self.bytes).unwrap_or(usize::MAX);
        let end = text.floor_char_boundary(room);
        self.bytes += end as u64;
        let written = file.write_all(&text.as_bytes()[..end]);
        if let Err(error) = &written {
            tracing::warn!(%error, path = %self.path.display(), "what is not shown cannot be kept");
        }
        if written.is_err() || end < text.len() {
            self.file = None;
        }
    }
}

impl fmt::Display for OverflowFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.is_whole {
            "what is missing"
        } else {
            "the beginning of what is missing"
        };
        write!(f, "{what} is in {} while the kernel lives", self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_can_be_read_and_the_oldest_cells_go() {
        let directory = tempfile::tempdir().unwrap();
        let mut overflow = Overflow::new(directory.path());
        assert_eq!(overflow.place(CellId(0)), None);
        for cell in 0..6 {
            overflow.keep(CellId(cell), 10 + cell as u32, "a\n");
            overflow.keep(CellId(cell), 10 + cell as u32, "b\n");
        }
        assert_eq!(overflow.place(CellId(1)), None);
        let place = overflow.place(CellId(2)).unwrap().to_string();
        let path = directory.path().join("output-of-cell-12.txt");
        assert_eq!(
            place,
            format!("what is missing is in {} while the kernel lives", path.display())
        );
        assert_eq!(std::fs::read_to_string(path).unwrap(), "a\nb\n");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), CELLS);
    }

    #[test]
    fn cells_of_one_number_have_files_of_their_own() {
        let directory = tempfile::tempdir().unwrap();
        let mut overflow = Overflow::new(directory.path());
        overflow.keep(CellId(1), 3, "a");
        overflow.keep(CellId(2), 3, "b");
        assert_ne!(overflow.place(CellId(1)), overflow.place(CellId(2)));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let directory = tempfile::tempdir().unwrap();
        let mut overflow = Overflow::new(directory.path());
        let text = "é".repeat(1 << 23);
        for _ in 0..5 {
            overflow.keep(CellId(1), 3, &text);
        }
        let place = overflow.place(CellId(1)).unwrap();
        assert!(place.to_string().starts_with("the beginning of what is missing is in "));
        assert_eq!(std::fs::metadata(place.path).unwrap().len(), MOST);
    }
}
