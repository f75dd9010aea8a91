//! Panics and failures, as the library describes them: the host, which has the compiled cells and their texts, makes
//! errors of them.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// A panic in the notebook process.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PanicReport<'a> {
    /// The name of the thread.
    pub thread: Cow<'a, str>,
    /// What the panic says.
    pub message: Cow<'a, str>,
    /// The file that was compiled, and the place in it.
    pub file: Option<Cow<'a, str>>,
    /// See `file`.
    pub line: Option<u32>,
    /// See `file`.
    pub column: Option<u32>,
    /// Where the thread was, innermost first.
    #[serde(default)]
    pub calls: Vec<CodePlace>,
}

/// A failure that ends the cell.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FailureReport {
    /// What kind of failure.
    pub ename: String,
    /// What it says.
    pub evalue: String,
    /// The same in several lines.
    pub traceback: Vec<String>,
    /// The calls that led to the first failure, one a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backtrace: Option<String>,
    /// The compiled place at which `?` left the cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_at: Option<String>,
}

/// A place in a library that a process has loaded, which whoever has the library's file can name.
///
/// In text it is written as `FILE+0xOFFSET`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CodePlace {
    /// The library's file, as it was loaded.
    pub module: String,
    /// An address inside the call, counted from where the library begins in memory.
    pub offset: u64,
}

/// What the name of a compiled cell begins with, as a library; a number follows.
pub const CELL_LIBRARY: &str = "code_";

impl CodePlace {
    /// Whether the library has the name of a compiled cell.
    pub fn is_in_cell(&self) -> bool {
        let name = Path::new(&self.module).file_name().and_then(OsStr::to_str);
        let number = name.and_then(|name| {
            name.strip_prefix("lib")?
                .strip_prefix(CELL_LIBRARY)?
                .strip_suffix(".so")
        });
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    }
}

impl fmt::Display for CodePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{:#x}", self.module, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TEXTS, returns, travels};
    use super::*;

    fn place(module: &str, offset: u64) -> CodePlace {
        CodePlace {
            module: module.to_owned(),
            offset,
        }
    }

    #[test]
    fn a_panic_returns_with_its_place_and_its_calls() {
        let panic = PanicReport {
            thread: "main".into(),
            message: "boom".into(),
            file: Some("src/lib.rs".into()),
            line: Some(3),
            column: Some(5),
            calls: vec![place("/x/libcode_1.so", 26)],
        };
        let wire = r#"{"thread":"main","message":"boom","file":"src/lib.rs","line":3,"column":5,"calls":[{"module":"/x/libcode_1.so","offset":26}]}"#;
        travels(&panic, wire);
        for text in TEXTS {
            returns(&PanicReport {
                thread: text.into(),
                message: text.into(),
                file: Some(text.into()),
                line: Some(u32::MAX),
                column: Some(u32::MAX),
                calls: vec![place(text, u64::MAX), place(text, 0)],
            });
        }
    }

    #[test]
    fn a_panic_without_a_place_returns() {
        let panic = PanicReport {
            thread: "main".into(),
            message: "boom".into(),
            file: None,
            line: None,
            column: None,
            calls: vec![],
        };
        let wire = r#"{"thread":"main","message":"boom","file":null,"line":null,"column":null,"calls":[]}"#;
        travels(&panic, wire);
        let short = serde_json::from_str::<PanicReport<'_>>(r#"{"thread":"main","message":"boom"}"#);
        assert_eq!(short.unwrap(), panic);
    }

    #[test]
    fn a_failure_leaves_out_what_it_does_not_have() {
        let failure = |backtrace, left_at| FailureReport {
            ename: "Failed".to_owned(),
            evalue: "no".to_owned(),
            traceback: vec!["no".to_owned()],
            backtrace,
            left_at,
        };
        travels(
            &failure(None, None),
            r#"{"ename":"Failed","evalue":"no","traceback":["no"]}"#,
        );
        travels(
            &failure(Some("f\ng".to_owned()), Some("src/lib.rs:1:2".to_owned())),
            r#"{"ename":"Failed","evalue":"no","traceback":["no"],"backtrace":"f\ng","left_at":"src/lib.rs:1:2"}"#,
        );
        for text in TEXTS.map(str::to_owned) {
            returns(&FailureReport {
                ename: text.clone(),
                evalue: text.clone(),
                traceback: TEXTS.map(str::to_owned).to_vec(),
                backtrace: Some(text.clone()),
                left_at: Some(text),
            });
        }
    }

    #[test]
    fn cells_are_known_by_their_files() {
        assert!(place("/tmp/x/libcode_12.so", 1).is_in_cell());
        for other in [
            "/etc/passwd",
            "/lib/libc.so.6",
            "/tmp/libcode_12.so/main",
            "/tmp/libcode_x.so",
            "/tmp/libcode_1.so.old",
        ] {
            assert!(!place(other, 1).is_in_cell(), "{other}");
        }
    }

    #[test]
    fn a_place_is_a_file_and_an_offset() {
        assert_eq!(place("/x/libcode_1.so", 0x1a2b).to_string(), "/x/libcode_1.so+0x1a2b");
    }
}
