//! What a cell with `%%capture` printed and showed, as a variable.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{MimeBundle, display};

/// What a cell with `%%capture NAME` printed and showed.
///
/// As the last expression of a cell it shows all of it, as the cell would have.
///
/// ```
/// use parcell::display::Captured;
///
/// fn lines(captured: &Captured) -> usize {
///     captured.stdout.lines().count()
/// }
/// # assert_eq!(lines(&Captured::default()), 0);
/// ```
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Captured {
    /// All that was printed to standard output.
    pub stdout: String,
    /// All that was printed to standard error.
    pub stderr: String,
    /// What was printed and shown, in order.
    pub outputs: Vec<CapturedOutput>,
}

/// A piece of what a cell printed or showed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CapturedOutput {
    /// Text on standard output.
    Stdout(String),
    /// Text on standard error.
    Stderr(String),
    /// Something that was shown, by MIME type.
    Display {
        /// Its representations.
        data: Map<String, Value>,
        /// What is said of them.
        metadata: Map<String, Value>,
    },
}

impl Captured {
    /// These, in order.
    #[must_use]
    pub fn new(outputs: Vec<CapturedOutput>) -> Self {
        let mut captured = Self::default();
        for output in &outputs {
            match output {
                CapturedOutput::Stdout(text) => captured.stdout.push_str(text),
                CapturedOutput::Stderr(text) => captured.stderr.push_str(text),
                CapturedOutput::Display { .. } => {}
            }
        }
        captured.outputs = outputs;
        captured
    }

    /// Prints and shows all of it again, in order.
    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "it is what a cell printed")]
    pub fn show(&self) {
        for output in &self.outputs {
            match output {
                CapturedOutput::Stdout(text) => print!("{text}"),
                CapturedOutput::Stderr(text) => eprint!("{text}"),
                CapturedOutput::Display { data, metadata } => {
                    display(MimeBundle {
                        data: data.clone(),
                        metadata: metadata.clone(),
                    });
                }
            }
        }
    }

    /// Shows all of it again as the result of a cell.
    pub fn evcxr_display(&self) {
        self.show();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_texts_are_put_together_and_everything_travels() {
        let shown = CapturedOutput::Display {
            data: Map::from_iter([("text/plain".to_owned(), json!("x"))]),
            metadata: Map::new(),
        };
        let captured = Captured::new(vec![
            CapturedOutput::Stdout("a\n".to_owned()),
            shown,
            CapturedOutput::Stderr("b".to_owned()),
            CapturedOutput::Stdout("c".to_owned()),
        ]);
        assert_eq!((captured.stdout.as_str(), captured.stderr.as_str()), ("a\nc", "b"));
        let text = serde_json::to_string(&captured).unwrap();
        assert_eq!(serde_json::from_str::<Captured>(&text).unwrap(), captured);
    }
}
