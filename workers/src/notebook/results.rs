//! The file in which a notebook's last map leaves what its items gave. It is the host's, so that it outlives a cell that is
//! interrupted or crashes, and with it the process that wrote.
//!
//! It begins with words: how many items are done, how many of them have failed, of how many nothing was kept, and how
//! long the description is that follows, as JSON, padded to whole words. Then come records, as workers send them. What is
//! counted is written after what it counts, so whoever reads after a writer was killed misses the last at most.

use std::io;
use std::num::NonZeroUsize;
use std::os::fd::AsFd;

use rustix::fs::{fstat, ftruncate};
use rustix::io::{Errno, pread, pwrite, retry_on_intr};
use serde::{Deserialize, Serialize};

use crate::record::{self, WORD};

/// How much the counts take.
const COUNTS: usize = size_of::<Counts>();
/// Where the description begins.
const DESCRIPTION: usize = COUNTS + WORD;
/// No description is longer.
const MAX_DESCRIPTION: usize = 64 * 1024;

/// How far a map is, or was when it ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LastMap {
    /// The number of the cell that ran it.
    pub cell: u64,
    /// How many items it had.
    pub items: u64,
    /// The results' type, as people write it.
    pub type_name: String,
    /// How many items have an outcome.
    pub done: u64,
    /// How many of these have failed.
    pub failed: u64,
    /// Of how many of these the outcome was too large to be kept.
    pub left_out: u64,
    /// How many bytes each result takes, where a record has those of several items.
    pub packing: Option<NonZeroUsize>,
}

/// What is known of a map when it begins.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Description {
    pub(crate) cell: u64,
    pub(crate) items: u64,
    pub(crate) type_name: String,
    /// How large each result is, where those of items that follow each other are one record.
    #[serde(default)]
    pub(crate) packing: Option<NonZeroUsize>,
}

/// How many items a map is done with.
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct Counts {
    pub(crate) done: u64,
    pub(crate) failed: u64,
    pub(crate) left_out: u64,
}

impl LastMap {
    /// The map whose results are in `file`; `None` where there was none, or the file is damaged.
    #[must_use]
    pub fn read(file: impl AsFd) -> Option<Self> {
        Some(read_head(file.as_fd())?.0)
    }
}

/// Writes the results of one map.
#[derive(Debug)]
pub(crate) struct ResultsWriter<F> {
    file: F,
    /// Where the next bytes go.
    end: u64,
}

impl<F: AsFd> ResultsWriter<F> {
    /// Forgets what is in the file, and begins with a map of which nothing is done.
    pub(crate) fn begin(file: F, description: &Description) -> io::Result<Self> {
        ftruncate(&file, 0)?;
        let text = serde_json::to_vec(description)?;
        let mut head = vec![0; COUNTS];
        head.extend_from_slice(&(text.len() as u64).to_ne_bytes());
        head.extend_from_slice(&text);
        head.resize(head.len().next_multiple_of(WORD), 0);
        write_all(&file, &head, 0)?;
        Ok(Self {
            file,
            end: head.len() as u64,
        })
    }

    /// Appends records, after which so many items are done.
    pub(crate) fn append(&mut self, records: &[u8], counts: Counts) -> io::Result<()> {
        write_all(&self.file, records, self.end)?;
        self.end += records.len() as u64;
        write_all(&self.file, bytemuck::bytes_of(&counts), 0)
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> u64 {
        self.end
    }

    /// Forgets everything.
    pub(crate) fn discard(self) -> io::Result<()> {
        Ok(ftruncate(&self.file, 0)?)
    }
}

/// The map whose results are in `file`, and its records: take them with [`record::first`].
pub(crate) fn read(file: impl AsFd) -> io::Result<Option<(LastMap, Vec<u8>)>> {
    let file = file.as_fd();
    let Some((map, start)) = read_head(file) else {
        return Ok(None);
    };
    let length = u64::try_from(fstat(file)?.st_size).unwrap_or(0).saturating_sub(start);
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    let read = read_up_to(file, &mut bytes, start)?;
    bytes.truncate(read);
    Ok(Some((map, bytes)))
}

/// The records in `bytes`, as far as they are whole.
pub(crate) fn records(mut bytes: &[u8]) -> impl Iterator<Item = record::Record<'_>> {
    std::iter::from_fn(move || {
        let (record, size) = record::first(bytes)?;
        bytes = &bytes[size..];
        Some(record)
    })
}

/// What is before the records, and where they begin.
fn read_head(file: impl AsFd) -> Option<(LastMap, u64)> {
    let mut head = [0; DESCRIPTION];
    if read_up_to(&file, &mut head, 0).ok()? < DESCRIPTION {
        return None;
    }
    let (counts, length) = head.split_at(COUNTS);
    let Counts { done, failed, left_out } = bytemuck::pod_read_unaligned(counts);
    let length = usize::try_from(u64::from_ne_bytes(length.try_into().ok()?)).ok()?;
    if length > MAX_DESCRIPTION {
        return None;
    }
    let mut text = vec![0; length];
    let read = read_up_to(&file, &mut text, DESCRIPTION as u64).ok()?;
    let Description {
        cell,
        items,
        type_name,
        packing,
    } = serde_json::from_slice(&text[..read]).ok()?;
    let map = LastMap {
        cell,
        items,
        type_name,
        done,
        failed,
        left_out,
        packing,
    };
    Some((map, (DESCRIPTION + length).next_multiple_of(WORD) as u64))
}

/// Reads until the buffer is full or the file ends.
fn read_up_to(file: impl AsFd, buffer: &mut [u8], start: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match retry_on_intr(|| pread(&file, &mut buffer[filled..], start + filled as u64))? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

fn write_all(file: impl AsFd, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match retry_on_intr(|| pwrite(&file, bytes, at))? {
            0 => return Err(Errno::NOSPC.into()),
            written => {
                bytes = &bytes[written..];
                at += written as u64;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use rustix::fs::{MemfdFlags, memfd_create};

    use super::*;
    use crate::fuzzing::{changed, for_all};
    use crate::sys::counted::frugally;

    fn file() -> OwnedFd {
        memfd_create("results", MemfdFlags::CLOEXEC).unwrap()
    }

    fn description(items: u64) -> Description {
        Description {
            cell: 3,
            items,
            type_name: "Vec<u64>".to_owned(),
            packing: None,
        }
    }

    fn done(done: u64) -> Counts {
        Counts {
            done,
            ..Counts::default()
        }
    }

    fn record(index: usize, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        record::begin(index, &mut bytes);
        bytes.extend_from_slice(payload);
        record::finish(0, false, &mut bytes);
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        let file = file();
        assert_eq!(LastMap::read(&file), None);
        let mut writer = ResultsWriter::begin(&file, &description(9)).unwrap();
        writer.append(&record(4, b"four"), done(1)).unwrap();
        let counts = Counts {
            done: 3,
            failed: 2,
            left_out: 1,
        };
        writer.append(&record(2, b"two"), counts).unwrap();
        let (map, bytes) = read(&file).unwrap().unwrap();
        let expected = LastMap {
            cell: 3,
            items: 9,
            type_name: "Vec<u64>".to_owned(),
            packing: None,
            done: 3,
            failed: 2,
            left_out: 1,
        };
        assert_eq!(map, expected);
        let records: Vec<_> = records(&bytes).map(|record| (record.index, record.payload)).collect();
        assert_eq!(records, [(4, &b"four"[..]), (2, b"two")]);
    }

    #[test]
    fn another_map_takes_the_place_of_the_last() {
        let file = file();
        let mut writer = ResultsWriter::begin(&file, &description(9)).unwrap();
        writer.append(&record(0, b"x"), done(1)).unwrap();
        let writer = ResultsWriter::begin(&file, &description(5)).unwrap();
        let (map, bytes) = read(&file).unwrap().unwrap();
        assert_eq!((map.items, map.done, bytes.len()), (5, 0, 0));
        writer.discard().unwrap();
        assert_eq!(LastMap::read(&file), None);
    }

    #[test]
    fn of_a_killed_writer_the_last_record_may_be_partial() {
        let file = file();
        let mut writer = ResultsWriter::begin(&file, &description(9)).unwrap();
        writer.append(&record(0, b"whole"), done(1)).unwrap();
        let partial = &record(1, b"partial")[..20];
        write_all(&file, partial, writer.len()).unwrap();
        let (map, bytes) = read(&file).unwrap().unwrap();
        assert_eq!(map.done, 1);
        assert_eq!(records(&bytes).count(), 1);
    }

    #[test]
    fn a_damaged_file_is_none() {
        for damage in [&b"short"[..], &[0xff; 64], &[0; 32]] {
            let file = file();
            write_all(&file, damage, 0).unwrap();
            assert_eq!(LastMap::read(&file), None);
        }
    }

    #[test]
    fn any_file_is_a_map_or_none() {
        let written = (vec(vec(any::<u8>(), 0..30), 0..4), any::<[u64; 3]>()).prop_map(|(payloads, counts)| {
            let file = file();
            let mut writer = ResultsWriter::begin(&file, &description(9)).unwrap();
            for (index, payload) in payloads.iter().enumerate() {
                writer.append(&record(index, payload), bytemuck::cast(counts)).unwrap();
            }
            let mut bytes = vec![0; usize::try_from(writer.len()).unwrap()];
            read_up_to(&file, &mut bytes, 0).unwrap();
            bytes
        });
        for_all(1000, changed(written), |changed| {
            let file = file();
            write_all(&file, &changed.bytes, 0).unwrap();
            let found = frugally(changed.bytes.len(), || read(&file).unwrap());
            assert_eq!(found.as_ref().map(|(map, _)| map), LastMap::read(&file).as_ref());
            let Some((map, bytes)) = found else {
                assert!(!changed.is_intact());
                return;
            };
            assert!(bytes.len() <= changed.bytes.len());
            assert!(records(&bytes).all(|record| record.payload.len() <= bytes.len()));
            if changed.is_intact() {
                assert_eq!((map.cell, map.items, map.type_name.as_str()), (3, 9, "Vec<u64>"));
            }
        });
    }
}
