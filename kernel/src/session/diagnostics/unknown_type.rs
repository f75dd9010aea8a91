//! Variables of which the type cannot be named, and which cannot stay for later cells therefore.
//!
//! evcxr says so in a sentence that has the variable's name in it, and nothing else of use here.

use super::{Pointer, pointed_error};
use crate::cell::{SourceMap, definition_of_variable};
use crate::session::event::CellError;

/// What evcxr says in front of the name and behind it.
const CLOSURE: (&str, &str) = ("The variable `", "` is a closure, which cannot be persisted.");
const UNKNOWN: (&str, &str) = ("Couldn't automatically determine type of variable `", "`.");

/// The error in the place of evcxr's sentence; None where it is about something else.
pub(in crate::session) fn unknown_type(said: &str, cell: u32, source: &str, map: &SourceMap) -> Option<CellError> {
    let (name, pointer) = if let Some(name) = name_in(said, CLOSURE) {
        let pointer = Pointer {
            message: format!("the variable `{name}` is a closure, of which the type has no name"),
            label: "cannot stay for later cells".to_owned(),
            help: format!(
                "write a function, or box it, as in `let {name}: Box<dyn Fn(u64) -> u64> = Box::new(...);`, or put \
                 braces around the lines that use it"
            ),
        };
        (name, pointer)
    } else {
        let name = name_in(said, UNKNOWN)?;
        let pointer = Pointer {
            message: format!("the type of the variable `{name}` is not known"),
            label: "cannot stay for later cells without its type".to_owned(),
            help: format!(
                "write the type, as in `let {name}: Vec<u64> = ...;`, or put braces around the lines that use it"
            ),
        };
        (name, pointer)
    };
    let defined_at = definition_of_variable(map.text(), name)?;
    let range = map.place(defined_at).range();
    Some(pointed_error("CompileError", &pointer, range, cell, source))
}

fn name_in<'a>(said: &'a str, (before, behind): (&str, &str)) -> Option<&'a str> {
    Some(said.strip_prefix(before)?.split_once(behind)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(said: &str, source: &str) -> Option<String> {
        let error = unknown_type(said, 3, source, &SourceMap::identity(source))?;
        assert_eq!(error.ename, "CompileError");
        Some(anstream::adapter::strip_str(&error.traceback.join("\n")).to_string())
    }

    #[test]
    fn the_variable_is_pointed_at_where_it_is_defined() {
        let said = "The variable `f` is a closure, which cannot be persisted.\nYou can however persist closures";
        let shown = error(said, "let f = 1;\nlet (x, mut f) = (2, |x| x);").unwrap();
        for part in ["`f` is a closure", "cell 3:2:13", "help: write a function"] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        let said = "Couldn't automatically determine type of variable `all`.\nPlease give it an explicit type.";
        let shown = error(said, "let all = f();").unwrap();
        assert!(
            shown.contains("cell 3:1:5") && shown.contains("`let all: Vec<u64> = ...;`"),
            "{shown}"
        );
    }

    #[test]
    fn other_errors_are_left_alone() {
        assert_eq!(error("No such file", "let f = 1;"), None);
        assert_eq!(
            error("Couldn't automatically determine type of variable `g`.", "let f = 1;"),
            None
        );
    }
}
