//! What becomes of an error that `?` takes out of a cell.

/// The type that errors become; its name shows in the compiler's messages.
pub(super) const ERROR_TYPE: &str = "ParcellCellError";

/// What generated code demands of an error that `?` takes out of a cell, and how it is then reported. With more
/// demanded, more can be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ErrorReport {
    /// That it becomes a boxed error: all that implement `Error`, and what libraries such as anyhow have.
    Boxed,
    /// That it can be printed and borrows nothing: a `Box<dyn Error + Send + Sync>` is told by looking.
    Static,
    /// That it can be printed in the user's format.
    Printed,
}

/// The format in which errors are told that only can be printed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum ErrorFormat {
    #[default]
    Display,
    Debug,
    PrettyDebug,
}

impl ErrorFormat {
    const ALL: [ErrorFormat; 3] = [ErrorFormat::Display, ErrorFormat::Debug, ErrorFormat::PrettyDebug];

    /// The format that is written like this.
    pub(super) fn parse(text: &str) -> Option<ErrorFormat> {
        Self::ALL.into_iter().find(|format| format.text() == text)
    }

    /// All of them, as they are written.
    pub(super) fn texts() -> [&'static str; 3] {
        Self::ALL.map(ErrorFormat::text)
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            ErrorFormat::Display => "{}",
            ErrorFormat::Debug => "{:?}",
            ErrorFormat::PrettyDebug => "{:#?}",
        }
    }

    /// What errors must implement to be printed in it.
    pub(super) fn trait_name(self) -> &'static str {
        match self {
            ErrorFormat::Display => "std::fmt::Display",
            ErrorFormat::Debug | ErrorFormat::PrettyDebug => "std::fmt::Debug",
        }
    }
}

impl ErrorReport {
    /// How errors may be reported in this format, best first.
    pub(super) fn possible(format: ErrorFormat) -> &'static [ErrorReport] {
        match format {
            ErrorFormat::Display => &[ErrorReport::Boxed, ErrorReport::Static, ErrorReport::Printed],
            // The user has chosen another trait.
            ErrorFormat::Debug | ErrorFormat::PrettyDebug => &[ErrorReport::Printed],
        }
    }

    /// Whether this may be why a source does not compile, according to the compiler's messages.
    pub(super) fn is_blamed(self, messages: &str) -> bool {
        match self {
            // What demands that nothing is borrowed shows in messages that do not name what demands it.
            ErrorReport::Static => true,
            ErrorReport::Boxed | ErrorReport::Printed => {
                messages.contains(&format!("`{ERROR_TYPE}` to implement `From<"))
                    || messages.contains(&format!("convert the error to `{ERROR_TYPE}`"))
            }
        }
    }

    /// The type and its conversion.
    pub(super) fn definition(self, format: ErrorFormat) -> String {
        let (bound, report) = match self {
            ErrorReport::Boxed => (
                "impl<'error, T: Into<Box<dyn std::error::Error + 'error>>>".to_owned(),
                "::parcell::cell::report_error(error);".to_owned(),
            ),
            ErrorReport::Static => (
                "impl<T: std::fmt::Display + 'static>".to_owned(),
                "::parcell::cell::report_static_error(error);".to_owned(),
            ),
            ErrorReport::Printed => (
                format!("impl<T: {}>", format.trait_name()),
                format!(
                    "::parcell::cell::report_printed_error(&error, ::std::format_args!(\"{}\", error));",
                    format.text()
                ),
            ),
        };
        // It knows the place of the `?` by its caller's.
        format!(
            "struct {ERROR_TYPE};\n{bound} From<T> for {ERROR_TYPE} {{\n\
             #[track_caller]\nfn from(error: T) -> Self {{\n{report}\n\
             ::parcell::cell::send_control_line(::parcell::cell::variables::USER_ERROR_OCCURRED);\n{ERROR_TYPE}\n}}\n}}\n"
        )
    }

    /// The same where nothing is run.
    pub(super) fn analysed(format: ErrorFormat) -> String {
        format!(
            "struct {ERROR_TYPE};\nimpl<T: {}> From<T> for {ERROR_TYPE} {{\nfn from(_: T) -> Self {{\n{ERROR_TYPE}\n}}\n}}\n",
            format.trait_name()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_conversion_that_is_refused_is_tried_in_another_way() {
        let refused = "required for `ParcellCellError` to implement `From<OutOfStock>`";
        assert!(ErrorReport::Boxed.is_blamed(refused));
        let another = "use `.ok_or(...)?` to provide an error compatible with `Result<(), ParcellCellError>`";
        assert!(!ErrorReport::Boxed.is_blamed(another) && !ErrorReport::Boxed.is_blamed("mismatched types"));
    }

    #[test]
    fn the_users_own_format_is_kept() {
        let format = ErrorFormat::parse("{:#?}").unwrap();
        assert_eq!(ErrorReport::possible(format), [ErrorReport::Printed]);
        let definition = ErrorReport::Printed.definition(format);
        assert!(definition.contains("impl<T: std::fmt::Debug> From<T>"), "{definition}");
        assert!(definition.contains("format_args!(\"{:#?}\", error)"), "{definition}");
        assert_eq!(ErrorFormat::parse("{:x}"), None);
    }
}
