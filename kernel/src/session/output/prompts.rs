//! Prompts in what the notebook process prints: the convention of the crate `evcxr_input`, which prints one line
//!
//! ```text
//! EVCXR_INPUT_REQUEST:the prompt
//! ```
//!
//! (or with `EVCXR_INPUT_REQUEST_PASSWORD`) and then reads a line. Such a line belongs to the question that follows.

const MARK: &str = "EVCXR_INPUT_REQUEST";
const PLAIN: &str = ":";
const PASSWORD: &str = "_PASSWORD:";
/// A longer line, in bytes, is text that begins with the words by chance.
const LONGEST: usize = 4096;

/// A prompt that was printed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Prompt {
    pub(super) text: String,
    pub(super) password: bool,
}

/// A part of what was printed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Part {
    Text(String),
    Prompt(Prompt),
}

/// Finds prompts in text that arrives in pieces.
#[derive(Debug, Default)]
pub(super) struct Prompts {
    /// What has arrived and may still become a prompt.
    held: String,
}

/// What the beginning of a text is.
enum Beginning {
    Prompt { prompt: Prompt, length: usize },
    Unfinished,
    Text,
}

impl Prompt {
    /// The line as it was printed.
    pub(super) fn line(&self) -> String {
        let kind = if self.password { PASSWORD } else { PLAIN };
        format!("{MARK}{kind}{}\n", self.text)
    }
}

impl Prompts {
    /// Takes the next piece and gives what is decided by it.
    pub(super) fn take(&mut self, piece: &str) -> Vec<Part> {
        self.held.push_str(piece);
        let mut parts = Vec::new();
        // Where the text begins that has not been given yet, and where the search goes on.
        let (mut given, mut from) = (0, 0);
        let kept = loop {
            let Some(found) = self.held[from..].find(MARK) else {
                break self.held.len() - partial_mark(&self.held[from..]);
            };
            let start = from + found;
            match beginning(&self.held[start..]) {
                Beginning::Prompt { prompt, length } => {
                    parts.extend(text(&self.held[given..start]));
                    parts.push(Part::Prompt(prompt));
                    (given, from) = (start + length, start + length);
                }
                Beginning::Unfinished => break start,
                Beginning::Text => from = start + MARK.len(),
            }
        };
        parts.extend(text(&self.held[given..kept]));
        self.held.drain(..kept);
        parts
    }

    /// Gives what is held: nothing more will come, or not soon.
    pub(super) fn release(&mut self) -> Option<String> {
        (!self.held.is_empty()).then(|| std::mem::take(&mut self.held))
    }

    /// Whether something is held.
    pub(super) fn holds_text(&self) -> bool {
        !self.held.is_empty()
    }
}

/// What a text is that begins with MARK.
fn beginning(text: &str) -> Beginning {
    let behind = &text[MARK.len()..];
    for (kind, password) in [(PLAIN, false), (PASSWORD, true)] {
        if kind.starts_with(behind) {
            return Beginning::Unfinished;
        }
        let Some(prompt) = behind.strip_prefix(kind) else {
            continue;
        };
        return match prompt.split_once('\n') {
            Some((prompt, _)) if prompt.len() <= LONGEST => Beginning::Prompt {
                length: MARK.len() + kind.len() + prompt.len() + 1,
                prompt: Prompt {
                    text: prompt.to_owned(),
                    password,
                },
            },
            None if prompt.len() <= LONGEST => Beginning::Unfinished,
            _ => Beginning::Text,
        };
    }
    Beginning::Text
}

/// How many bytes at the end could be the beginning of MARK.
fn partial_mark(text: &str) -> usize {
    (1..MARK.len().min(text.len() + 1))
        .rev()
        .find(|&length| text.ends_with(&MARK[..length]))
        .unwrap_or(0)
}

fn text(text: &str) -> Option<Part> {
    (!text.is_empty()).then(|| Part::Text(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(text: &str, password: bool) -> Part {
        let text = text.to_owned();
        Part::Prompt(Prompt { text, password })
    }

    const STREAM: &str =
        "Aé EVCXR_INPUT_REQUEST:Your name? \nand EVCXR_INPUT_REQUEST_PASSWORD:\nEVCXR_INPUT_REQUESTS\n";

    #[test]
    fn prompts_are_found_however_the_text_is_cut() {
        let characters: Vec<char> = STREAM.chars().collect();
        for cut in 1..=characters.len() {
            let mut prompts = Prompts::default();
            let mut printed = String::new();
            let mut found = Vec::new();
            for piece in characters.chunks(cut) {
                for part in prompts.take(&String::from_iter(piece)) {
                    match part {
                        Part::Text(text) => printed.push_str(&text),
                        part => found.push(part),
                    }
                }
            }
            assert!(!prompts.holds_text());
            assert_eq!(printed, "Aé and EVCXR_INPUT_REQUESTS\n", "cut {cut}");
            assert_eq!(found, [prompt("Your name? ", false), prompt("", true)], "cut {cut}");
        }
    }

    #[test]
    fn what_only_looks_like_a_prompt_is_text() {
        let mut prompts = Prompts::default();
        assert_eq!(prompts.take("EVCXR_INP"), []);
        assert_eq!(prompts.release().as_deref(), Some("EVCXR_INP"));
        let long = format!("EVCXR_INPUT_REQUEST:{}", "x".repeat(LONGEST + 1));
        assert_eq!(prompts.take(&long), [Part::Text(long.clone())]);
    }

    #[test]
    fn a_prompt_knows_the_line_that_it_was() {
        let line = "EVCXR_INPUT_REQUEST_PASSWORD:secret\n";
        let [Part::Prompt(prompt)] = &Prompts::default().take(line)[..] else {
            panic!("not one prompt")
        };
        assert_eq!(prompt.line(), line);
    }
}
