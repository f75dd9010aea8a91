//! The lengths that a client announces: of frames, as ZMTP 3 has them, and of the messages that frames make up.
//!
//! <https://rfc.zeromq.org/spec/23/>: a greeting of 64 bytes, then frames, of one byte of flags, a length of one byte or of
//! eight in network order, and so many bytes.

use crate::jupyter::wire::LARGEST;

/// What a message may have, its frames' bytes and a little for each frame. What is too large to be read but not larger than
/// that is dropped when it has come, and its client stays.
const MOST: u64 = 2 * LARGEST as u64;
/// What a frame costs that has no bytes.
const FRAME: u64 = 64;

const GREETING: u64 = 64;
const MORE: u8 = 1;
const LONG: u8 = 2;
const COMMAND: u8 = 4;

/// A client has announced what no message may be.
#[derive(Debug, thiserror::Error)]
#[error("a message of {announced} bytes was announced, and {MOST} is the most")]
pub(super) struct TooLong {
    announced: u64,
}

/// What comes next of what a client sends.
#[derive(Debug)]
enum Next {
    /// So many bytes of the greeting, or of a frame.
    Bytes(u64),
    Flags,
    Length {
        flags: u8,
        /// So many bytes of it.
        left: u8,
        read: u64,
    },
}

/// The lengths of one connection.
#[derive(Debug)]
pub(super) struct Lengths {
    next: Next,
    /// What the message has that is under way.
    message: u64,
}

impl Default for Lengths {
    fn default() -> Lengths {
        Lengths {
            next: Next::Bytes(GREETING),
            message: 0,
        }
    }
}

impl Lengths {
    /// Follows what the client has sent next.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) -> Result<(), TooLong> {
        loop {
            self.next = match self.next {
                Next::Bytes(0) => Next::Flags,
                Next::Bytes(left) => {
                    let passed = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
                    let Some((_, rest)) = bytes.split_at_checked(passed).filter(|_| passed > 0) else {
                        return Ok(());
                    };
                    bytes = rest;
                    Next::Bytes(left - passed as u64)
                }
                Next::Flags => {
                    let Some((&flags, rest)) = bytes.split_first() else {
                        return Ok(());
                    };
                    bytes = rest;
                    let left = if flags & LONG == 0 { 1 } else { 8 };
                    Next::Length { flags, left, read: 0 }
                }
                Next::Length { flags, left: 0, read } => {
                    self.announced(flags, read)?;
                    Next::Bytes(read)
                }
                Next::Length { flags, left, read } => {
                    let Some((&byte, rest)) = bytes.split_first() else {
                        return Ok(());
                    };
                    bytes = rest;
                    let read = read << 8 | u64::from(byte);
                    Next::Length {
                        flags,
                        left: left - 1,
                        read,
                    }
                }
            };
        }
    }

    fn announced(&mut self, flags: u8, length: u64) -> Result<(), TooLong> {
        let announced = self.message.saturating_add(length).saturating_add(FRAME);
        if announced > MOST {
            return Err(TooLong { announced });
        }
        self.message = match flags & (MORE | COMMAND) {
            MORE => announced,
            // A command may come in the middle of a message, and is none of its frames.
            command if command & COMMAND != 0 => self.message,
            _ => 0,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(flags: u8, length: u64) -> Vec<u8> {
        let mut bytes = vec![flags];
        match u8::try_from(length) {
            Ok(length) if flags & LONG == 0 => bytes.push(length),
            _ => {
                bytes[0] |= LONG;
                bytes.extend(length.to_be_bytes());
            }
        }
        bytes
    }

    fn after_greeting() -> Lengths {
        let mut lengths = Lengths::default();
        lengths.pass(&[0xff; 64]).unwrap();
        lengths
    }

    #[test]
    fn a_length_that_no_message_has_is_refused_when_it_has_come() {
        for length in [MOST, 1 << 40, 1 << 62, 1 << 63, u64::MAX] {
            for flags in [0, MORE, COMMAND] {
                let announced = frame(flags, length);
                let (last, first) = announced.split_last().unwrap();
                let mut lengths = after_greeting();
                lengths.pass(first).unwrap();
                assert!(lengths.pass(&[*last]).is_err(), "{length}");
            }
        }
    }

    #[test]
    fn frames_of_a_message_count_together_and_those_of_others_do_not() {
        let quarter = MOST / 4;
        for (flags, refused_at) in [(MORE, Some(3)), (0, None), (MORE | COMMAND, None)] {
            let mut lengths = after_greeting();
            let at = (0..20).find(|_| {
                let announced = lengths.pass(&frame(flags, quarter));
                // As if all of it had come.
                lengths.next = Next::Flags;
                announced.is_err()
            });
            assert_eq!(at, refused_at);
        }
    }

    #[test]
    fn frames_without_bytes_have_an_end_too() {
        let mut lengths = after_greeting();
        let many = frame(MORE, 0).repeat(1 << 20);
        let ended = (0..32).any(|_| lengths.pass(&many).is_err());
        assert!(ended);
    }

    proptest! {
        #[test]
        fn frames_are_followed_however_they_are_cut(
            frames in prop::collection::vec((0_u8..8, 0_u64..400), 0..8),
            cut in 1_usize..90,
        ) {
            let mut bytes = vec![0xff; 64];
            for (flags, length) in frames {
                bytes.extend(frame(flags, length));
                bytes.extend(vec![7; length as usize]);
            }
            let mut lengths = Lengths::default();
            for piece in bytes.chunks(cut) {
                lengths.pass(piece).unwrap();
            }
            prop_assert!(matches!(lengths.next, Next::Flags | Next::Bytes(0)));
            prop_assert!(lengths.pass(&frame(0, u64::MAX)).is_err());
        }

        #[test]
        fn any_bytes_are_followed_or_refused(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..90), 0..8)) {
            let mut lengths = Lengths::default();
            for piece in pieces {
                if lengths.pass(&piece).is_err() {
                    break;
                }
                prop_assert!(lengths.message <= MOST);
            }
        }
    }
}
