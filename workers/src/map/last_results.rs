//! What the items of a notebook's last map gave, also when the cell that ran it has failed, crashed, or been interrupted.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU32, Ordering};

use super::outcomes::{Packing, decode};
use crate::codec;
use crate::error::TaskError;
use crate::job;
use crate::message::Message;
use crate::notebook::{self, Counts, Description, ResultsWriter};
use crate::record;
use crate::sys::bits::Bits;
use crate::sys::fork;

/// How much is kept of one map, in bytes.
const LIMIT: u64 = 128 << 20;
/// How much stays in memory when the map has succeeded, and its results are the cell's.
const LIMIT_AFTER_SUCCESS: u64 = 16 << 20;
/// How many bytes are gathered before they are written.
const GATHERED: usize = 256 * 1024;

/// The process whose map is being recorded; 0 for none. Of several at a time only the first is.
static RECORDING: AtomicU32 = AtomicU32::new(0);

/// Why there are no results of a last map.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LastResultsError {
    /// No map has run in this notebook, or its results were too large to be kept once they had been given; or this
    /// program is not a notebook.
    #[error(
        "there are no results of a last map: none has run in this notebook, or the cell that ran it was given them all"
    )]
    None,
    /// The results are of another type.
    #[error("the results of the last map are of type {actual}: ask for `last_results::<{actual}>()`")]
    OtherType {
        /// What was asked for.
        asked: String,
        /// What the results are.
        actual: String,
    },
    /// The results cannot be read.
    #[error("the results of the last map cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// In a notebook, what the items of the last map gave, by their index: also of a map that failed, or whose cell has been
/// interrupted or has crashed since.
///
/// Items without an outcome are missing, as are those for which no room was left: the first 128 MiB of a map are kept, and
/// of one that has succeeded nothing where it takes more than 16 MiB. The last map is the last `%%pool`, or call of
/// [`map`](crate::Pool::map), `map_results`, `try_map`, `starmap`, `for_each`, `for_each_chunk_mut` or `apply`; or the last
/// `%%process` in which a process has failed.
///
/// # Errors
///
/// [`LastResultsError::OtherType`] where the results have not the type `R`; [`LastResultsError::None`] where there are none,
/// and always in a program that is not a notebook.
///
/// # Examples
///
/// In a cell, after one that was interrupted:
///
/// ```
/// use parcell::{LastResultsError, last_results};
///
/// match last_results::<u64>() {
///     Ok(results) => println!("{} items were done, with {} failures", results.len(), results.values().filter(|r| r.is_err()).count()),
///     Err(LastResultsError::None) => println!("this is no notebook"),
///     Err(error) => println!("{error}"),
/// }
/// ```
pub fn last_results<R: Message>() -> Result<BTreeMap<usize, Result<R, TaskError>>, LastResultsError> {
    let file = notebook::results_file().ok_or(LastResultsError::None)?;
    let (map, bytes) = notebook::read_results(file)?.ok_or(LastResultsError::None)?;
    let asked = type_name::<R>();
    if map.type_name != asked {
        let actual = map.type_name;
        return Err(LastResultsError::OtherType { asked, actual });
    }
    Ok(outcomes_in(map.packing, &bytes))
}

/// What these records have for each item.
fn outcomes_in<R: Message>(packing: Packing, records: &[u8]) -> BTreeMap<usize, Result<R, TaskError>> {
    let bits = Bits::<R>::of().filter(|bits| packing == Some(bits.size()));
    let mut outcomes = BTreeMap::new();
    for record in notebook::records(records) {
        let Ok(item) = usize::try_from(record.index) else {
            continue;
        };
        match bits {
            Some(bits) if !record.failed => {
                let values = record
                    .payload
                    .chunks(bits.size().get())
                    .map_while(|bytes| bits.read(bytes));
                outcomes.extend((item..usize::MAX).zip(values.map(Ok)));
            }
            _ => {
                let bytes = match record.failed {
                    true => Err(job::decode_error(record.payload, 0, Some(item))),
                    false => Ok(record.payload),
                };
                outcomes.insert(item, decode(item, 0, bytes));
            }
        }
    }
    outcomes
}

/// Keeps the outcomes of calls that all have ended, as those of a map that has failed.
pub(crate) fn keep_results<R: Message>(outcomes: &[Result<R, TaskError>]) {
    let Some(mut recorder) = Recorder::begin(outcomes.len(), type_name::<R>, None) else {
        return;
    };
    let mut bytes = Vec::new();
    for (index, outcome) in outcomes.iter().enumerate() {
        bytes.clear();
        let encoded = match outcome {
            // What has come as bytes can be written as bytes.
            Ok(value) if codec::encode_into(value, &mut bytes).is_ok() => Ok(&*bytes),
            Ok(_) => continue,
            Err(error) => Err(error.clone()),
        };
        recorder.note(index..index + 1, &encoded);
    }
}

/// Notes down the outcomes of one map.
#[derive(Debug)]
pub(crate) struct Recorder {
    /// `None` once it cannot be written to.
    writer: Option<ResultsWriter<BorrowedFd<'static>>>,
    gathered: Vec<u8>,
    items: u64,
    counts: Counts,
}

impl Recorder {
    /// For a map that begins; `None` where this is no notebook's own process, or another map of it is being recorded.
    pub(crate) fn begin(items: usize, type_name: fn() -> String, packing: Packing) -> Option<Self> {
        if fork::is_worker() {
            return None;
        }
        let file = notebook::results_file()?;
        let cell = notebook::current_cell()?;
        let this = std::process::id();
        // A process that goes on for one that has died may find that one's number here.
        let claimed = RECORDING.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |owner| {
            (owner != this).then_some(this)
        });
        claimed.ok()?;
        let description = Description {
            cell,
            items: items as u64,
            type_name: type_name(),
            packing,
        };
        Some(Self {
            // Without room for it there is nothing to be had later; the map itself does not suffer.
            writer: ResultsWriter::begin(file, &description).ok(),
            gathered: Vec::new(),
            items: items as u64,
            counts: Counts::default(),
        })
    }

    /// Notes down the outcome of one item, or of several whose results are packed.
    pub(crate) fn note(&mut self, items: Range<usize>, outcome: &Result<&[u8], TaskError>) {
        let Some(writer) = &self.writer else { return };
        self.counts.done += items.len() as u64;
        self.counts.failed += u64::from(outcome.is_err());
        let length = outcome.as_ref().map_or(0, |bytes| bytes.len());
        if writer.len() + (self.gathered.len() + length) as u64 > LIMIT {
            self.counts.left_out += items.len() as u64;
            return;
        }
        let start = self.gathered.len();
        record::begin(items.start, &mut self.gathered);
        match outcome {
            Ok(bytes) => self.gathered.extend_from_slice(bytes),
            Err(error) => job::encode_error(error, &mut self.gathered),
        }
        record::finish(start, outcome.is_err(), &mut self.gathered);
        if self.gathered.len() >= GATHERED {
            self.flush();
        }
    }

    /// Writes what has been noted down: from here on it outlives this process.
    pub(crate) fn flush(&mut self) {
        let Some(writer) = &mut self.writer else { return };
        if writer.append(&self.gathered, self.counts).is_err() {
            self.writer = None;
        }
        self.gathered.clear();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.flush();
        let succeeded = self.counts.failed == 0 && self.counts.done == self.items;
        if let Some(writer) = self
            .writer
            .take_if(|writer| succeeded && writer.len() > LIMIT_AFTER_SUCCESS)
        {
            // Where it fails, the next map's beginning does it.
            let _ = writer.discard();
        }
        RECORDING.store(0, Ordering::Relaxed);
    }
}

/// The type's name as people write it: without the paths.
pub(crate) fn type_name<R>() -> String {
    without_paths(std::any::type_name::<R>())
}

fn without_paths(full: &str) -> String {
    let mut name = String::new();
    let mut word = String::new();
    let mut characters = full.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            ':' if characters.next_if_eq(&':').is_some() => word.clear(),
            _ if character.is_alphanumeric() || character == '_' => word.push(character),
            _ => {
                name.push_str(&word);
                word.clear();
                name.push(character);
            }
        }
    }
    name + &word
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::{Changed, changed, for_all};
    use crate::sys::counted::frugally;

    #[test]
    fn types_are_named_as_people_write_them() {
        assert_eq!(type_name::<Vec<(u64, Option<String>)>>(), "Vec<(u64, Option<String>)>");
        assert_eq!(type_name::<[f64; 3]>(), "[f64; 3]");
        assert_eq!(type_name::<Result<(), TaskError>>(), "Result<(), TaskError>");
        assert_eq!(without_paths("&alloc::vec::Vec<ctx::a::B>"), "&Vec<B>");
    }

    #[test]
    fn in_a_plain_program_there_are_none() {
        assert!(matches!(last_results::<u64>(), Err(LastResultsError::None)));
        assert!(Recorder::begin(3, type_name::<u64>, None).is_none());
    }

    fn written(index: usize, outcome: Result<&[u8], &TaskError>) -> Vec<u8> {
        let mut bytes = Vec::new();
        record::begin(index, &mut bytes);
        match outcome {
            Ok(payload) => bytes.extend_from_slice(payload),
            Err(error) => job::encode_error(error, &mut bytes),
        }
        record::finish(0, outcome.is_err(), &mut bytes);
        bytes
    }

    #[test]
    fn packed_results_of_items_that_there_cannot_be_are_left_out() {
        let packing = Bits::<u64>::of().map(Bits::size);
        let records = written(usize::MAX - 1, Ok(&[7; 32]));
        let outcomes = outcomes_in::<u64>(packing, &records);
        assert_eq!(outcomes.into_keys().collect::<Vec<_>>(), [usize::MAX - 1]);
    }

    #[test]
    fn any_records_have_outcomes_for_some_items() {
        let record = (any::<u16>(), vec(any::<u8>(), 0..40), any::<bool>());
        let records = vec(record, 0..5).prop_map(|records| {
            let written = |(index, payload, failed): (u16, Vec<u8>, bool)| {
                let error = TaskError::system(None, Some(index.into()), String::from_utf8_lossy(&payload).as_ref());
                written(index.into(), if failed { Err(&error) } else { Ok(&payload) })
            };
            records.into_iter().flat_map(written).collect()
        });
        for_all(1500, changed(records), |Changed { bytes, .. }| {
            frugally(bytes.len(), || {
                outcomes_in::<u64>(Bits::<u64>::of().map(Bits::size), &bytes);
                outcomes_in::<u64>(None, &bytes);
                outcomes_in::<Vec<String>>(None, &bytes);
            });
        });
    }
}
