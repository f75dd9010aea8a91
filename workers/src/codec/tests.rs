//! That values arrive as they were sent, and what is said of those that cannot.

mod garbage;
mod nesting;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::corpus::{self, Bytes, Check, List};
use super::{CodecError, decode, encode_into};

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
    // A type with two forms is the one for people in both steps.
    assert_eq!(decode::<Untagged<IpAddr>>(&encode(&address)).unwrap(), address);
    let large = Untagged::One { value: u128::MAX };
    assert!(refusal::<Untagged<u128>>(&encode(&large)).contains("u128"));
}

#[test]
fn huge_values_arrive() {
    let text = "0123456789ü".repeat(4 << 20);
    assert!(decode::<String>(&encode(&text)).unwrap() == text);
    let bytes = text.as_bytes()[..4 << 20].to_vec();
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
