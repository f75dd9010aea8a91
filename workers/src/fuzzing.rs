//! Bytes that nobody would send: real ones, of which pieces are cut out, repeated, overwritten, and mixed with others.
//! For tests of what reads what other processes have written.
//!
//! Each test tries the same cases each time: what one run finds, the next finds too, and tells the smallest input that
//! makes it fail. `PARCELL_FUZZ=100` in the environment tries a hundred times as many.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRng, TestRunner};

/// How often an input is changed, at most.
const CHANGES: usize = 6;
/// The longest piece that is cut out, repeated or overwritten.
const LONGEST: usize = 40;
/// How often a piece is repeated where it is to be nested, or longer than a buffer.
const MANY: usize = 1500;

/// So many times as many inputs as usual are tried, where this says a number.
const LONGER: &str = "PARCELL_FUZZ";

/// Lengths that nothing has: larger than all memory, than what fits into fewer bytes, and than what there is.
const LENGTHS: [u64; 8] = [
    u64::MAX,
    1 << 63,
    1 << 60,
    1 << 40,
    u32::MAX as u64,
    1 << 30,
    u16::MAX as u64,
    0xff,
];

/// What has a meaning in one of the forms that are read: JSON's, the codec's, and the text's of backtraces.
const WORDS: [&[u8]; 20] = [
    b"null",
    b"-1",
    b"18446744073709551616",
    b"1e999",
    b"{\"",
    b"[[",
    b"\":",
    b"\"",
    b"\\ud800",
    b"\xc0",
    b"\xc1\x00",
    b"\xc1\x06\x10\x00\x00\x00\x00\x00\x00\x00",
    b"\xc1\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x01\x01\x01\x01",
    b"\x91",
    b"\x81",
    b"\xdd\x00\x00\x01\x00",
    b"\xdf\xff\xff\xff\xff",
    b"\n   7: ",
    b"\n at :",
    b"-",
];

/// Does the test for so many inputs. It fails by a panic, and the input is told that is the smallest to make it.
pub(crate) fn for_all<S: Strategy>(cases: u32, inputs: S, test: impl Fn(S::Value)) {
    let longer = std::env::var(LONGER).ok().and_then(|times| times.parse().ok());
    let config = Config {
        cases: cases.saturating_mul(longer.unwrap_or(1)),
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let tested = TestRunner::new_with_rng(config, rng).run(&inputs, |input| {
        test(input);
        Ok(())
    });
    if let Err(error) = tested {
        panic!("{error}");
    }
}

/// Bytes as they were written, and as they are to be read.
#[derive(Clone)]
pub(crate) struct Changed {
    pub(crate) written: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

impl Changed {
    /// How many bytes at the beginning are as they were written.
    pub(crate) fn intact(&self) -> usize {
        let pairs = self.written.iter().zip(&self.bytes);
        pairs.take_while(|(written, byte)| written == byte).count()
    }

    /// Whether nothing has been changed.
    pub(crate) fn is_intact(&self) -> bool {
        self.written == self.bytes
    }

    /// The bytes where there are so many: cut, or with zeros behind them.
    pub(crate) fn of_length(&self, length: usize) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        bytes.resize(length, 0);
        bytes
    }
}

/// As literals, on a line each.
impl fmt::Debug for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { written, bytes } = self;
        write!(
            f,
            "written b\"{}\"\n  bytes b\"{}\"",
            written.escape_ascii(),
            bytes.escape_ascii()
        )
    }
}

/// What is done to bytes, and where.
type Change = (u8, Index, Index, usize, u64);

/// What has been written, changed in some places: by pieces of itself and of something else that has been written.
pub(crate) fn changed(written: impl Strategy<Value = Vec<u8>> + 'static) -> impl Strategy<Value = Changed> {
    let written = written.boxed();
    let change = (0..12_u8, any::<Index>(), any::<Index>(), 1..LONGEST, any::<u64>());
    (written.clone(), written, vec(change, 0..=CHANGES)).prop_map(|(written, other, changes)| {
        let mut bytes = written.clone();
        for change in changes {
            apply(change, &other, &mut bytes);
        }
        Changed { written, bytes }
    })
}

fn apply((kind, at, from, length, number): Change, other: &[u8], bytes: &mut Vec<u8>) {
    let at = at.index(bytes.len() + 1);
    let piece = at..(at + length).min(bytes.len());
    match kind {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(piece)),
        2 => bytes.extend(number.to_le_bytes().iter().cycle().take(length)),
        3 => drop(bytes.splice(at..at, number.to_le_bytes())),
        4 => bytes[piece]
            .iter_mut()
            .take(1)
            .for_each(|byte| *byte ^= 1 << (number % 8)),
        5 => bytes[piece].fill(0),
        6 => bytes[piece].fill(0xff),
        7 => {
            let count = if number % 4 == 0 { MANY } else { 2 };
            let repeated = bytes[piece.clone()].repeat(count);
            drop(bytes.splice(piece, repeated));
        }
        8 => {
            let rest = &other[from.index(other.len() + 1)..];
            drop(bytes.splice(at.., rest.iter().copied()));
        }
        9 => {
            let word = WORDS[(number % WORDS.len() as u64) as usize];
            drop(bytes.splice(at..at, word.iter().copied()));
        }
        _ => {
            // In as many bytes as lengths have, in either order.
            let size = 1 << (number >> 8 & 3);
            let length = LENGTHS[(number % LENGTHS.len() as u64) as usize];
            let mut written = length.to_le_bytes()[..size].to_vec();
            if kind == 11 {
                written.reverse();
            }
            let place = bytes[at..].iter_mut().zip(written);
            place.for_each(|(byte, written)| *byte = written);
        }
    }
}

/// Bytes, cut into pieces.
pub(crate) fn pieces(bytes: &[u8], cuts: &[Index]) -> Vec<Vec<u8>> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|cut| bytes[cut[0]..cut[1]].to_vec()).collect()
}

/// Where bytes may be cut.
pub(crate) fn cuts() -> impl Strategy<Value = Vec<Index>> {
    vec(any::<Index>(), 0..6)
}
