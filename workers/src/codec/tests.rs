//! That values arrive as they were sent, and that bytes that nobody sent do no harm.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::corpus::{self, Bytes, Check, List};
use super::{CodecError, decode, depth, encode_into};

fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_into(value, &mut bytes).unwrap();
    bytes
}

fn refusal<T: DeserializeOwned + Debug>(bytes: &[u8]) -> String {
    decode::<T>(bytes).unwrap_err().to_string()
}

struct RoundTrip;

impl Check for RoundTrip {
    #[track_caller]
    fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(&mut self, value: T) {
        // Somewhere in a vector that has something in it already.
        let mut bytes = vec![0xff; 3];
        encode_into(&value, &mut bytes).unwrap();
        let arrived = decode::<T>(&bytes[3..]);
        assert_eq!(arrived.unwrap(), value);
    }
}

#[test]
fn everything_arrives_as_it_was_sent() {
    corpus::present(&mut RoundTrip);
}

/// Floating-point numbers by their bits, as far as formats of two sizes allow.
#[test]
fn numbers_keep_every_bit() {
    let doubles = [0x7ff8_0000_0000_0001, 0xfff0_0000_0000_0f0f, 0x8000_0000_0000_0000u64].map(f64::from_bits);
    let singles = [0x7fc0_0001, 0xff80_0f0f, 0x8000_0000u32].map(f32::from_bits);
    for (double, single) in doubles.into_iter().zip(singles) {
        assert_eq!(decode::<f64>(&encode(&double)).unwrap().to_bits(), double.to_bits());
        assert_eq!(decode::<f32>(&encode(&single)).unwrap().to_bits(), single.to_bits());
        let (a, b) = decode::<(Vec<f64>, Vec<f32>)>(&encode(&(vec![double; 50], vec![single; 50]))).unwrap();
        assert!(a.iter().all(|n| n.to_bits() == double.to_bits()));
        assert!(b.iter().all(|n| n.to_bits() == single.to_bits()));
        let [a, b] = decode::<[Vec<f64>; 2]>(&encode(&[vec![double], vec![double; 50]])).unwrap();
        assert!(a.iter().chain(&b).all(|n| n.to_bits() == double.to_bits()));
        assert_eq!(
            decode::<Vec<f32>>(&encode(&vec![single; 50])).unwrap()[7].to_bits(),
            single.to_bits()
        );
    }
}

#[test]
fn a_value_may_become_another_type_with_the_same_content() {
    #[derive(Serialize)]
    struct Old<'a> {
        name: &'a str,
        points: &'a [[f64; 2]],
        removed: u8,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct New {
        name: Cow<'static, str>,
        points: std::collections::VecDeque<(f64, Option<f64>)>,
        #[serde(default)]
        added: Option<u8>,
    }
    let old = Old {
        name: "n",
        points: &[[1.0, 2.0]; 20],
        removed: 1,
    };
    let points = vec![(1.0, Some(2.0)); 20].into();
    let new = New {
        name: "n".into(),
        points,
        added: None,
    };
    assert_eq!(decode::<New>(&encode(&old)).unwrap(), new);
    assert_eq!(decode::<Bytes>(&encode(&vec![7u8; 100])).unwrap(), Bytes(vec![7; 100]));
    assert_eq!(decode::<Vec<u8>>(&encode(&Bytes(vec![7; 100]))).unwrap(), vec![7; 100]);
    assert_eq!(decode::<[u8; 3]>(&encode(&Bytes(vec![7; 3]))).unwrap(), [7; 3]);
    assert_eq!(decode::<Vec<u64>>(&encode(&vec![7u32; 100])).unwrap(), vec![7; 100]);
    assert_eq!(
        decode::<Vec<std::num::Wrapping<u8>>>(&encode(&vec![7u8; 100]))
            .unwrap()
            .len(),
        100
    );
    assert_eq!(
        decode::<Value>(&encode(&[[1u8, 2]; 50][..])).unwrap(),
        json!(vec![[1, 2]; 50])
    );
    assert!(refusal::<Vec<u8>>(&encode(&vec![256u32; 100])).contains("expected u8"));
}

#[test]
fn borrowed_data_arrives_owned() {
    let (text, bytes) = ("text", [1u8; 100]);
    let sent = encode(&(text, &bytes[..], Cow::Borrowed(text), Some(&text)));
    type Arrived = (String, Vec<u8>, Cow<'static, str>, Option<Box<str>>);
    let arrived: Arrived = decode(&sent).unwrap();
    assert_eq!(arrived, (text.into(), bytes.to_vec(), text.into(), Some(text.into())));
}

/// What serde's own buffers have no place for is refused in words, not changed.
#[test]
fn serdes_buffers_have_their_limits() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged<T> {
        One { value: T },
    }
    let address = Untagged::One {
        value: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    assert!(refusal::<Untagged<IpAddr>>(&encode(&address)).contains("did not match any variant"));
    let large = Untagged::One { value: u128::MAX };
    assert!(refusal::<Untagged<u128>>(&encode(&large)).contains("u128"));
}

#[test]
fn huge_values_arrive() {
    let text = "0123456789ü".repeat(4 << 20);
    assert!(decode::<String>(&encode(&text)).unwrap() == text);
    let bytes: Vec<u8> = text.into_bytes();
    let nested = BTreeMap::from([(1, (bytes, "end".to_owned()))]);
    assert!(decode::<BTreeMap<u8, (Vec<u8>, String)>>(&encode(&nested)).unwrap() == nested);
}

#[test]
fn hand_written_lengths_are_checked() {
    struct Liar(Option<usize>, usize);
    impl Serialize for Liar {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeSeq;
            let mut elements = serializer.serialize_seq(self.0)?;
            (0..self.1).try_for_each(|n| elements.serialize_element(&n))?;
            elements.end()
        }
    }
    assert_eq!(
        decode::<Vec<usize>>(&encode(&Liar(None, 70_000))).unwrap().len(),
        70_000
    );
    assert!(decode::<Vec<usize>>(&encode(&Liar(None, 0))).unwrap().is_empty());
    let error = encode_into(&Liar(Some(3), 2), &mut Vec::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot encode a value of type `Liar`: it was said to have 3 elements, but has 2"
    );
}

#[test]
fn errors_name_the_type() {
    let error = decode::<Vec<Option<String>>>(&encode(&vec![5])).unwrap_err();
    assert!(matches!(error, CodecError::Decode { .. }));
    assert_eq!(
        error.to_string(),
        "cannot decode a value of type `Vec<Option<String>>`: invalid type: integer `5`, expected a string"
    );
    let early = std::time::SystemTime::UNIX_EPOCH - std::time::Duration::from_secs(1);
    let error = encode_into(&early, &mut Vec::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot encode a value of type `SystemTime`: SystemTime must be later than UNIX_EPOCH"
    );
}

mod nesting {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Chain {
        Link(Box<Chain>),
        Pair { a: Box<Chain>, b: u8 },
        End,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(u8),
        List(Vec<Untagged>),
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Internal {
        Inner { inner: Box<Internal> },
        End,
    }

    fn repeat<T>(times: u32, first: T, wrap: impl Fn(T) -> T) -> T {
        (0..times).fold(first, |value, _| wrap(value))
    }

    /// Runs on a stack of the usual size of a thread's, on which overflowing it would end the tests.
    fn on_a_stack<R: Send>(size: usize, run: impl FnOnce() -> R + Send) -> R {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(size);
            thread.spawn_scoped(scope, run).unwrap().join().unwrap()
        })
    }

    const USUAL: usize = 2 << 20;
    const LARGE: usize = 64 << 20;

    #[test]
    fn a_long_list_arrives() {
        on_a_stack(USUAL, || {
            RoundTrip.check(List::of(250));
            RoundTrip.check(repeat(125, Untagged::Number(1), |inner| Untagged::List(vec![inner])));
            RoundTrip.check(repeat(60, Internal::End, |inner| Internal::Inner {
                inner: Box::new(inner),
            }));
            RoundTrip.check(repeat(125, json!(1), |inner| json!([inner])));
        });
        on_a_stack(LARGE, || {
            RoundTrip.check(List::of(depth::MAX_DEPTH / 2 - 1));
            RoundTrip.check(repeat(depth::MAX_DEPTH - 2, Chain::End, |inner| {
                Chain::Link(Box::new(inner))
            }));
        });
    }

    #[test]
    fn too_deep_is_an_error_on_both_sides() {
        on_a_stack(LARGE, || {
            let list = List::of(depth::MAX_DEPTH);
            let error = encode_into(&list, &mut Vec::new()).unwrap_err();
            let expected = "cannot encode a value of type `List`: it is nested more than 4096 levels deep";
            assert_eq!(error.to_string(), expected);
            let bytes = [b"\x81\xa4Link".repeat(5000), b"\xa3End".to_vec()].concat();
            assert!(refusal::<Chain>(&bytes).ends_with("nested more than 4096 levels deep"));
        });
        let json = repeat(200, json!(1), |inner| json!([inner]));
        assert!(refusal::<Value>(&encode(&json)).ends_with("nested more than 128 levels deep"));
        let untagged = repeat(200, Untagged::Number(1), |inner| Untagged::List(vec![inner]));
        assert!(refusal::<Untagged>(&encode(&untagged)).ends_with("nested more than 128 levels deep"));
    }

    #[test]
    fn a_stack_that_is_too_small_is_an_error_on_both_sides() {
        let list = on_a_stack(LARGE, || List::of(2000));
        let bytes = on_a_stack(LARGE, || encode(&list));
        for size in [64 << 10, 128 << 10, 256 << 10, 512 << 10] {
            let refusal = on_a_stack(size, || refusal::<List>(&bytes));
            assert!(
                refusal.ends_with("nested too deep for the stack of this thread"),
                "{refusal}"
            );
        }
        let error = on_a_stack(64 << 10, || encode_into(&list, &mut Vec::new()).unwrap_err());
        assert!(
            error
                .to_string()
                .ends_with("nested too deep for the stack of this thread")
        );
        on_a_stack(LARGE, move || drop(list));
    }

    /// Bytes that are nothing but nesting, of each kind there is.
    #[test]
    fn bottomless_bytes_are_an_error() {
        let kinds: [&[u8]; 10] = [
            b"\x91",
            b"\x81",
            b"\x81\xa4Link",
            b"\x81\xa4Pair\x82\xa1a",
            b"\xc1\x00",
            b"\x82\xa1n\x01\xa4next",
            b"\x82\xa4kind\xa5Inner\xa5inner",
            b"\x92\x90",
            b"\xdd\x00\x00\x00\x01",
            b"\x81\xc0",
        ];
        for kind in kinds {
            let bytes = kind.repeat(100_000);
            on_a_stack(USUAL, || {
                refusal::<Chain>(&bytes);
                refusal::<List>(&bytes);
                refusal::<Untagged>(&bytes);
                refusal::<Internal>(&bytes);
                refusal::<Value>(&bytes);
                refusal::<Option<Option<u8>>>(&bytes);
                refusal::<serde::de::IgnoredAny>(&bytes);
            });
        }
    }
}
