//! Variables that cannot stay for later cells.

use super::{Pointer, plain_error, pointed_error};
use crate::analysis::ObjectKind;
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
    let pointer = Pointer {
        message: message(name, reason),
        label: match reason {
            NotKept::UnknownType => "cannot stay for later cells without its type".to_owned(),
            _ => "cannot stay for later cells".to_owned(),
        },
        other: None,
        help: format!("{}, or put braces around the lines that use it", advice(name, reason)),
    };
    match definition_of_variable(map.text(), name) {
        Some(defined_at) => {
            let range = map.place(defined_at).range();
            pointed_error("CompileError", &pointer, range, cell, source)
        }
        None => plain_error("CompileError", &pointer.message),
    }
}

fn message(name: &str, reason: &NotKept) -> String {
    match reason {
        NotKept::Closure => format!("what the closure `{name}` takes and returns is not known"),
        NotKept::Borrows { kind, what, .. } => {
            let borrower = match kind {
                Some(ObjectKind::Closure) => "closure",
                _ => "variable",
            };
            match what {
                Some(what) => format!("the {borrower} `{name}` borrows `{what}`"),
                None => format!("the {borrower} `{name}` borrows what does not stay"),
            }
        }
        NotKept::NoObject { object, why } => {
            format!(
                "the type of the variable `{name}` has no name, and `{}` cannot stand for it: {why}",
                object.text
            )
        }
        NotKept::UnknownType => format!("the type of the variable `{name}` is not known"),
        NotKept::PrivateType(type_) => {
            format!("the type of the variable `{name}` is private where it is defined: `{type_}`")
        }
    }
}

fn advice(name: &str, reason: &NotKept) -> String {
    match reason {
        NotKept::Closure => format!(
            "write the types of its parameters, as in `let {name} = |x: u64| ...;`, write a function, or collect what it \
             returns"
        ),
        NotKept::Borrows { type_, kind, what } => match kind {
            Some(ObjectKind::Closure) => {
                let copies = match what {
                    Some(what) => format!("; a clone of `{what}`, if that is to stay as well"),
                    None => String::new(),
                };
                format!("write `move` in front of its parameters, so that it owns what it uses{copies}")
            }
            Some(ObjectKind::Iterator) => "collect it, as in `.collect::<Vec<_>>()`".to_owned(),
            Some(ObjectKind::Future | ObjectKind::Other) => "give it values of its own".to_owned(),
            None => format!("keep a value of its own{}", owned(type_)),
        },
        NotKept::NoObject { object, .. } => match object.kind {
            ObjectKind::Closure => "write a function".to_owned(),
            ObjectKind::Iterator => "collect it, as in `.collect::<Vec<_>>()`".to_owned(),
            ObjectKind::Future | ObjectKind::Other => "have it made by a function, where it is used".to_owned(),
        },
        NotKept::UnknownType => format!("write the type, as in `let {name}: Vec<u64> = ...;`"),
        NotKept::PrivateType(_) => "write a type that is public".to_owned(),
    }
}

/// How a borrowed value of this type becomes one of its own.
fn owned(type_: &str) -> &'static str {
    match type_.strip_prefix('&').map(|type_| type_.trim_start_matches("mut ")) {
        Some("str") => ", as `.to_owned()` makes one",
        Some(slice) if slice.starts_with('[') => ", as `.to_vec()` makes one",
        Some(_) => ", as `.clone()` makes one",
        None => "",
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
        for part in [
            "the closure `f`",
            "cell 3:2:13",
            "help: write the types of its parameters",
        ] {
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
