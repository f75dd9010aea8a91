//! What can be wrong with a value or with bytes.

use std::fmt::Display;

/// Why a value could not be encoded or decoded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// What a `Serialize` or `Deserialize` implementation reported.
    #[error("{0}")]
    Reported(Box<str>),
    #[error("it is nested more than {0} levels deep")]
    TooDeep(u32),
    #[error("it is nested too deep for the stack of this thread")]
    StackTooSmall,
    #[error("it was said to have {said} elements, but has {written}")]
    WrongLength { said: usize, written: usize },
    #[error("its bytes end too early")]
    EndsEarly,
    #[error("{0} bytes are left over")]
    LeftOver(usize),
    #[error("{0} more elements came than were expected")]
    ElementsLeftOver(usize),
    #[error("a string is not UTF-8")]
    NotUtf8,
    #[error("a number for a character is not a character")]
    NotACharacter,
    #[error("the byte {0:#04x} has no meaning where it is")]
    Meaningless(u8),
    #[error("a sequence has elements that its type does not have")]
    InvalidElements,
    #[error("a variant of an enum was expected")]
    NotAVariant,
}

impl Problem {
    /// Not generic: what is generic is compiled with every cell that has a type of its own.
    #[cold]
    fn reported(message: &dyn Display) -> Self {
        Self::Reported(message.to_string().into())
    }
}

impl serde::ser::Error for Problem {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        Self::reported(&message)
    }
}

impl serde::de::Error for Problem {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        Self::reported(&message)
    }
}
