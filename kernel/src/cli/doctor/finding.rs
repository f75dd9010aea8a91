//! What was found of one thing: a line, and below it what mends it.

use std::fmt;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

/// How good it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Level {
    Good,
    /// Notebooks run, but something is worse than it could be.
    Warning,
    /// Notebooks do not run.
    Missing,
}

/// What was found of one thing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Finding {
    pub(super) level: Level,
    pub(super) subject: &'static str,
    pub(super) found: String,
    /// A command, or what to do where there is none.
    remedy: Option<String>,
}

impl Finding {
    pub(super) fn good(subject: &'static str, found: impl Into<String>) -> Finding {
        Finding {
            level: Level::Good,
            subject,
            found: found.into(),
            remedy: None,
        }
    }

    pub(super) fn warning(subject: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding {
            level: Level::Warning,
            subject,
            found: found.into(),
            remedy: Some(remedy.into()),
        }
    }

    pub(super) fn missing(subject: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding {
            level: Level::Missing,
            ..Finding::warning(subject, found, remedy)
        }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "level": self.level.name(),
            "subject": self.subject,
            "found": self.found,
            "remedy": self.remedy,
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (style, level) = (self.level.style(), self.level.name());
        write!(f, "{style}{level:8}{style:#} {:20} {}", self.subject, self.found)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n{:29} {style}->{style:#} {remedy}", ""),
            None => Ok(()),
        }
    }
}

impl Level {
    pub(super) fn name(self) -> &'static str {
        match self {
            Level::Good => "ok",
            Level::Warning => "warning",
            Level::Missing => "missing",
        }
    }

    fn style(self) -> Style {
        match self {
            Level::Good => AnsiColor::Green.on_default(),
            Level::Warning => AnsiColor::Yellow.on_default(),
            Level::Missing => AnsiColor::Red.on_default().bold(),
        }
    }
}
