//! Display blocks in what a process prints: the convention by which crates show more than text.
//!
//! ```text
//! EVCXR_BEGIN_CONTENT text/html
//! <b>bold</b>
//! EVCXR_END_CONTENT
//! ```

use parcell::contract::blocks;

/// A part of a stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Part {
    Text(Vec<u8>),
    Block { mime: String, content: String },
}

const BEGIN: &[u8] = blocks::BEGIN.as_bytes();
const END: &[u8] = blocks::END.as_bytes();
/// A longer kind of content is none: the words were printed by chance.
const LONGEST_MIME: usize = 200;
/// A longer block is none: nobody could show it, and its end may never come.
const LONGEST: usize = 128 << 20;

/// Finds blocks in a stream that arrives in pieces.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// What has arrived and may still become a block.
    held: Vec<u8>,
    /// How much of `held` has been searched for the end of a block.
    searched: usize,
}

impl Blocks {
    /// Takes the next piece and gives what is decided by it.
    pub(super) fn take(&mut self, piece: &[u8]) -> Vec<Part> {
        self.held.extend_from_slice(piece);
        let mut parts = Vec::new();
        while let Some(part) = self.next() {
            parts.push(part);
        }
        parts
    }

    /// Gives what is held: nothing more will come, or not soon. A block that has begun is held on if `keep_blocks`.
    pub(super) fn release(&mut self, keep_blocks: bool) -> Option<Part> {
        if self.held.is_empty() || (keep_blocks && self.held.starts_with(BEGIN)) {
            return None;
        }
        self.searched = 0;
        Some(Part::Text(std::mem::take(&mut self.held)))
    }

    /// Whether something is held that is only the beginning of a beginning.
    pub(super) fn holds_text(&self) -> bool {
        !self.held.is_empty() && !self.held.starts_with(BEGIN)
    }

    fn next(&mut self) -> Option<Part> {
        if self.held.is_empty() {
            return None;
        }
        if self.held.starts_with(BEGIN) {
            return self.block();
        }
        let text = find(&self.held, BEGIN).unwrap_or(self.held.len() - partial_beginning(&self.held));
        (text > 0).then(|| Part::Text(self.held.drain(..text).collect()))
    }

    /// The block that `held` begins with, once it is whole.
    fn block(&mut self) -> Option<Part> {
        let Some(line) = self.held.iter().position(|&byte| byte == b'\n') else {
            return (self.held.len() > BEGIN.len() + LONGEST_MIME).then(|| self.beginning_as_text());
        };
        if line > BEGIN.len() + LONGEST_MIME {
            return Some(self.beginning_as_text());
        }
        let content = line + 1;
        let from = self.searched.saturating_sub(END.len()).max(content);
        let Some(end) = find_line(&self.held, END, from, content) else {
            self.searched = self.held.len();
            return (self.held.len() > LONGEST).then(|| self.beginning_as_text());
        };
        let mime = String::from_utf8_lossy(&self.held[BEGIN.len()..line]).trim().to_owned();
        let body = self.held[content..end]
            .strip_suffix(b"\n")
            .unwrap_or(&self.held[content..end]);
        let content = String::from_utf8_lossy(body).into_owned();
        self.held.drain(..end + END.len());
        self.searched = 0;
        Some(Part::Block { mime, content })
    }

    fn beginning_as_text(&mut self) -> Part {
        self.searched = 0;
        Part::Text(self.held.drain(..BEGIN.len()).collect())
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(start) = haystack[from..].iter().position(|&byte| byte == needle[0]) {
        if haystack[from + start..].starts_with(needle) {
            return Some(from + start);
        }
        from += start + 1;
    }
    None
}

/// Finds `needle` where a line begins: at `first`, or behind a line's end.
fn find_line(haystack: &[u8], needle: &[u8], mut from: usize, first: usize) -> Option<usize> {
    while let Some(start) = find(&haystack[from..], needle) {
        let position = from + start;
        if position == first || haystack[position - 1] == b'\n' {
            return Some(position);
        }
        from = position + 1;
    }
    None
}

/// How many bytes at the end could be the beginning of BEGIN.
fn partial_beginning(text: &[u8]) -> usize {
    (1..BEGIN.len().min(text.len() + 1))
        .rev()
        .find(|&length| BEGIN.starts_with(&text[text.len() - length..]))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::{changed, for_all, pieces};
    use proptest::collection::vec;
    use proptest::prelude::any;
    use proptest::sample::Index;

    fn text(text: &str) -> Part {
        Part::Text(text.as_bytes().to_vec())
    }

    fn block(mime: &str, content: &str) -> Part {
        Part::Block {
            mime: mime.to_owned(),
            content: content.to_owned(),
        }
    }

    const STREAM: &str = "partial lineEVCXR_BEGIN_CONTENT text/html\n<b>\nx</b>\nEVCXR_END_CONTENT\nafter";

    #[test]
    fn a_block_is_found_also_behind_a_partial_line() {
        let parts = Blocks::default().take(STREAM.as_bytes());
        assert_eq!(
            parts,
            [text("partial line"), block("text/html", "<b>\nx</b>"), text("after")]
        );
    }

    #[test]
    fn it_does_not_matter_how_a_stream_is_cut() {
        for cut in 1..STREAM.len() {
            let mut blocks = Blocks::default();
            let mut printed = String::new();
            let mut found = Vec::new();
            for piece in STREAM.as_bytes().chunks(cut) {
                for part in blocks.take(piece) {
                    match part {
                        Part::Text(text) => printed.push_str(std::str::from_utf8(&text).unwrap()),
                        Part::Block { content, .. } => found.push(content),
                    }
                }
            }
            assert_eq!(
                (printed.as_str(), found),
                ("partial lineafter", vec!["<b>\nx</b>".to_owned()]),
                "cut {cut}"
            );
        }
    }

    #[test]
    fn what_only_looks_like_a_block_is_text() {
        let mut blocks = Blocks::default();
        assert_eq!(blocks.take(b"EVCXR_BEG"), []);
        assert!(blocks.holds_text());
        assert_eq!(blocks.release(true), Some(text("EVCXR_BEG")));
        let unended = "EVCXR_BEGIN_CONTENT text/plain\nnever ended";
        assert_eq!(blocks.take(unended.as_bytes()), []);
        assert_eq!(blocks.release(true), None);
        assert_eq!(blocks.release(false), Some(text(unended)));
        let long = format!("EVCXR_BEGIN_CONTENT {}", "x".repeat(300));
        let printed: Vec<u8> = blocks
            .take(long.as_bytes())
            .into_iter()
            .flat_map(|part| match part {
                Part::Text(text) => text,
                Part::Block { .. } => panic!("no block"),
            })
            .collect();
        assert_eq!(printed, long.as_bytes());
    }

    #[test]
    fn a_block_without_an_end_is_not_held_for_ever() {
        let mut blocks = Blocks::default();
        assert_eq!(blocks.take(b"EVCXR_BEGIN_CONTENT a/b\n"), []);
        blocks.held.resize(LONGEST, b'x');
        blocks.searched = LONGEST;
        let shown = blocks.take(b"y");
        assert_eq!(shown[0], text("EVCXR_BEGIN_CONTENT "));
        let length: usize = shown
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.len(),
                Part::Block { .. } => panic!("no block"),
            })
            .sum();
        assert_eq!((length, blocks.held.len()), (LONGEST + 1, 0));
    }

    #[test]
    fn an_empty_block_and_one_with_the_end_inside_a_line() {
        let parts = Blocks::default().take(b"EVCXR_BEGIN_CONTENT a/b\nEVCXR_END_CONTENT\n");
        assert_eq!(parts, [block("a/b", "")]);
        let parts = Blocks::default().take(b"EVCXR_BEGIN_CONTENT a/b\nx EVCXR_END_CONTENT\ny\nEVCXR_END_CONTENT\n");
        assert_eq!(parts, [block("a/b", "x EVCXR_END_CONTENT\ny")]);
    }

    /// What is found, with pieces of text that follow one another as one.
    fn found(stream: &[Vec<u8>]) -> Vec<Part> {
        let mut blocks = Blocks::default();
        let mut parts: Vec<Part> = stream.iter().flat_map(|piece| blocks.take(piece)).collect();
        parts.extend(blocks.release(false));
        let mut joined: Vec<Part> = Vec::new();
        for part in parts {
            match (joined.last_mut(), part) {
                (Some(Part::Text(text)), Part::Text(more)) => text.extend(more),
                (_, part) => joined.push(part),
            }
        }
        joined
    }

    #[test]
    fn any_stream_has_the_same_parts_however_it_is_cut_and_none_of_it_is_lost() {
        const WORDS: &[&str] = &[
            "EVCXR_BEGIN_CONTENT ",
            "EVCXR_END_CONTENT\n",
            "EVCXR_",
            "text/html",
            "\n",
            "\r\n",
            "\u{0}",
            "é",
        ];
        let streams = vec![
            "before\nEVCXR_BEGIN_CONTENT text/html\n<b>x</b>\nEVCXR_END_CONTENT\nafter".to_owned(),
            "EVCXR_BEGIN_CONTENT a\nEVCXR_BEGIN_CONTENT b\n\nEVCXR_END_CONTENT\nEVCXR_END_CONTENT\n".to_owned(),
        ];
        for_all(
            2000,
            (changed(streams, WORDS), vec(any::<Index>(), 0..6)),
            |(stream, cuts)| {
                let stream = stream.as_bytes();
                let whole = found(&[stream.to_vec()]);
                assert_eq!(found(&pieces(stream, &cuts)), whole);
                let length = |part: &Part| match part {
                    Part::Text(text) => text.len(),
                    Part::Block { mime, content } => BEGIN.len() + mime.len() + 1 + content.len() + END.len(),
                };
                // Lines' ends may be trimmed around what is in a block.
                let told: usize = whole.iter().map(length).sum();
                assert!(
                    told <= stream.len() && told + 4 * whole.len() >= stream.len(),
                    "{whole:?}"
                );
            },
        );
    }
}
