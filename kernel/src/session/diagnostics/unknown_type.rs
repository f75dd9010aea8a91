//! Variables that cannot stay for later cells.

use super::{Pointer, plain_error, pointed_error};
use crate::cell::{SourceMap, definition_of_variable};
use crate::evaluation::NotKept;
use crate::session::event::CellError;

/// The error of a cell that defines one.
pub(in crate::session) fn not_kept(
    name: &str,
    reason: &NotKept,
    cell: u32,
    source: &str,
    map: &SourceMap,
) -> CellError {
    let pointer = match reason {
        NotKept::Closure => Pointer {
            message: format!("the variable `{name}` is a closure, of which the type has no name"),
            label: "cannot stay for later cells".to_owned(),
            help: format!(
                "write a function, or box it, as in `let {name}: Box<dyn Fn(u64) -> u64> = Box::new(...);`, or put \
                 braces around the lines that use it"
            ),
        },
        NotKept::UnknownType => Pointer {
            message: format!("the type of the variable `{name}` is not known"),
            label: "cannot stay for later cells without its type".to_owned(),
            help: format!(
                "write the type, as in `let {name}: Vec<u64> = ...;`, or put braces around the lines that use it"
            ),
        },
        NotKept::PrivateType(type_) => Pointer {
            message: format!("the type of the variable `{name}` is private where it is defined: `{type_}`"),
            label: "cannot stay for later cells".to_owned(),
            help: "write a type that is public, or put braces around the lines that use it".to_owned(),
        },
    };
    match definition_of_variable(map.text(), name) {
        Some(defined_at) => {
            let range = map.place(defined_at).range();
            pointed_error("CompileError", &pointer, range, cell, source)
        }
        None => plain_error("CompileError", &pointer.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, reason: &NotKept, source: &str) -> String {
        let error = not_kept(name, reason, 3, source, &SourceMap::identity(source));
        assert_eq!(error.ename, "CompileError");
        anstream::adapter::strip_str(&error.traceback.join("\n")).to_string()
    }

    #[test]
    fn the_variable_is_pointed_at_where_it_is_defined() {
        let text = shown("f", &NotKept::Closure, "let f = 1;\nlet (x, mut f) = (2, |x| x);");
        for part in ["`f` is a closure", "cell 3:2:13", "help: write a function"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let text = shown("all", &NotKept::UnknownType, "let all = f();");
        assert!(
            text.contains("cell 3:1:5") && text.contains("`let all: Vec<u64> = ...;`"),
            "{text}"
        );
        let text = shown("p", &NotKept::PrivateType("m::P".to_owned()), "let p = f();");
        assert!(text.contains("`m::P`"), "{text}");
    }

    #[test]
    fn one_that_a_macro_defines_is_told_without_a_place() {
        assert!(shown("g", &NotKept::UnknownType, "m!();").contains("`g`"));
    }
}
