//! Takes evcxr's control lines out of what cells print.
//!
//! Generated code prints lines such as `EVCXR_PANIC_NOTIFICATION` among the cell's own output. Behind a line that the
//! cell has not ended such a line is not recognised, and evcxr's idea of the variables is wrong for ever after. So the
//! statements that print them are replaced, line for line, by ones that send them where nothing else is written.

use crate::process::messages::CONTROL_DESCRIPTOR;

/// Where evcxr's generated code keeps variables; it puts the module into every cell.
const RUNTIME_MODULE: &str = "mod evcxr_internal_runtime {";
/// The same, compiled once.
const LIBRARY_RUNTIME: &str = "mod evcxr_internal_runtime { pub use ::parcell::cell::variables::*; }";

/// The generated source with its control lines sent to the supervisor. Line numbers stay.
///
/// `with_library`: whether the cell may use the library, and is to be linked with it even if it does not.
pub(super) fn rewrite(source: &str, with_library: bool) -> String {
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
        in_error_conversion |= statement.ends_with("for EvcxrUserCodeError {");
        if in_error_conversion && with_library && is_error_print(statement) {
            rewritten.push_str(&statement.replacen("eprintln!(", "::parcell::cell::report_early_return(&format!(", 1));
            // The macro's closing parenthesis closes `format!`.
            rewritten.truncate(rewritten.len() - ";".len());
            rewritten.push_str(");");
            in_error_conversion = false;
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

fn is_error_print(statement: &str) -> bool {
    statement.starts_with("eprintln!(") && statement.ends_with(", error);")
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
        return format!("::parcell::cell::send_control_line(&::std::format!({control_line}));");
    }
    format!(
        "{{ use ::std::io::Write as _; \
         let line = ::std::format!({control_line}); \
         let message = ::std::format!(\"{{{{\\\"ControlLine\\\":\\\"{{line}}\\\"}}}}\"); \
         let _ = ::std::mem::ManuallyDrop::new(unsafe {{ \
         <::std::fs::File as ::std::os::fd::FromRawFd>::from_raw_fd({CONTROL_DESCRIPTOR}) }}).write_all(message.as_bytes()); }}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_lines_are_sent_and_line_numbers_stay() {
        let source = "fn f() {\n    println!(\"EVCXR_PANIC_NOTIFICATION\");\n    println!(\"mine\");\n}\n";
        let rewritten = rewrite(source, false);
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
        let rewritten = rewrite(source, true);
        let lines: Vec<_> = rewritten.lines().collect();
        assert_eq!(lines[..6], [LIBRARY_RUNTIME, "", "", "", "fn f() {", "}"]);
        assert_eq!(rewrite(source, false), source);
    }

    #[test]
    fn only_the_error_conversion_reports_errors() {
        let source = "eprintln!(\"{}\", error);\nimpl<T: std::fmt::Display> From<T> for EvcxrUserCodeError {\n\
                      fn from(error: T) -> Self {\neprintln!(\"{}\", error);\n}}\neprintln!(\"{}\", error);\n";
        let rewritten = rewrite(source, true);
        let lines: Vec<_> = rewritten.lines().collect();
        assert_eq!(lines[0], "eprintln!(\"{}\", error);");
        assert_eq!(
            lines[3],
            "::parcell::cell::report_early_return(&format!(\"{}\", error));"
        );
        assert_eq!(lines[5], "eprintln!(\"{}\", error);");
        assert!(lines[7].contains("is_linked"));
    }
}
