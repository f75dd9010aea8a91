//! Errors say what went wrong and in which line of which cell.

use parcell_tests::{CellFailure, Notebook, with_notebook};

/// What `?` takes out of a cell: the code, the error's name, its text, and what the full account also says.
struct EarlyReturn {
    name: &'static str,
    code: &'static str,
    ename: &'static str,
    evalue: &'static str,
    account: &'static [&'static str],
}

/// An error with a cause, and functions that fail with each kind of error.
const FAILING: &str = "use std::error::Error;
use std::fmt;
use std::num::ParseIntError;
#[derive(Debug)]
struct BadOrder(ParseIntError);
impl fmt::Display for BadOrder {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { write!(f, \"the order cannot be read\") }
}
impl Error for BadOrder {
    fn source(&self) -> Option<&(dyn Error + 'static)> { Some(&self.0) }
}
#[derive(Debug)]
struct OutOfStock;
impl fmt::Display for OutOfStock {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { write!(f, \"nothing is left\") }
}
fn order(text: &str) -> Result<u8, BadOrder> { text.parse().map_err(BadOrder) }
fn boxed(text: &str) -> Result<u8, Box<dyn Error>> { Ok(order(text)?) }
fn sendable(text: &str) -> Result<u8, Box<dyn Error + Send + Sync>> { Ok(order(text)?) }
fn sell() -> Result<u8, OutOfStock> { Err(OutOfStock) }";

const EARLY_RETURNS: [EarlyReturn; 7] = [
    EarlyReturn {
        name: "an error of the standard library",
        code: "let fine = 1;\nlet n: u8 = \"x\".parse()?;\nlet more = 2;",
        ename: "ParseIntError",
        evalue: "invalid digit found in string",
        account: &[
            "ParseIntError: invalid digit found in string",
            "let n: u8 = \"x\".parse()?;",
            ":2:1",
        ],
    },
    EarlyReturn {
        name: "an error of the operating system",
        code: "std::fs::read_to_string(\"missing\")?;",
        ename: "io::Error",
        evalue: "No such file or directory (os error 2)",
        account: &["std::fs::read_to_string"],
    },
    EarlyReturn {
        name: "an error with a cause",
        code: "order(\"many\")?;",
        ename: "BadOrder",
        evalue: "the order cannot be read",
        account: &["order(\"many\")?", "caused by: invalid digit found in string"],
    },
    EarlyReturn {
        name: "a boxed error",
        code: "boxed(\"many\")?;",
        ename: "Box<dyn Error>",
        evalue: "the order cannot be read",
        account: &["boxed(\"many\")?", "caused by: invalid digit found in string"],
    },
    EarlyReturn {
        name: "a boxed error for threads",
        code: "sendable(\"many\")?;",
        ename: "Box<dyn Error>",
        evalue: "the order cannot be read",
        account: &["sendable(\"many\")?", "caused by: invalid digit found in string"],
    },
    EarlyReturn {
        name: "what can only be printed",
        code: "sell()?;",
        ename: "OutOfStock",
        evalue: "nothing is left",
        account: &["sell()?"],
    },
    EarlyReturn {
        name: "an error that borrows",
        code: "let lock = std::sync::Mutex::new(1);\n\
               let _ = std::panic::catch_unwind(|| { let _held = lock.lock(); std::panic::resume_unwind(Box::new(())) });\n\
               { let guard = lock.lock()?; }",
        ename: "PoisonError",
        evalue: "poisoned lock: another task failed inside",
        account: &["lock.lock()?"],
    },
];

async fn check_early_return(notebook: &mut Notebook, case: &EarlyReturn) {
    let failure = notebook.failure(case.code).await;
    assert_eq!(
        (failure.ename.as_str(), failure.evalue.as_str()),
        (case.ename, case.evalue)
    );
    assert_says(&failure, case.account);
}

fn assert_says(failure: &CellFailure, parts: &[&str]) {
    let text = failure.text();
    for part in parts {
        assert!(text.contains(part), "{part:?} in {text}");
    }
}

#[test]
fn question_marks_tell_type_text_cause_and_place() {
    with_notebook(async |notebook| {
        notebook.prepare(FAILING).await;
        for case in &EARLY_RETURNS {
            notebook
                .check(case.name, async |n| check_early_return(n, case).await)
                .await;
        }
        notebook
            .check("variables of before stay, and those of the cell are gone", async |n| {
                n.prepare("let mut stock = vec![1];").await;
                n.failure("stock.push(2);\nlet fresh = 1;\nsell()?;").await;
                assert_eq!(n.value("stock.clone()").await, "[1, 2]");
                let failure = n.failure("fresh").await;
                assert!(failure.evalue.contains("cannot find value `fresh`"), "{failure:?}");
            })
            .await;
        notebook
            .check("a mistake in a cell with `?` is told as without it", async |n| {
                let failure = n
                    .failure("let n: u8 = \"1\".parse()?;\nlet wrong: u8 = \"text\";")
                    .await;
                assert_eq!(failure.ename, "CompileError");
                assert_says(
                    &failure,
                    &["error[E0308]: mismatched types", "let wrong: u8 = \"text\";"],
                );
            })
            .await;
    });
}

#[test]
fn panics_tell_the_lines_that_led_to_them() {
    with_notebook(async |notebook| {
        // Not inlined and not optimized away, so that each call is one.
        let count = notebook
            .succeed(
                "#[inline(never)]\nfn pick(numbers: &[u32], index: usize) -> u32 {\n    numbers[index]\n}\n\
                 #[inline(never)]\nfn outer(index: usize) -> u32 {\n    pick(&[1, 2, 3], index) + 1\n}",
            )
            .await
            .count()
            .expect("a number");
        notebook
            .check("in functions of an earlier cell", async |n| {
                let failure = n.failure("let index = std::hint::black_box(9);\nlet n = outer(index);").await;
                assert_eq!(failure.ename, "Panic");
                let (cell, next) = (count, count + 1);
                assert_says(
                    &failure,
                    &[
                        &format!("--> cell {cell}:3:5"),
                        "numbers[index]",
                        &format!("   0: pick at cell {cell}, line 3\n   1: outer at cell {cell}, line 7\n   2: cell {next}, line 2"),
                    ],
                );
                assert_eq!(failure.text().matches(" at cell ").count(), 2, "{}", failure.text());
            })
            .await;
        notebook
            .check("in a crate's code that a cell calls", async |n| {
                // The place of this panic is in the standard library, which does not pass on its caller's.
                let failure = n
                    .failure("let width = std::hint::black_box(0usize);\nlet parts = [1, 2].chunks(width).map(|part| part.len()).collect::<Vec<_>>();")
                    .await;
                assert_says(&failure, &["chunk size must be non-zero", "let parts"]);
            })
            .await;
        notebook
            .check("in a thread", async |n| {
                let mut cell = n
                    .run("std::thread::spawn(|| { let n = outer(std::hint::black_box(9)); println!(\"{n}\") }).join().is_err()")
                    .await;
                assert_eq!(cell.take_text().as_deref(), Some("true"));
                let printed = cell.take_stderr();
                for part in ["index out of bounds", "0: pick at cell", "1: outer at cell"] {
                    assert!(printed.contains(part), "{part:?} in {printed}");
                }
            })
            .await;
    });
}

#[test]
fn mistakes_are_shown_where_they_were_made() {
    with_notebook(async |notebook| {
        notebook
            .prepare("fn shown<T: std::fmt::Display>(value: T) -> String { value.to_string() }")
            .await;
        let failure = notebook.failure("struct Silent;\nshown(Silent)").await;
        assert_eq!(failure.ename, "CompileError");
        // The bound is in the earlier cell, the call in this one.
        assert_says(
            &failure,
            &[
                "error[E0277]",
                "shown(Silent)",
                "fn shown<T: std::fmt::Display>(value: T)",
                "required by a bound in `shown`",
            ],
        );
        assert!(failure.traceback.join("").contains("\x1b["), "{failure:?}");
        let failure = notebook
            .failure("let counts: HashMap<u8, u8> = Default::default();")
            .await;
        assert_says(
            &failure,
            &["help: consider importing this struct: `use std::collections::HashMap;`"],
        );
        let failure = notebook.failure("let shared = Array::<u64>::new(3);").await;
        assert_says(&failure, &["`use parcell::Array;`"]);
        let failure = notebook.failure("let list = vec![1];\ndrop(list);\nlist.len()").await;
        assert_says(&failure, &["error[E0382]", "value moved here", "list.clone()"]);
    });
}

#[test]
fn a_variable_of_unknown_type_is_told_whatever_else_the_notebook_holds() {
    with_notebook(async |notebook| {
        // rust-analyzer shows this type without its lifetime.
        notebook.prepare("let mut words: Vec<&str> = vec![\"a\"];").await;
        let failure = notebook.failure("let total = 1;\nlet double = |n: u64| 2 * n;").await;
        assert_eq!(failure.ename, "CompileError");
        assert_says(
            &failure,
            &["`double` is a closure", ":2:5", "write a function, or box it"],
        );
        assert_eq!(notebook.value("words.len()").await, "1");
    });
}

#[test]
fn a_variable_that_is_gone_is_told_by_the_cell_that_took_it() {
    with_notebook(async |notebook| {
        notebook.prepare("let list = vec![1]; let kept = vec![2];").await;
        let mut cell = notebook.succeed("let other = list; kept.len()").await;
        assert_eq!(cell.take_text().as_deref(), Some("1"));
        let taking = cell.count().unwrap();
        let failure = notebook.failure("list.len()").await;
        assert_says(
            &failure,
            &[&format!(
                "`list` was moved in cell {taking}; to keep it, clone it there, or borrow it with `&list`"
            )],
        );
        notebook.prepare("let list = other;").await;
        assert_eq!(notebook.value("list.len() + kept.len()").await, "2");
        notebook.succeed("%reset").await;
        let failure = notebook.failure("other.len()").await;
        assert!(!failure.text().contains("was moved"), "{failure:?}");
    });
}
