//! Bytes to text: what is not UTF-8 becomes replacement characters, a character split over two reads stays whole.

/// Decodes a stream that arrives in pieces.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// The beginning of a character.
    held: Vec<u8>,
}

impl Decoder {
    pub(super) fn take(&mut self, piece: &[u8]) -> String {
        self.held.extend_from_slice(piece);
        let mut text = String::new();
        let mut done = 0;
        for chunk in self.held.utf8_chunks() {
            text.push_str(chunk.valid());
            done += chunk.valid().len();
            let is_last = done + chunk.invalid().len() == self.held.len();
            if is_last && is_beginning(chunk.invalid()) {
                break;
            }
            if !chunk.invalid().is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
                done += chunk.invalid().len();
            }
        }
        self.held.drain(..done);
        text
    }

    /// What is held, as it is: nothing more will come.
    pub(super) fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.held)).into_owned()
    }
}

/// Whether more bytes could make these a character.
fn is_beginning(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_split_over_two_reads_stays_whole() {
        let text = "aé→🎉z";
        for cut in 1..text.len() {
            let mut decoder = Decoder::default();
            let decoded: String = text.as_bytes().chunks(cut).map(|piece| decoder.take(piece)).collect();
            assert_eq!(decoded + &decoder.finish(), text);
        }
    }

    #[test]
    fn what_is_not_utf8_is_replaced() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.take(b"a\xffb\xc3"), "a\u{fffd}b");
        assert_eq!(decoder.finish(), "\u{fffd}");
        assert_eq!(decoder.take(b"\xff\n"), "\u{fffd}\n");
    }
}
