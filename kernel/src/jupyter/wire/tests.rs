//! Messages that are right are read back; every other kind of frames is told apart.

use super::*;
use crate::fuzzing::{changed, for_all};
use crate::jupyter::content::Content;
use crate::jupyter::requests::IsCompleteRequest;
use jupyter_protocol::Status;

const HEADER: &str = r#"{"msg_id":"1","msg_type":"kernel_info_request","date":"today"}"#;

/// Made by Python's `hmac` for the key `secret` and the text `{}{}{}`.
const SIGNATURE_FROM_PYTHON: &str = "a79886343a58ae2c2224010a2722232a42a0674ebe1ff05e55dd8085f3db7b03";

/// Frames of a request that `wire` signed.
fn signed(wire: &Wire, header: &str, parent: &str, metadata: &str, content: &str) -> Vec<Bytes> {
    let parts = [header, parent, metadata, content].map(|part| Bytes::from(part.to_owned()));
    let signature = wire.sign([&parts[0], &parts[1], &parts[2], &parts[3]]);
    let mut frames = vec![Bytes::from_static(b"client"), Bytes::from_static(DELIMITER), signature];
    frames.extend(parts);
    frames
}

fn decode(wire: &Wire, frames: Vec<Bytes>) -> Result<Received, DecodeError> {
    wire.decode(Channel::Shell, frames)
}

#[test]
fn a_signed_request_is_read() {
    let wire = Wire::new("key");
    let header = r#"{"msg_id":"1","msg_type":"is_complete_request","date":"today"}"#;
    let mut frames = signed(&wire, header, r#"{"msg_id": "0"}"#, "{}", r#"{"code": "a"}"#);
    frames.push(Bytes::from_static(b"a buffer"));
    let Received { request, content } = decode(&wire, frames).unwrap();
    assert_eq!(request.identities, [Bytes::from_static(b"client")]);
    assert_eq!(request.msg_type, "is_complete_request");
    assert_eq!(request.header.0, header.as_bytes());
    assert_eq!(request.parent_id.as_deref(), Some("0"));
    assert!(matches!(content, Ok(RequestContent::IsComplete(IsCompleteRequest { code })) if code == "a"));
}

#[test]
fn what_is_written_verifies_and_carries_its_parent_unchanged() {
    let wire = Wire::new("key");
    let parent = ParentHeader(Bytes::from_static(HEADER.as_bytes()));
    let mut message = Message::new(Some(parent), Content::Status(Status::busy()));
    message.date = "2026-03-01T12:00:00.000001Z".parse().unwrap();
    let frames = wire.encode(&message).unwrap();
    assert_eq!(frames.len(), 6);
    wire.verify(&frames[1], [&frames[2], &frames[3], &frames[4], &frames[5]])
        .unwrap();
    assert_eq!(frames[3], HEADER.as_bytes());
    let header: Value = serde_json::from_slice(&frames[2]).unwrap();
    for field in ["msg_id", "session", "username", "date", "msg_type", "version"] {
        assert!(header[field].is_string(), "{field} in {header}");
    }
    assert_eq!(
        header["date"], "2026-03-01T12:00:00.000001Z",
        "it was made then, though it is sent now"
    );
}

#[test]
fn the_signature_is_the_one_that_other_implementations_make() {
    let wire = Wire::new("secret");
    let parts = [
        Bytes::from_static(b"{}"),
        Bytes::from_static(b"{}"),
        Bytes::from_static(b"{}"),
        Bytes::new(),
    ];
    let signature = wire.sign([&parts[0], &parts[1], &parts[2], &parts[3]]);
    assert_eq!(signature, SIGNATURE_FROM_PYTHON.as_bytes());
}

#[test]
fn without_a_key_nothing_is_signed_and_nothing_verified() {
    let wire = Wire::new("");
    let frames = signed(&wire, HEADER, "{}", "{}", "{}");
    assert_eq!(frames[2], Bytes::new());
    decode(&wire, frames).unwrap();
}

#[test]
fn forged_messages_are_refused() {
    let wire = Wire::new("key");
    let good = signed(&wire, HEADER, "{}", "{}", "{}");
    let forgeries = [
        signed(&Wire::new("other key"), HEADER, "{}", "{}", "{}"),
        signed(&Wire::new(""), HEADER, "{}", "{}", "{}"),
        replaced(&good, 2, b"not hexadecimal at all"),
        replaced(&good, 2, &good[2][..63]),
        replaced(&good, 6, br#"{"code": "evil()"}"#),
    ];
    for forgery in forgeries {
        assert!(matches!(decode(&wire, forgery), Err(DecodeError::WrongSignature)));
    }
}

#[test]
fn short_messages_are_counted_not_sliced() {
    let wire = Wire::new("key");
    let good = signed(&wire, HEADER, "{}", "{}", "{}");
    assert!(matches!(
        decode(&wire, vec![]),
        Err(DecodeError::NoDelimiter { frames: 0 })
    ));
    assert!(matches!(
        decode(&wire, good[..1].to_vec()),
        Err(DecodeError::NoDelimiter { frames: 1 })
    ));
    for length in 2..good.len() {
        let found = length - 2;
        let result = decode(&wire, good[..length].to_vec());
        assert!(
            matches!(result, Err(DecodeError::TooShort { found: f }) if f == found),
            "{length}: {result:?}"
        );
    }
}

#[test]
fn signed_garbage_is_refused() {
    let wire = Wire::new("key");
    let not_json = signed(&wire, HEADER, "{}", "{}", "{");
    assert!(matches!(
        decode(&wire, not_json),
        Err(DecodeError::NotJson { part: "content", .. })
    ));
    let not_an_object = signed(&wire, HEADER, "[]", "{}", "{}");
    assert!(matches!(
        decode(&wire, not_an_object),
        Err(DecodeError::NotAnObject { part: "parent header" })
    ));
    let no_type = signed(&wire, r#"{"msg_id": "1"}"#, "{}", "{}", "{}");
    assert!(matches!(
        decode(&wire, no_type),
        Err(DecodeError::IncompleteHeader { .. })
    ));
}

fn replaced(frames: &[Bytes], index: usize, frame: &[u8]) -> Vec<Bytes> {
    let mut frames = frames.to_vec();
    frames[index] = Bytes::copy_from_slice(frame);
    frames
}

#[test]
fn a_message_that_comes_again_is_dropped() {
    let wire = Wire::new("key");
    let frames = signed(&wire, HEADER, "{}", "{}", "{}");
    decode(&wire, frames.clone()).unwrap();
    assert!(matches!(decode(&wire, frames.clone()), Err(DecodeError::Duplicate)));
    let mut shouted = frames.clone();
    shouted[2] = Bytes::from(frames[2].to_ascii_uppercase());
    assert!(matches!(decode(&wire, shouted), Err(DecodeError::Duplicate)));
    decode(&wire, signed(&wire, HEADER, "{}", "{}", r#"{"a": 1}"#)).unwrap();

    // Without a key there is nothing to tell them apart by.
    let unsigned = Wire::new("");
    let frames = signed(&unsigned, HEADER, "{}", "{}", "{}");
    for _ in 0..2 {
        decode(&unsigned, frames.clone()).unwrap();
    }
}

#[test]
fn only_so_many_signatures_are_remembered() {
    let mut signatures = Signatures::default();
    for n in 0..=REMEMBERED {
        assert!(signatures.insert(n.to_be_bytes().to_vec()));
    }
    assert_eq!(signatures.known.len(), REMEMBERED);
    assert!(!signatures.insert(REMEMBERED.to_be_bytes().to_vec()));
}

#[test]
fn a_message_that_is_too_large_is_dropped_before_it_is_looked_at() {
    let mut frames = signed(&Wire::new("key"), HEADER, "{}", "{}", "{}");
    frames.push(Bytes::from(vec![0; LARGEST]));
    assert!(matches!(
        decode(&Wire::new("other"), frames),
        Err(DecodeError::TooLarge { .. })
    ));
}

#[test]
fn binary_parts_and_metadata_travel_beside_the_content() {
    let wire = Wire::new("key");
    let header = r#"{"msg_id":"1","msg_type":"comm_msg","date":"today"}"#;
    let mut frames = signed(&wire, header, "{}", r#"{"a": 1}"#, r#"{"comm_id": "c", "data": {}}"#);
    frames.push(Bytes::from_static(b"\x00\xff"));
    let Ok(RequestContent::Comm(message)) = decode(&wire, frames).unwrap().content else {
        panic!("not a message on a comm")
    };
    let payload = message.payload();
    assert_eq!(
        (&payload.metadata["a"], &payload.buffers[..]),
        (&1.into(), &["AP8=".to_owned()][..])
    );
    let frames = wire
        .encode(&Message::new(None, crate::jupyter::content::comm(message)))
        .unwrap();
    wire.verify(&frames[1], [&frames[2], &frames[3], &frames[4], &frames[5]])
        .unwrap();
    assert_eq!((&frames[4][..], &frames[6][..]), (&br#"{"a":1}"#[..], &b"\x00\xff"[..]));
    assert_eq!(&frames[5][..], br#"{"comm_id":"c","data":{}}"#);
}

#[test]
fn any_frames_are_read_or_told_apart_and_only_what_was_signed_is_read() {
    const WORDS: &[&str] = &[
        "\"",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "null",
        "1",
        "\u{0}",
        "é",
        "\\ud800",
        "msg_type",
        "execute_request",
    ];
    let parts = || {
        changed(
            vec![HEADER.to_owned(), "{}".to_owned(), r#"{"code": "1"}"#.to_owned()],
            WORDS,
        )
    };
    let frames = (
        parts(),
        parts(),
        parts(),
        parts(),
        0..8_usize,
        proptest::prelude::any::<bool>(),
    );
    for_all(1500, frames, |(header, parent, metadata, content, kept, is_signed)| {
        let wire = Wire::new("key");
        let mut frames = signed(&wire, &header, &parent, &metadata, &content);
        if !is_signed {
            frames[2] = Bytes::from(content.clone());
        }
        frames.truncate(kept);
        let read = decode(&wire, frames.clone());
        assert!(read.is_err() || (is_signed && kept == 7), "{read:?}");
        if read.is_ok() {
            assert!(matches!(decode(&wire, frames), Err(DecodeError::Duplicate)));
        }
    });
}
