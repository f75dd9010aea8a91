//! Calls of macros among a cell's statements: those that make items are items, as are the items that they make.

use super::source::Code;
use crate::analysis::{macro_call, words};
use crate::cell::{self, VALUE_BEGINS, VALUE_SHOWN};

/// The standard library's that make no items, of which nothing need be found out.
const MAKE_NO_ITEMS: [&str; 34] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "column",
    "compile_error",
    "concat",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "env",
    "eprint",
    "eprintln",
    "file",
    "format",
    "format_args",
    "include_bytes",
    "include_str",
    "line",
    "matches",
    "module_path",
    "option_env",
    "panic",
    "print",
    "println",
    "stringify",
    "todo",
    "try",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Those whose items are seen in the call.
const MAKE_STATICS: [&str; 2] = ["thread_local", "lazy_static"];

/// A statement that is a call of a macro, which may make items.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct MacroCall {
    /// As an item.
    pub(super) code: Code,
    /// The names of its items, where they are known from the call alone.
    pub(super) statics: Option<Vec<String>>,
}

impl MacroCall {
    /// The call that this code of a cell is.
    pub(super) fn in_code(code: &Code) -> Option<MacroCall> {
        if !code.text.contains('!') {
            return None;
        }
        let shown = code.text.rsplit_once(VALUE_SHOWN).and_then(|(value, _)| {
            let start = value.find(VALUE_BEGINS)? + VALUE_BEGINS.len();
            Some((start, value[start..].strip_suffix(')')?))
        });
        let (skipped, text) = shown.unwrap_or((0, &code.text));
        let nodes = cell::nodes(text);
        let [(range, node)] = &nodes[..] else { return None };
        let name = macro_call(node)?.path()?.segment()?.name_ref()?.text().to_string();
        if MAKE_NO_ITEMS.contains(&name.as_str()) {
            return None;
        }
        let call = text.get(range.clone())?;
        let end = if call.ends_with([';', '}']) { "" } else { ";" };
        let statics = MAKE_STATICS.contains(&name.as_str()).then(|| names_of_statics(call));
        Some(MacroCall {
            code: Code {
                text: format!("{call}{end}"),
                start: code.start.map(|start| start + skipped + range.start),
            },
            statics,
        })
    }
}

fn names_of_statics(call: &str) -> Vec<String> {
    let mut words = words(call);
    let mut names = Vec::new();
    while let Some(word) = words.next() {
        if word == "static" {
            names.extend(words.find(|word| *word != "ref").map(str::to_owned));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(text: &str) -> Option<MacroCall> {
        MacroCall::in_code(&Code {
            text: text.to_owned(),
            start: Some(10),
        })
    }

    #[test]
    fn statements_that_may_make_items_are_told() {
        for text in [
            "println!(\"{}\", 1);",
            "std::assert!(true);",
            "f();",
            "let a = m!();",
            "m!().b();",
            "a",
        ] {
            assert_eq!(call(text), None, "{text}");
        }
        let found = call("// why\nbitflags::bitflags! { struct A: u8 {} }\n").unwrap();
        assert_eq!(found.code.text, "bitflags::bitflags! { struct A: u8 {} }");
        assert_eq!((found.code.start, found.statics), (Some(17), None));
        assert_eq!(call("foo!(Foo);").unwrap().code.text, "foo!(Foo);");
    }

    #[test]
    fn a_call_whose_value_would_be_shown_is_one_too() {
        let found = call(&format!("// x\n(&(\nfoo!(Foo)\n){VALUE_SHOWN} // shown")).unwrap();
        assert_eq!((found.code.text.as_str(), found.code.start), ("foo!(Foo);", Some(19)));
    }

    #[test]
    fn names_of_statics_are_seen() {
        let found = call("thread_local! { static A: u8 = 1; pub static B: u8 = 2; }").unwrap();
        assert_eq!(found.statics, Some(vec!["A".to_owned(), "B".to_owned()]));
        let found = call("lazy_static! { static ref C: u8 = 1; }").unwrap();
        assert_eq!(found.statics, Some(vec!["C".to_owned()]));
    }
}
