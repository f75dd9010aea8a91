//! That bytes that nobody has sent do no harm.

use std::time::{Duration, Instant};

use super::*;

/// How long the search for bytes that do harm may take.
const LIMIT: Duration = Duration::from_secs(3);

/// Numbers that are the same each time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// Bytes, many of them with a meaning.
    fn bytes(&mut self) -> Vec<u8> {
        let length = self.below(64);
        let byte = |numbers: &mut Self| match numbers.below(4) {
            0 => 0xc0 | numbers.below(64) as u8,
            1 => numbers.below(16) as u8,
            2 => 0x80 | numbers.below(64) as u8,
            _ => numbers.next() as u8,
        };
        (0..length).map(|_| byte(self)).collect()
    }

    /// The bytes with something changed, left out, put in or doubled.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let at = self.below(bytes.len());
        match self.below(5) {
            0 => bytes[at] = self.next() as u8,
            1 => bytes[at] ^= 1 << self.below(8),
            2 => bytes.truncate(at),
            3 => drop(bytes.splice(at..at, self.bytes())),
            _ => {
                let end = at + self.below(bytes.len() - at) + 1;
                let part = bytes[at..end.min(at + 64)].to_vec();
                drop(bytes.splice(at..at, part));
            }
        }
    }
}

/// Decodes changed encodings of each value as the value's type, and as types that take anything.
struct Mutations {
    numbers: Numbers,
    end: Instant,
    tries: usize,
}

impl Check for Mutations {
    fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(&mut self, value: T) {
        let good = encode(&value);
        let tries = if good.len() < 1000 { 20 } else { 2 };
        for _ in 0..tries {
            if Instant::now() >= self.end {
                return;
            }
            let mut bytes = good.clone();
            for _ in 0..=self.numbers.below(4) {
                self.numbers.mutate(&mut bytes);
            }
            // Each returns; what, nobody can say.
            let _ = decode::<T>(&bytes);
            let _ = decode::<Value>(&bytes);
            let _ = decode::<serde::de::IgnoredAny>(&bytes);
            self.tries += 1;
        }
    }
}

#[test]
fn changed_bytes_do_no_harm() {
    let end = Instant::now() + LIMIT;
    let mut mutations = Mutations {
        numbers: Numbers(0x1234_5678_9abc_def1),
        end,
        tries: 0,
    };
    while Instant::now() < end {
        corpus::present(&mut mutations);
    }
    assert!(mutations.tries > 0);
}

#[test]
fn random_bytes_do_no_harm() {
    type Mixed = BTreeMap<
        Option<u8>,
        (
            Vec<bool>,
            Option<Option<char>>,
            Result<Vec<[f32; 2]>, String>,
            i128,
            Bytes,
        ),
    >;
    let end = Instant::now() + LIMIT;
    let mut numbers = Numbers(0xfeed_beef_cafe_0001);
    while Instant::now() < end {
        for _ in 0..1000 {
            let bytes = numbers.bytes();
            let _ = decode::<Value>(&bytes);
            let _ = decode::<Mixed>(&bytes);
            let _ = decode::<List>(&bytes);
            let _ = decode::<Vec<bool>>(&bytes);
            let _ = decode::<Box<[char]>>(&bytes);
        }
    }
}

#[test]
fn every_beginning_of_an_encoding_is_an_error() {
    let value = (
        vec![Some(1u8), None],
        "text",
        vec![0.5f64; 20],
        BTreeMap::from([(1u128 << 100, 'c')]),
    );
    type Arrives = (Vec<Option<u8>>, String, Vec<f64>, BTreeMap<u128, char>);
    let bytes = encode(&value);
    for end in 0..bytes.len() {
        assert!(decode::<Arrives>(&bytes[..end]).is_err(), "{end}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(refusal::<Arrives>(&longer).ends_with("1 bytes are left over"));
    let longer = [encode(&vec![0.5f64; 20]), vec![0xc0]].concat();
    assert!(refusal::<Vec<f64>>(&longer).ends_with("1 bytes are left over"));
}

/// Lengths without the bytes, for which a vector that trusts them would ask for all the memory there is.
#[test]
fn lengths_alone_allocate_nothing() {
    let ones = [0xff; 8];
    let heads: [&[u8]; 11] = [
        b"\xdb",
        b"\xc6",
        b"\xdd",
        b"\xdf",
        b"\xc1\x04",
        b"\xc1\x05",
        b"\xc1\x06",
        b"\xc1\x07",
        b"\xc1\x08\x00\x00\x00",
        b"\xc1\x08\x0d\x20\x00",
        b"\xc1\x08\x0e\x00\x00",
    ];
    for head in heads {
        let bytes = [head, &ones[..if head.len() == 1 { 4 } else { 8 }], &[0; 32]].concat();
        for refusal in [
            refusal::<Value>(&bytes),
            refusal::<Vec<u64>>(&bytes),
            refusal::<Vec<u8>>(&bytes),
            refusal::<Vec<[f64; 32]>>(&bytes),
            refusal::<Vec<bool>>(&bytes),
            refusal::<String>(&bytes),
            refusal::<BTreeMap<u8, u8>>(&bytes),
            refusal::<std::collections::HashMap<u64, u64>>(&bytes),
            refusal::<serde::de::IgnoredAny>(&bytes),
        ] {
            assert!(refusal.ends_with("its bytes end too early"), "{head:x?}: {refusal}");
        }
    }
}

#[test]
fn elements_are_checked() {
    let mut bytes = encode(&vec![true; 100]);
    *bytes.last_mut().unwrap() = 2;
    let expected = "a sequence has elements that its type does not have";
    assert!(refusal::<Vec<bool>>(&bytes).ends_with(expected));
    assert!(refusal::<std::collections::VecDeque<bool>>(&bytes).ends_with(expected));
    assert!(refusal::<String>(&[0xa1, 0xff]).ends_with("a string is not UTF-8"));
    assert!(refusal::<char>(&[0xc1, 1, 0, 0, 0xd8, 0]).ends_with("not a character"));
    assert!(refusal::<u8>(&[0xc1, 0x77]).ends_with("the byte 0x77 has no meaning where it is"));
    assert!(refusal::<u8>(&[0xd4, 1, 2]).ends_with("the byte 0xd4 has no meaning where it is"));
    assert!(refusal::<Option<u8>>(&[]).ends_with("its bytes end too early"));
    assert!(refusal::<Result<u8, u8>>(&[5]).ends_with("a variant of an enum was expected"));
    assert!(refusal::<(u8, u8)>(&[0x93, 1, 2, 3]).ends_with("1 more elements came than were expected"));
}
