//! How deep values may be nested, and that what is deeper is an error.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::depth;
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
pub(super) fn on_a_stack<R: Send>(size: usize, run: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(size);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

const USUAL: usize = 2 << 20;
pub(super) const LARGE: usize = 64 << 20;

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

/// Between such a type and itself there is nothing in the bytes of a sequence of numbers: it was looked for without
/// end.
#[test]
fn a_type_that_is_made_of_itself_alone_is_no_number() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "it is only decoded")]
    struct Endless(Option<Box<Endless>>);
    let sent = [
        encode(&vec![7u8; 100]),
        encode(&Bytes(vec![7])),
        encode(&vec![[0.5f64; 2]; 50]),
    ];
    for bytes in sent {
        for size in [USUAL, LARGE] {
            let refusal = on_a_stack(size, || refusal::<Vec<Endless>>(&bytes));
            assert!(refusal.contains("nested"), "{refusal}");
        }
    }
    // What ends is as deep as it is.
    let sent = encode(&vec![7u8; 100]);
    assert_eq!(decode::<Vec<Option<Option<u64>>>>(&sent).unwrap(), [Some(Some(7)); 100]);
}
