//! What the kernel asks about the notebook's variables, and what it learns. Both are files; of the answer each line is one
//! [`Seen`] as JSON, for one variable after the other.

use std::ops::Range;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A look at variables, which changes nothing.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Inspection {
    /// Their names.
    pub variables: Vec<String>,
    /// What is wanted of each.
    pub look: Look,
    /// The file that the answer goes to.
    pub answer: PathBuf,
}

/// What is wanted of a variable.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "look", rename_all = "snake_case")]
pub enum Look {
    /// What it is, on a line.
    Summary,
    /// Its fields or elements, or those of one of them, and so on.
    Parts {
        /// From the variable's value to what is meant: at each step, which of the parts.
        path: Vec<usize>,
        /// Which of them.
        range: Range<usize>,
    },
    /// Its elements as a table.
    Grid,
}

/// What has been seen of a variable.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "seen", rename_all = "snake_case")]
pub enum Seen {
    /// Nothing yet: of its type nothing is known. Or there is no such variable.
    Unknown,
    /// What it is.
    Summary(Summary),
    /// Its parts.
    Parts(Parts),
    /// Its elements by MIME type; None where it has none.
    Grid {
        /// What is shown.
        data: Option<Map<String, Value>>,
    },
    /// Looking at it failed.
    Failed {
        /// What happened, as a sentence goes on.
        reason: String,
        /// Whether it took too long, and would again.
        is_slow: bool,
    },
}

/// What a variable is, on a line.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Summary {
    /// Its value, shortened; None where it has no `Debug`.
    pub text: Option<String>,
    /// How many bytes it takes, with what it leads to directly.
    pub bytes: usize,
    /// How many elements it has.
    pub elements: Option<usize>,
    /// Whether it has fields or elements that can be looked at.
    pub has_parts: bool,
}

/// The fields or elements of something.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Parts {
    /// Those that were asked for.
    pub parts: Vec<Part>,
    /// How many there are in all, as far as they have been looked at.
    pub total: usize,
    /// Whether there may be more than that.
    pub is_cut: bool,
}

/// A field or an element.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Part {
    /// A field's name, a key, or a place in brackets.
    pub name: String,
    /// Its value, shortened.
    pub text: String,
    /// Whether it has parts itself.
    pub has_parts: bool,
}

#[cfg(test)]
mod tests {
    use crate::contract::tests::{TEXTS, any_bytes_do_no_harm, returns, travels};

    use super::*;

    #[test]
    fn a_look_travels() {
        let inspection = |look| Inspection {
            variables: TEXTS.map(str::to_owned).to_vec(),
            look,
            answer: PathBuf::from("/a b"),
        };
        returns(&inspection(Look::Summary));
        returns(&inspection(Look::Grid));
        travels(
            &Look::Parts {
                path: vec![3, 0],
                range: 1..4,
            },
            r#"{"look":"parts","path":[3,0],"range":{"start":1,"end":4}}"#,
        );
    }

    #[test]
    fn what_was_seen_travels() {
        for text in TEXTS {
            returns(&Seen::Failed {
                reason: text.into(),
                is_slow: true,
            });
            returns(&Seen::Parts(Parts {
                parts: vec![Part {
                    name: text.into(),
                    text: text.into(),
                    has_parts: true,
                }],
                total: 7,
                is_cut: false,
            }));
        }
        travels(&Seen::Unknown, r#"{"seen":"unknown"}"#);
        travels(
            &Seen::Summary(Summary {
                text: None,
                bytes: 1,
                elements: Some(2),
                has_parts: true,
            }),
            r#"{"seen":"summary","text":null,"bytes":1,"elements":2,"has_parts":true}"#,
        );
        travels(&Seen::Grid { data: None }, r#"{"seen":"grid","data":null}"#);
    }

    #[test]
    fn any_bytes_are_a_look_or_an_error() {
        let parts = Look::Parts {
            path: vec![3, 0],
            range: 1..4,
        };
        any_bytes_do_no_harm(&[Look::Summary, parts, Look::Grid].map(|look| Inspection {
            variables: vec!["a".to_owned(), "b".to_owned()],
            look,
            answer: PathBuf::from("/answer"),
        }));
    }
}
