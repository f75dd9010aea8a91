//! What is said between a program and the process that talks to its cluster, and between that process's like on the
//! cluster and the workers there: the lengths of a header and of a body, as little-endian 64-bit numbers; the header,
//! which is JSON; and the body.

use std::io::{self, Read};

use serde::Serialize;
use serde::de::DeserializeOwned;

const LENGTHS: usize = 16;
/// A length beyond this is none, but something else that was printed where frames are expected.
const LONGEST: u64 = 1 << 40;
/// How much room there is for a frame before any of it has come, at most.
const ROOM: usize = 1 << 20;

/// Appends a frame.
pub(super) fn append(header: &impl Serialize, body: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let start = out.len();
    out.extend_from_slice(&[0; LENGTHS]);
    serde_json::to_writer(&mut *out, header)?;
    let length = (out.len() - start - LENGTHS) as u64;
    out[start..start + 8].copy_from_slice(&length.to_le_bytes());
    out[start + 8..start + LENGTHS].copy_from_slice(&(body.len() as u64).to_le_bytes());
    out.extend_from_slice(body);
    Ok(())
}

/// Reads a frame; none at the end of the stream.
pub(super) fn read<H: DeserializeOwned>(stream: &mut impl Read) -> io::Result<Option<(H, Vec<u8>)>> {
    let mut lengths = [0; LENGTHS];
    match stream.read_exact(&mut lengths) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let (header, body) = lengths_in(&lengths)?;
    let length = header + body;
    // Room grows with what comes, not with what is announced.
    let mut rest = Vec::with_capacity(length.min(ROOM));
    if stream.take(length as u64).read_to_end(&mut rest)? < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let body = rest.split_off(header);
    Ok(Some((serde_json::from_slice(&rest)?, body)))
}

/// Frames out of bytes that come in pieces.
#[derive(Debug, Default)]
pub(super) struct Frames(Vec<u8>);

impl Frames {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The next frame, if all of it has come.
    pub(super) fn next<H: DeserializeOwned>(&mut self) -> io::Result<Option<(H, Vec<u8>)>> {
        let Some(lengths) = self.0.first_chunk() else {
            return Ok(None);
        };
        let (header, body) = lengths_in(lengths)?;
        if self.0.len() < LENGTHS + header + body {
            return Ok(None);
        }
        let rest = self.0.split_off(LENGTHS + header + body);
        let frame = std::mem::replace(&mut self.0, rest);
        let (head, body) = frame.split_at(LENGTHS + header);
        Ok(Some((serde_json::from_slice(&head[LENGTHS..])?, body.to_vec())))
    }
}

fn lengths_in(bytes: &[u8; LENGTHS]) -> io::Result<(usize, usize)> {
    let (header, body) = bytes.split_at(LENGTHS / 2);
    let length = |bytes: &[u8]| {
        let length = bytes.try_into().map_or(u64::MAX, u64::from_le_bytes);
        let too_long = || io::Error::new(io::ErrorKind::InvalidData, "this is no frame");
        usize::try_from(length)
            .ok()
            .filter(|_| length <= LONGEST)
            .ok_or_else(too_long)
    };
    Ok((length(header)?, length(body)?))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::fuzzing::{changed, cuts, for_all, pieces};
    use crate::sys::counted::frugally;

    #[test]
    fn frames_come_out_as_they_went_in_however_they_are_cut() {
        let mut bytes = Vec::new();
        append(&"first", b"body", &mut bytes).unwrap();
        append(&"second", b"", &mut bytes).unwrap();
        for cut in 0..bytes.len() {
            let mut frames = Frames::default();
            let mut found = Vec::new();
            for piece in [&bytes[..cut], &bytes[cut..]] {
                frames.feed(piece);
                while let Some(frame) = frames.next::<String>().unwrap() {
                    found.push(frame);
                }
            }
            assert_eq!(
                found,
                [("first".to_owned(), b"body".to_vec()), ("second".to_owned(), vec![])]
            );
        }
        let mut stream = &bytes[..];
        assert_eq!(read::<String>(&mut stream).unwrap().unwrap().1, b"body");
        assert_eq!(read::<String>(&mut stream).unwrap().unwrap().0, "second");
        assert!(read::<String>(&mut stream).unwrap().is_none());
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        read::<String>(&mut &b"some other text here"[..]).unwrap_err();
        let mut frames = Frames::default();
        frames.feed(b"some other text here");
        frames.next::<String>().unwrap_err();
    }

    type Found = Vec<(String, Vec<u8>)>;

    /// The frames up to the first that is none, as a stream has them; whether there was one that is none, or is not
    /// whole.
    fn in_stream(mut bytes: &[u8]) -> (Found, bool) {
        let mut found = Vec::new();
        loop {
            match read(&mut bytes) {
                Ok(Some(frame)) => found.push(frame),
                Ok(None) => return (found, false),
                Err(_) => return (found, true),
            }
        }
    }

    fn in_pieces(bytes: &[u8], cuts: &[Index]) -> (Found, bool) {
        let (mut frames, mut found) = (Frames::default(), Vec::new());
        for piece in pieces(bytes, cuts) {
            frames.feed(&piece);
            loop {
                match frames.next() {
                    Ok(Some(frame)) => found.push(frame),
                    Ok(None) => break,
                    Err(_) => return (found, true),
                }
            }
        }
        (found, false)
    }

    #[test]
    fn any_bytes_are_the_same_frames_in_a_stream_and_in_pieces() {
        let written = vec((".{0,12}", vec(any::<u8>(), 0..40)), 0..4).prop_map(|frames| {
            let mut bytes = Vec::new();
            for (header, body) in frames {
                append(&header, &body, &mut bytes).unwrap();
            }
            bytes
        });
        for_all(2000, (changed(written), cuts()), |(changed, cuts)| {
            let bytes = &changed.bytes;
            let (found, is_error) = frugally(bytes.len() + ROOM, || in_stream(bytes));
            let (same, is_none) = frugally(bytes.len(), || in_pieces(bytes, &cuts));
            assert_eq!(same, found);
            // Of pieces the rest may still come.
            assert!(is_error || !is_none);
            let whole = in_stream(&changed.written).0;
            let mut end = 0;
            for (index, frame) in whole.iter().enumerate() {
                end += LENGTHS + serde_json::to_string(&frame.0).unwrap().len() + frame.1.len();
                assert!(end > changed.intact() || found.get(index) == Some(frame), "{index}");
            }
        });
    }

    #[test]
    fn a_length_alone_allocates_nothing() {
        for (header, body) in [(LONGEST, 0), (0, LONGEST), (LONGEST, LONGEST), (1 << 30, 7)] {
            let bytes = [header.to_le_bytes(), body.to_le_bytes(), *b"a little"].concat();
            let error = frugally(ROOM, || read::<String>(&mut &bytes[..]).unwrap_err());
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
    }
}
