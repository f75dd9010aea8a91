//! Takes evcxr's control lines out of what cells print.
//!
//! Generated code prints lines such as `EVCXR_PANIC_NOTIFICATION` among the cell's own output. Behind a line that the
//! cell has not ended such a line is not recognised, and evcxr's idea of the variables is wrong for ever after. So the
//! statements that print them are replaced, line for line, by ones that send them where nothing else is written.

use parcell::contract::control::ControlMessage;

use crate::process::messages::CONTROL_DESCRIPTOR;

/// Where evcxr's generated code keeps variables; it puts the module into every cell.
const RUNTIME_MODULE: &str = "mod evcxr_internal_runtime {";
/// The same, compiled once.
const LIBRARY_RUNTIME: &str = "mod evcxr_internal_runtime { pub use ::parcell::cell::variables::*; }";

/// What generated code demands of an error that `?` takes out of a cell, and how it is then reported. With more
/// demanded, more can be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ErrorReport {
    /// That it becomes a boxed error: all that implement `Error`, and what libraries such as anyhow have.
    Boxed,
    /// That it can be printed and borrows nothing: a `Box<dyn Error + Send + Sync>` is told by looking.
    Static,
    /// That it can be printed, as evcxr demands.
    Printed,
}

impl ErrorReport {
    /// How errors of this generated source may be reported: the last resort, and what is better, best first.
    pub(super) fn possible(source: &str, with_library: bool) -> (ErrorReport, &'static [ErrorReport]) {
        // With `:efmt` the user has chosen another trait.
        if with_library && source.lines().any(|line| line.trim() == CONVERSION) {
            (ErrorReport::Printed, &[ErrorReport::Boxed, ErrorReport::Static])
        } else {
            (ErrorReport::Printed, &[])
        }
    }

    /// Whether this may be why the source does not compile, according to the compiler's messages.
    pub(super) fn is_blamed(self, messages: &str) -> bool {
        // What demands that nothing is borrowed shows in messages that do not name what demands it.
        self == ErrorReport::Static
            || messages.contains("`EvcxrUserCodeError` to implement `From<")
            || messages.contains("convert the error to `EvcxrUserCodeError`")
    }

    /// The beginning of the implementation that converts errors.
    fn conversion(self) -> &'static str {
        match self {
            ErrorReport::Boxed => {
                "impl<'error, T: Into<Box<dyn std::error::Error + 'error>>> From<T> for EvcxrUserCodeError {"
            }
            ErrorReport::Static => "impl<T: std::fmt::Display + 'static> From<T> for EvcxrUserCodeError {",
            ErrorReport::Printed => CONVERSION,
        }
    }

    /// The statement that reports the error, in the place of the one that prints it with `format`.
    fn statement(self, format: &str) -> String {
        match self {
            ErrorReport::Boxed => "::parcell::cell::report_error(error);".to_owned(),
            ErrorReport::Static => "::parcell::cell::report_static_error(error);".to_owned(),
            ErrorReport::Printed => {
                format!("::parcell::cell::report_printed_error(&error, ::std::format_args!({format}, error));")
            }
        }
    }
}

/// What evcxr generates for errors that can be printed.
const CONVERSION: &str = "impl<T: std::fmt::Display> From<T> for EvcxrUserCodeError {";
/// Where evcxr keeps the runtime of asynchronous cells.
const RUNTIME: &str = "evcxr_variable_store.lazy_arc(\"evcxr_tokio_runtime\",";
/// A checkpoint that has taken over has the runtime, but not its threads: it needs one of its own.
const RUNTIME_OF_PROCESS: &str =
    "evcxr_variable_store.lazy_arc(&::std::format!(\"evcxr_tokio_runtime_{}\", ::std::process::id()),";
const CONVERT: &str = "fn from(error: T) -> Self {";

/// The generated source with its control lines sent to the supervisor, and with errors reported. Line numbers stay.
///
/// `with_library`: whether the cell may use the library, and is to be linked with it even if it does not.
pub(super) fn rewrite(source: &str, with_library: bool, errors: ErrorReport) -> String {
    let mut rewritten = String::with_capacity(source.len() + 1024);
    let mut in_error_conversion = false;
    let mut runtime = RuntimeModule::default();
    for line in source.lines() {
        let statement = line.trim();
        if with_library && let Some(replacement) = runtime.replace(line) {
            rewritten.push_str(replacement);
            rewritten.push('\n');
            continue;
        }
        in_error_conversion |= with_library && statement.ends_with("for EvcxrUserCodeError {");
        if let (true, Some(format)) = (in_error_conversion, printed_format(statement)) {
            rewritten.push_str(&errors.statement(format));
            in_error_conversion = false;
        } else if in_error_conversion && statement == CONVERT {
            // It then knows the place of the `?`.
            rewritten.push_str("#[track_caller] ");
            rewritten.push_str(line);
        } else if in_error_conversion && statement == CONVERSION {
            rewritten.push_str(errors.conversion());
        } else if line.contains(RUNTIME) {
            rewritten.push_str(&line.replace(RUNTIME, RUNTIME_OF_PROCESS));
        } else if let Some(control_line) = control_line(statement) {
            rewritten.push_str(&send(control_line, with_library));
        } else {
            rewritten.push_str(line);
        }
        rewritten.push('\n');
    }
    if with_library {
        // Linkers leave out libraries that nothing of is used; this is something.
        rewritten.push_str("#[used]\nstatic PARCELL_IS_LINKED: extern \"C\" fn() = ::parcell::cell::is_linked;\n");
    }
    rewritten
}

/// Where in evcxr's module for variables the source has got.
#[derive(Default)]
struct RuntimeModule {
    /// How many braces are open; none outside of it.
    depth: usize,
}

impl RuntimeModule {
    /// What stands in the place of this line of the module; None for lines outside of it.
    fn replace(&mut self, line: &str) -> Option<&'static str> {
        let replacement = match self.depth {
            0 if line == RUNTIME_MODULE => LIBRARY_RUNTIME,
            0 => return None,
            _ => "",
        };
        self.depth += line.matches('{').count();
        self.depth = self.depth.saturating_sub(line.matches('}').count());
        Some(replacement)
    }
}

/// The format string with which a generated statement prints the error.
fn printed_format(statement: &str) -> Option<&str> {
    statement.strip_prefix("eprintln!(")?.strip_suffix(", error);")
}

/// The control line that a generated statement prints, as the arguments of `format!`.
fn control_line(statement: &str) -> Option<&'static str> {
    match statement {
        r#"println!("EVCXR_PANIC_NOTIFICATION");"# => Some(r#""EVCXR_PANIC_NOTIFICATION""#),
        r#"println!("{}", evcxr_internal_runtime::USER_ERROR_OCCURRED);"# => {
            Some(r#""{}", evcxr_internal_runtime::USER_ERROR_OCCURRED"#)
        }
        r#"println!("{VARIABLE_CHANGED_TYPE}{name}");"# => Some(r#""{VARIABLE_CHANGED_TYPE}{name}""#),
        _ => None,
    }
}

/// A statement that sends the control line in one write: the socket keeps message boundaries.
fn send(control_line: &str, with_library: bool) -> String {
    if with_library {
        // Formatting costs more to compile than the rest of a small cell: a text is given as it is.
        let line = match control_line.strip_prefix(r#""{}", "#) {
            Some(text) => text.to_owned(),
            None if control_line.contains('{') => format!("&::std::format!({control_line})"),
            None => control_line.to_owned(),
        };
        return format!("::parcell::cell::send_control_line({line});");
    }
    let message = message_format();
    format!(
        "{{ use ::std::io::Write as _; \
         let line = ::std::format!({control_line}); \
         let message = ::std::format!({message:?}); \
         let _ = ::std::mem::ManuallyDrop::new(unsafe {{ \
         <::std::fs::File as ::std::os::fd::FromRawFd>::from_raw_fd({CONTROL_DESCRIPTOR}) }}).write_all(message.as_bytes()); }}"
    )
}

/// What `format!` makes the message of that carries the variable `line`, which needs no escapes: it is evcxr's words and
/// a name.
fn message_format() -> String {
    const LINE: &str = "line";
    let message = serde_json::json!(ControlMessage::ControlLine(LINE.into())).to_string();
    let literal = message.replace('{', "{{").replace('}', "}}");
    literal.replace(&format!("\"{LINE}\""), &format!("\"{{{LINE}}}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_without_the_library_sends_the_message_that_the_library_does() {
        assert_eq!(message_format(), r#"{{"ControlLine":"{line}"}}"#);
        let sent = message_format().replace("{line}", "EVCXR_PANIC_NOTIFICATION");
        let sent = sent.replace("{{", "{").replace("}}", "}");
        assert_eq!(
            serde_json::from_str::<ControlMessage<'_>>(&sent).unwrap(),
            ControlMessage::ControlLine("EVCXR_PANIC_NOTIFICATION".into())
        );
    }

    #[test]
    fn control_lines_are_sent_and_line_numbers_stay() {
        let source = "fn f() {\n    println!(\"EVCXR_PANIC_NOTIFICATION\");\n    println!(\"mine\");\n}\n";
        let rewritten = rewrite(source, false, ErrorReport::Printed);
        let lines: Vec<_> = rewritten.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(
            !lines[1].contains("println!") && lines[1].contains("from_raw_fd(200)"),
            "{}",
            lines[1]
        );
        assert!(lines[1].contains(r#""{{\"ControlLine\":\"{line}\"}}""#), "{}", lines[1]);
        assert_eq!(lines[2], "    println!(\"mine\");");
    }

    #[test]
    fn the_library_keeps_the_variables_and_line_numbers_stay() {
        let source = "mod evcxr_internal_runtime {\npub struct VariableStore {\n}\n}\nfn f() {\n}\n";
        let rewritten = rewrite(source, true, ErrorReport::Printed);
        let lines: Vec<_> = rewritten.lines().collect();
        assert_eq!(lines[..6], [LIBRARY_RUNTIME, "", "", "", "fn f() {", "}"]);
        assert_eq!(rewrite(source, false, ErrorReport::Printed), source);
    }

    #[test]
    fn the_library_sends_control_lines_without_formatting() {
        let source = "println!(\"EVCXR_PANIC_NOTIFICATION\");\n\
                      println!(\"{}\", evcxr_internal_runtime::USER_ERROR_OCCURRED);\n";
        let rewritten = rewrite(source, true, ErrorReport::Printed);
        let lines: Vec<_> = rewritten.lines().take(2).collect();
        assert_eq!(
            lines,
            [
                "::parcell::cell::send_control_line(\"EVCXR_PANIC_NOTIFICATION\");",
                "::parcell::cell::send_control_line(evcxr_internal_runtime::USER_ERROR_OCCURRED);"
            ]
        );
    }

    #[test]
    fn only_the_error_conversion_reports_errors() {
        let source = "eprintln!(\"{}\", error);\nimpl<T: std::fmt::Display> From<T> for EvcxrUserCodeError {\n\
                      fn from(error: T) -> Self {\neprintln!(\"{}\", error);\n}}\neprintln!(\"{}\", error);\n";
        let rewritten = rewrite(source, true, ErrorReport::Boxed);
        let lines: Vec<_> = rewritten.lines().collect();
        assert_eq!(lines[0], "eprintln!(\"{}\", error);");
        assert!(
            lines[1].contains("Into<Box<dyn std::error::Error + 'error>>"),
            "{}",
            lines[1]
        );
        assert_eq!(lines[2], "#[track_caller] fn from(error: T) -> Self {");
        assert_eq!(lines[3], "::parcell::cell::report_error(error);");
        assert_eq!(lines[5], "eprintln!(\"{}\", error);");
        assert!(lines[7].contains("is_linked"));
    }

    #[test]
    fn only_a_conversion_that_is_refused_is_tried_in_another_way() {
        let refused = "required for `EvcxrUserCodeError` to implement `From<OutOfStock>`";
        assert!(ErrorReport::Boxed.is_blamed(refused));
        let another = "use `.ok_or(...)?` to provide an error compatible with `Result<(), EvcxrUserCodeError>`";
        assert!(!ErrorReport::Boxed.is_blamed(another) && !ErrorReport::Boxed.is_blamed("mismatched types"));
    }

    #[test]
    fn the_users_own_format_is_kept() {
        let source = "impl<T: std::fmt::Debug> From<T> for EvcxrUserCodeError {\nfn from(error: T) -> Self {\n\
                      eprintln!(\"{:#?}\", error);\n}}\n";
        assert_eq!(
            ErrorReport::possible(source, true),
            (ErrorReport::Printed, [].as_slice())
        );
        let rewritten = rewrite(source, true, ErrorReport::Printed);
        let lines: Vec<_> = rewritten.lines().collect();
        assert_eq!(lines[0], "impl<T: std::fmt::Debug> From<T> for EvcxrUserCodeError {");
        assert_eq!(
            lines[2],
            "::parcell::cell::report_printed_error(&error, ::std::format_args!(\"{:#?}\", error));"
        );
    }
}
