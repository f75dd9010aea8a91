//! The form in which a worker's results wait in shared memory and travel through its pipe.
//!
//! A record is two little-endian words, the item's index and `length << 1 | failed`, and then the payload, padded
//! with zeros to whole words. The payload is the encoded result, or the encoded `TaskError`.

/// The size of a word.
pub(crate) const WORD: usize = 8;
pub(crate) const HEADER: usize = 2 * WORD;

/// One item's outcome, still encoded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub(crate) index: u64,
    pub(crate) failed: bool,
    pub(crate) payload: &'a [u8],
}

/// Appends an empty record to `out`; what is appended after it is its payload, until [`finish`].
pub(crate) fn begin(index: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(index as u64).to_le_bytes());
    out.extend_from_slice(&[0; WORD]);
}

/// Completes the record that began at `start`.
pub(crate) fn finish(start: usize, failed: bool, out: &mut Vec<u8>) {
    let length = out.len() - start - HEADER;
    write_length(start, length, failed, out);
    out.resize(out.len().next_multiple_of(WORD), 0);
}

/// Says how long the payload of the record at `start` is, which is not a failure; nothing where there is no such record.
pub(crate) fn set_length(start: usize, length: usize, records: &mut [u8]) {
    if records.len() >= start + HEADER {
        write_length(start, length, false, records);
    }
}

fn write_length(start: usize, length: usize, failed: bool, records: &mut [u8]) {
    let word = (length as u64) << 1 | u64::from(failed);
    records[start + WORD..start + HEADER].copy_from_slice(&word.to_le_bytes());
}

/// The first record in `bytes` and the number of bytes it takes; `None` while it is not complete.
pub(crate) fn first(bytes: &[u8]) -> Option<(Record<'_>, usize)> {
    let (index, rest) = bytes.split_first_chunk::<WORD>()?;
    let (word, rest) = rest.split_first_chunk::<WORD>()?;
    let word = u64::from_le_bytes(*word);
    let length = usize::try_from(word >> 1).ok()?;
    let padded = length.checked_next_multiple_of(WORD)?;
    if rest.len() < padded {
        return None;
    }
    let record = Record {
        index: u64::from_le_bytes(*index),
        failed: word & 1 == 1,
        payload: &rest[..length],
    };
    Some((record, HEADER + padded))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::{changed, for_all};

    fn written(index: usize, failed: bool, payload: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        begin(index, out);
        out.extend_from_slice(payload);
        finish(start, failed, out);
    }

    #[test]
    fn records_follow_each_other() {
        let mut bytes = Vec::new();
        written(3, false, b"abc", &mut bytes);
        written(4, true, b"", &mut bytes);
        let (record, size) = first(&bytes).unwrap();
        assert_eq!(
            record,
            Record {
                index: 3,
                failed: false,
                payload: b"abc"
            }
        );
        assert_eq!(size % WORD, 0);
        let (record, rest) = first(&bytes[size..]).unwrap();
        assert_eq!(
            record,
            Record {
                index: 4,
                failed: true,
                payload: b""
            }
        );
        assert_eq!(size + rest, bytes.len());
    }

    #[test]
    fn a_partial_record_is_none() {
        let mut bytes = Vec::new();
        written(3, false, &[7; 100], &mut bytes);
        assert!((0..bytes.len()).all(|end| first(&bytes[..end]).is_none()));
    }

    #[test]
    fn absurd_lengths_are_none() {
        for word in [u64::MAX, u64::MAX - 1, 1 << 63, 1 << 40] {
            let mut bytes = vec![0; WORD];
            bytes.extend_from_slice(&word.to_le_bytes());
            bytes.extend_from_slice(&[0; 64]);
            assert!(first(&bytes).is_none());
        }
    }

    #[test]
    fn of_any_bytes_those_records_come_out_that_are_whole() {
        let record = (any::<usize>(), any::<bool>(), vec(any::<u8>(), 0..40));
        let records = vec(record, 0..5).prop_map(|records| {
            let mut bytes = Vec::new();
            for (index, failed, payload) in records {
                written(index, failed, &payload, &mut bytes);
            }
            bytes
        });
        for_all(3000, changed(records), |changed| {
            let mut start = 0;
            while let Some((record, size)) = first(&changed.bytes[start..]) {
                assert!(size >= HEADER + record.payload.len() && size.is_multiple_of(WORD));
                if start + size <= changed.intact() {
                    let (whole, as_long) = first(&changed.written[start..]).unwrap();
                    assert_eq!((&record, size), (&whole, as_long));
                }
                start += size;
                assert!(start <= changed.bytes.len());
            }
        });
    }
}
