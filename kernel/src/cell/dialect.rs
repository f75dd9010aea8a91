//! What the Rust is for that cells are rewritten to: cells call functions that tell the notebook, programs the library's own.

use super::Variables;
use super::split::{VALUE_BEGINS, VALUE_SHOWN};

/// What begins with one of these has the value `()`, so that nothing is shown of it.
const WITHOUT_VALUE: [&str; 9] = [
    "for ",
    "while ",
    "print!",
    "println!",
    "eprint!",
    "eprintln!",
    "assert!",
    "assert_eq!",
    "assert_ne!",
];

/// What Rust is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dialect {
    Cell,
    Program,
}

/// The notebook, for a cell that becomes a part of a program.
pub(crate) struct ForProgram<'a>(pub(crate) &'a dyn Variables);

impl Variables for ForProgram<'_> {
    fn type_of(&self, name: &str) -> Option<String> {
        self.0.type_of(name)
    }

    fn function(&self, name: &str) -> Option<String> {
        self.0.function(name)
    }

    fn is_known(&self, name: &str) -> bool {
        self.0.is_known(name)
    }

    fn dialect(&self) -> Dialect {
        Dialect::Program
    }
}

impl Dialect {
    /// Whether the expression at the end is to be shown, if it has a value.
    pub(super) fn shows(self, expression: &str) -> bool {
        // In a cell it costs nothing.
        self == Dialect::Cell || !WITHOUT_VALUE.iter().any(|beginning| expression.starts_with(beginning))
    }

    /// What stands in front of a value that is shown.
    pub(super) fn value_begins(self) -> &'static str {
        match self {
            Dialect::Cell => VALUE_BEGINS,
            Dialect::Program => "parcell::show!(",
        }
    }

    /// What stands behind it.
    pub(super) fn value_ends(self) -> String {
        match self {
            Dialect::Cell => format!("){VALUE_SHOWN}"),
            Dialect::Program => ");".to_owned(),
        }
    }
}
