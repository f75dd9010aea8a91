//! Marks in what a worker prints: from there on it is about another item.
//!
//! The library writes them where an item begins, each in one write, with a word that is random for every map.

use parcell::contract::marks;

/// A part of a stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Part {
    Bytes(Vec<u8>),
    /// What follows is this item's.
    Item(usize),
}

/// The most digits of an item's number.
const DIGITS: usize = 20;

/// Finds the marks in a stream that arrives in pieces.
#[derive(Debug)]
pub(super) struct Marks {
    beginning: Vec<u8>,
    /// What may still become a mark.
    held: Vec<u8>,
}

impl Marks {
    pub(super) fn new(key: &str) -> Marks {
        Marks {
            beginning: marks::beginning(key).into_bytes(),
            held: Vec::new(),
        }
    }

    /// Takes the next piece and gives what is decided by it.
    pub(super) fn take(&mut self, piece: &[u8]) -> Vec<Part> {
        self.held.extend_from_slice(piece);
        let mut parts = Vec::new();
        let mut done = 0;
        while done < self.held.len() {
            let rest = &self.held[done..];
            let start = rest
                .iter()
                .position(|&byte| byte == self.beginning[0])
                .unwrap_or(rest.len());
            push_bytes(&mut parts, &rest[..start]);
            done += start;
            match self.read(&self.held[done..]) {
                Found::Mark { length, item } => {
                    parts.push(Part::Item(item));
                    done += length;
                }
                Found::Beginning => break,
                Found::Nothing => {
                    let byte = self.held.get(done..=done).unwrap_or_default();
                    push_bytes(&mut parts, byte);
                    done += byte.len();
                }
            }
        }
        self.held.drain(..done);
        parts
    }

    /// What is held, which nothing more will complete.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    /// What `text` begins with.
    fn read(&self, text: &[u8]) -> Found {
        let Some(rest) = text.strip_prefix(&self.beginning[..]) else {
            return if !text.is_empty() && self.beginning.starts_with(text) {
                Found::Beginning
            } else {
                Found::Nothing
            };
        };
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == rest.len() && digits <= DIGITS {
            return Found::Beginning;
        }
        let number = std::str::from_utf8(&rest[..digits])
            .ok()
            .and_then(|digits| digits.parse().ok());
        match (number, rest.get(digits)) {
            (Some(item), Some(b'\n')) => Found::Mark {
                length: self.beginning.len() + digits + 1,
                item,
            },
            _ => Found::Nothing,
        }
    }
}

enum Found {
    Mark {
        length: usize,
        item: usize,
    },
    /// It may become a mark.
    Beginning,
    Nothing,
}

fn push_bytes(parts: &mut Vec<Part>, bytes: &[u8]) {
    match parts.last_mut() {
        _ if bytes.is_empty() => {}
        Some(Part::Bytes(last)) => last.extend_from_slice(bytes),
        _ => parts.push(Part::Bytes(bytes.to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::{changed, for_all, pieces};
    use proptest::collection::vec;
    use proptest::prelude::any;
    use proptest::sample::Index;

    fn bytes(text: &str) -> Part {
        Part::Bytes(text.as_bytes().to_vec())
    }

    const STREAM: &str =
        "before\n\x1eparcell-item:k3y:7\nseven\x1e\n\x1eparcell-item:other:8\n\x1eparcell-item:k3y:12\n";

    #[test]
    fn it_does_not_matter_how_a_stream_is_cut() {
        let expected = [
            bytes("before\n"),
            Part::Item(7),
            bytes("seven\x1e\n\x1eparcell-item:other:8\n"),
            Part::Item(12),
        ];
        for cut in 1..STREAM.len() {
            let mut marks = Marks::new("k3y");
            let mut found: Vec<Part> = Vec::new();
            for part in STREAM.as_bytes().chunks(cut).flat_map(|piece| marks.take(piece)) {
                match part {
                    Part::Bytes(more) => push_bytes(&mut found, &more),
                    item => found.push(item),
                }
            }
            assert_eq!(found, expected, "cut {cut}");
            assert!(marks.finish().is_empty());
        }
    }

    #[test]
    fn the_marks_of_every_item_are_found() {
        let mut marks = Marks::new("k3y");
        for item in [0, 9, 10, usize::MAX] {
            assert_eq!(marks.take(marks::mark("k3y", item).as_bytes()), [Part::Item(item)]);
            assert_eq!(
                marks.take(marks::mark("other", item).as_bytes()),
                [bytes(&marks::mark("other", item))]
            );
        }
    }

    #[test]
    fn what_only_looks_like_a_mark_is_text() {
        let mut marks = Marks::new("k3y");
        for text in [
            "\x1eparcell-item:k3y:\n",
            "\x1eparcell-item:k3y:1x\n",
            "\x1eparcell-item:k3y:99999999999999999999\n",
            "\x1e\x1e",
        ] {
            let mut printed: Vec<Part> = marks.take(text.as_bytes());
            push_bytes(&mut printed, &marks.finish());
            assert_eq!(printed, [bytes(text)]);
        }
        let long = format!("\x1eparcell-item:k3y:{}", "1".repeat(500));
        assert_eq!(marks.take(long.as_bytes()), [bytes(&long)]);
        assert_eq!(marks.take(b"\x1eparcell"), []);
        assert_eq!(marks.finish(), b"\x1eparcell");
    }

    #[test]
    fn any_stream_has_the_same_parts_however_it_is_cut() {
        const WORDS: &[&str] = &["\u{1e}", "\u{1e}parcell-item:", "k3y:", "7", "\n", "x"];
        let found = |stream: &[Vec<u8>]| {
            let mut marks = Marks::new("k3y");
            let mut found: Vec<Part> = Vec::new();
            for part in stream.iter().flat_map(|piece| marks.take(piece)).collect::<Vec<_>>() {
                match part {
                    Part::Bytes(more) => push_bytes(&mut found, &more),
                    item => found.push(item),
                }
            }
            push_bytes(&mut found, &marks.finish());
            found
        };
        let streams = vec![STREAM.to_owned()];
        for_all(
            2000,
            (changed(streams, WORDS), vec(any::<Index>(), 0..6)),
            |(stream, cuts)| {
                let stream = stream.as_bytes();
                let whole = found(&[stream.to_vec()]);
                assert_eq!(found(&pieces(stream, &cuts)), whole);
                if whole.iter().all(|part| matches!(part, Part::Bytes(_))) {
                    assert_eq!(
                        whole,
                        if stream.is_empty() {
                            vec![]
                        } else {
                            vec![Part::Bytes(stream.to_vec())]
                        }
                    );
                }
            },
        );
    }
}
