//! That bytes that nobody has sent do no harm.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::de::IgnoredAny;

use super::*;
use crate::fuzzing::{Changed, changed, for_all};
use crate::sys::counted::frugally;

/// Samples that are longer have more of the same in them.
const SHORT: usize = 1000;

/// Decodes bytes as values of one type. What comes of it nobody can say, but it is not much memory, and an end.
type Decode = fn(&[u8]);

fn decode_as<T: DeserializeOwned>(bytes: &[u8]) {
    let _ = frugally(bytes.len(), || decode::<T>(bytes).is_ok());
}

/// Encoded values, and what decodes their types.
#[derive(Default)]
struct Samples(BTreeMap<Vec<u8>, Vec<Decode>>);

impl Check for Samples {
    fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(&mut self, value: T) {
        let bytes = encode(&value);
        if bytes.len() < SHORT {
            self.0.entry(bytes).or_default().push(decode_as::<T>);
        }
    }
}

#[test]
fn changed_bytes_do_no_harm() {
    let mut samples = Samples::default();
    corpus::present(&mut samples);
    let Samples(samples) = samples;
    let all: Vec<Decode> = samples.values().flatten().copied().collect();
    let written = select(samples.keys().cloned().collect::<Vec<_>>());
    for_all(
        4000,
        (changed(written), any::<Index>()),
        |(Changed { written, bytes }, other)| {
            for decode in &samples[&written] {
                decode(&bytes);
            }
            all[other.index(all.len())](&bytes);
            decode_as::<Value>(&bytes);
            decode_as::<IgnoredAny>(&bytes);
        },
    );
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
    // Many of them with a meaning.
    let byte = prop_oneof![any::<u8>(), 0xc0..=0xff_u8, 0..16_u8, 0x80..0xc0_u8];
    for_all(4000, vec(byte, 0..64), |bytes| {
        decode_as::<Value>(&bytes);
        decode_as::<Mixed>(&bytes);
        decode_as::<List>(&bytes);
        decode_as::<Vec<bool>>(&bytes);
        decode_as::<Box<[char]>>(&bytes);
        decode_as::<HashMap<String, Vec<Vec<u16>>>>(&bytes);
    });
}

/// What is known of it by its bytes alone: floating-point numbers need not equal themselves.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Known {
    Numbers(u8, i16, Option<Option<u64>>, i128, f64),
    Text {
        text: String,
        character: char,
        more: Vec<String>,
    },
    Packed(Vec<f32>, Vec<[u16; 3]>, Vec<bool>),
    Nested(Vec<Vec<i32>>),
    Map(BTreeMap<String, Result<u8, Box<Known>>>),
    Nothing,
}

fn known() -> impl Strategy<Value = Known> {
    let leaf = prop_oneof![
        any::<(u8, i16, Option<Option<u64>>, i128, f64)>().prop_map(|(a, b, c, d, e)| Known::Numbers(a, b, c, d, e)),
        (".{0,9}", any::<char>(), vec(".{0,5}", 0..4)).prop_map(|(text, character, more)| Known::Text {
            text,
            character,
            more
        }),
        (
            vec(any::<f32>(), 0..40),
            vec(any::<[u16; 3]>(), 0..20),
            vec(any::<bool>(), 0..40)
        )
            .prop_map(|(a, b, c)| Known::Packed(a, b, c)),
        vec(vec(any::<i32>(), 0..30), 0..4).prop_map(Known::Nested),
        Just(Known::Nothing),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let result = prop_oneof![any::<u8>().prop_map(Ok), inner.prop_map(|known| Err(Box::new(known)))];
        prop::collection::btree_map("[a-c]{0,3}", result, 0..3).prop_map(Known::Map)
    })
}

#[test]
fn changed_bytes_are_an_error_or_a_value_that_arrives_as_it_is() {
    let written = known().prop_map(|known| encode(&known));
    for_all(1000, changed(written), |changed| {
        let Ok(value) = frugally(changed.bytes.len(), || decode::<Known>(&changed.bytes)) else {
            assert!(!changed.is_intact());
            return;
        };
        let again = encode(&value);
        assert_eq!(encode(&decode::<Known>(&again).unwrap()), again);
        if changed.is_intact() {
            assert_eq!(again, changed.written);
        }
    });
}

#[test]
fn changed_maps_are_an_error_or_a_map_that_arrives_as_it_is() {
    type Map = HashMap<u16, Vec<Option<u16>>>;
    let written = prop::collection::hash_map(any::<u16>(), vec(any::<Option<u16>>(), 0..20), 0..6);
    for_all(
        1000,
        changed(written.prop_map(|map: Map| encode(&map))),
        |changed| match frugally(changed.bytes.len(), || decode::<Map>(&changed.bytes)) {
            Ok(map) => assert_eq!(decode::<Map>(&encode(&map)).unwrap(), map),
            Err(_) => assert!(!changed.is_intact()),
        },
    );
}

/// Each of a thousand levels says that as many elements come as there are bytes, and memory was asked for on each.
#[test]
fn levels_that_count_on_the_same_bytes_ask_for_little_memory() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "it is only decoded")]
    struct Tree {
        children: Vec<Tree>,
    }
    let head = b"\x81\xa8children\xdd\x00\x01\x00\x00";
    let bytes = [head.repeat(1000), vec![0; 1 << 16]].concat();
    nesting::on_a_stack(nesting::LARGE, || {
        frugally(bytes.len(), || refusal::<Tree>(&bytes));
    });
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
            refusal::<HashMap<u64, u64>>(&bytes),
            refusal::<IgnoredAny>(&bytes),
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
