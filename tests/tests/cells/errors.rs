//! Errors say what went wrong and in which line of which cell.

use parcell_tests::{Notebook, with_notebook};

/// What `?` takes out of a cell: the code, the error's name, its text, and what the full account also says.
struct EarlyReturn {
    name: &'static str,
    code: &'static str,
    ename: &'static str,
    evalue: &'static str,
    account: &'static [&'static str],
}

/// An error with a cause, and functions that fail with each kind of error.
const FAILING: &str = r#"
    use std::error::Error;
    use std::fmt;
    use std::num::ParseIntError;
    #[derive(Debug)]
    struct BadOrder(ParseIntError);
    impl fmt::Display for BadOrder {
        fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { write!(f, "the order cannot be read") }
    }
    impl Error for BadOrder {
        fn source(&self) -> Option<&(dyn Error + 'static)> { Some(&self.0) }
    }
    #[derive(Debug)]
    struct OutOfStock;
    impl fmt::Display for OutOfStock {
        fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { write!(f, "nothing is left") }
    }
    fn order(text: &str) -> Result<u8, BadOrder> { text.parse().map_err(BadOrder) }
    fn boxed(text: &str) -> Result<u8, Box<dyn Error>> { Ok(order(text)?) }
    fn sendable(text: &str) -> Result<u8, Box<dyn Error + Send + Sync>> { Ok(order(text)?) }
    fn sell() -> Result<u8, OutOfStock> { Err(OutOfStock) }
"#;

const EARLY_RETURNS: [EarlyReturn; 7] = [
    EarlyReturn {
        name: "an error of the standard library",
        code: r#"
            let fine = 1;
            let n: u8 = "x".parse()?;
            let more = 2;
        "#,
        ename: "ParseIntError",
        evalue: "invalid digit found in string",
        account: &[
            "ParseIntError: invalid digit found in string",
            r#"let n: u8 = "x".parse()?;"#,
            ":2:1",
        ],
    },
    EarlyReturn {
        name: "an error of the operating system",
        code: r#"std::fs::read_to_string("missing")?;"#,
        ename: "io::Error",
        evalue: "No such file or directory (os error 2)",
        account: &["std::fs::read_to_string"],
    },
    EarlyReturn {
        name: "an error with a cause",
        code: r#"order("many")?;"#,
        ename: "BadOrder",
        evalue: "the order cannot be read",
        account: &[r#"order("many")?"#, "caused by: invalid digit found in string"],
    },
    EarlyReturn {
        name: "a boxed error",
        code: r#"boxed("many")?;"#,
        ename: "Box<dyn Error>",
        evalue: "the order cannot be read",
        account: &[r#"boxed("many")?"#, "caused by: invalid digit found in string"],
    },
    EarlyReturn {
        name: "a boxed error for threads",
        code: r#"sendable("many")?;"#,
        ename: "Box<dyn Error>",
        evalue: "the order cannot be read",
        account: &[r#"sendable("many")?"#, "caused by: invalid digit found in string"],
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
        code: r"
            let lock = std::sync::Mutex::new(1);
            let _ = std::panic::catch_unwind(|| { let _held = lock.lock(); std::panic::resume_unwind(Box::new(())) });
            { let guard = lock.lock()?; }
        ",
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
    failure.assert_shows(case.account);
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
            .step(variables_of_before_stay_and_those_of_the_cell_are_gone)
            .await;
        notebook
            .step(a_mistake_in_a_cell_with_question_mark_is_told_as_without_it)
            .await;
    });
}

async fn variables_of_before_stay_and_those_of_the_cell_are_gone(n: &mut Notebook) {
    n.prepare("let mut stock = vec![1];").await;
    let code = r"
        stock.push(2);
        let fresh = 1;
        sell()?;
    ";
    n.failure(code).await;
    assert_eq!(n.value("stock.clone()").await, "[1, 2]");
    let failure = n.failure("fresh").await;
    assert!(failure.evalue.contains("cannot find value `fresh`"), "{failure:?}");
}

async fn a_mistake_in_a_cell_with_question_mark_is_told_as_without_it(n: &mut Notebook) {
    let code = r#"
        let n: u8 = "1".parse()?;
        let wrong: u8 = "text";
    "#;
    let failure = n.failure(code).await;
    assert_eq!(failure.ename, "CompileError");
    failure.assert_shows(&["error[E0308]: mismatched types", r#"let wrong: u8 = "text";"#]);
}

#[test]
fn panics_tell_the_lines_that_led_to_them() {
    with_notebook(async |notebook| {
        // Not inlined and not optimized away, so that each call is one.
        let code = r"
            #[inline(never)]
            fn pick(numbers: &[u32], index: usize) -> u32 {
                numbers[index]
            }
            #[inline(never)]
            fn outer(index: usize) -> u32 {
                pick(&[1, 2, 3], index) + 1
            }
        ";
        let count = notebook.succeed(code).await.count().expect("a number");
        notebook
            .check("in functions of an earlier cell", async |n| {
                in_functions_of_an_earlier_cell(n, count).await
            })
            .await;
        notebook.step(in_a_crates_code_that_a_cell_calls).await;
        notebook.step(in_a_thread).await;
    });
}

async fn in_functions_of_an_earlier_cell(n: &mut Notebook, cell: u64) {
    let code = r"
        let index = std::hint::black_box(9);
        let n = outer(index);
    ";
    let failure = n.failure(code).await;
    assert_eq!(failure.ename, "Panic");
    let next = cell + 1;
    failure.assert_shows(&[
        &format!("--> cell {cell}:3:5"),
        "numbers[index]",
        &format!("   0: pick at cell {cell}, line 3\n   1: outer at cell {cell}, line 7\n   2: cell {next}, line 2"),
    ]);
    assert_eq!(failure.text().matches(" at cell ").count(), 2, "{}", failure.text());
}

async fn in_a_crates_code_that_a_cell_calls(n: &mut Notebook) {
    // The place of this panic is in the standard library, which does not pass on its caller's.
    let code = r"
        let width = std::hint::black_box(0usize);
        let parts = [1, 2].chunks(width).map(|part| part.len()).collect::<Vec<_>>();
    ";
    let failure = n.failure(code).await;
    failure.assert_shows(&["chunk size must be non-zero", "let parts"]);
}

async fn in_a_thread(n: &mut Notebook) {
    let code = r#"
        std::thread::spawn(|| {
            let n = outer(std::hint::black_box(9));
            println!("{n}")
        }).join().is_err()
    "#;
    let mut cell = n.run(code).await;
    assert_eq!(cell.take_text().as_deref(), Some("true"));
    let printed = cell.take_stderr();
    for part in ["index out of bounds", "0: pick at cell", "1: outer at cell"] {
        assert!(printed.contains(part), "{part:?} in {printed}");
    }
}

#[test]
fn mistakes_are_shown_where_they_were_made() {
    with_notebook(async |notebook| {
        notebook
            .prepare("fn shown<T: std::fmt::Display>(value: T) -> String { value.to_string() }")
            .await;
        let code = r"
            struct Silent;
            shown(Silent)
        ";
        let failure = notebook.failure(code).await;
        assert_eq!(failure.ename, "CompileError");
        // The bound is in the earlier cell, the call in this one.
        failure.assert_shows(&[
            "error[E0277]",
            "shown(Silent)",
            "fn shown<T: std::fmt::Display>(value: T)",
            "required by a bound in `shown`",
        ]);
        assert!(failure.traceback.join("").contains("\x1b["), "{failure:?}");
        let failure = notebook
            .failure("let counts: HashMap<u8, u8> = Default::default();")
            .await;
        failure.assert_shows(&["help: consider importing this struct: `use std::collections::HashMap;`"]);
        let failure = notebook.failure("let shared = Array::<u64>::new(3);").await;
        failure.assert_shows(&["`use parcell::Array;`"]);
        let code = r"
            let list = vec![1];
            drop(list);
            list.len()
        ";
        let failure = notebook.failure(code).await;
        failure.assert_shows(&["error[E0382]", "value moved here", "list.clone()"]);
    });
}

#[test]
fn a_variable_of_unknown_type_is_told_whatever_else_the_notebook_holds() {
    with_notebook(async |notebook| {
        // rust-analyzer shows this type without its lifetime.
        notebook.prepare(r#"let mut words: Vec<&str> = vec!["a"];"#).await;
        let code = r"
            let total = 1;
            let double = |n: u64| move |m: u64| n * m;
        ";
        let failure = notebook.failure(code).await;
        assert_eq!(failure.ename, "CompileError");
        failure.assert_shows(&[
            "what the closure `double` takes and returns",
            ":2:5",
            "write the types of its parameters",
        ]);
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
        failure.assert_shows(&[&format!(
            "`list` was moved in cell {taking}; to keep it, clone it there, or borrow it with `&list`"
        )]);
        notebook.prepare("let list = other;").await;
        assert_eq!(notebook.value("list.len() + kept.len()").await, "2");
        notebook.succeed("%reset").await;
        let failure = notebook.failure("other.len()").await;
        assert!(!failure.text().contains("was moved"), "{failure:?}");
    });
}

#[test]
fn a_panic_is_marked_at_its_expression() {
    with_notebook(async |notebook| {
        for (code, place, marked) in [
            (
                "let m = 1; let n = None::<i32>.unwrap(); let k = 2;",
                ":1:20",
                "None::<i32>.unwrap()",
            ),
            (
                "fn g(list: &[u8]) -> u8 { list[0] + list[7] } g(&[1])",
                ":1:37",
                "list[7]",
            ),
            ("let zero = 0; let one = 1 / zero + 2;", ":1:25", "1 / zero"),
            (
                "let first = 1; let second: u8 = \"12a\".parse()?;",
                ":1:33",
                "\"12a\".parse()?",
            ),
        ] {
            let failure = notebook.failure(code).await;
            failure.assert_shows(&[place]);
            let text = failure.text();
            let line = text.lines().find(|line| line.contains('^')).unwrap_or_default();
            assert_eq!(line.matches('^').count(), marked.len(), "{text}");
        }
    });
}

#[test]
fn what_a_failed_cell_defines_is_missed_with_the_reason() {
    with_notebook(async |notebook| {
        let failed = notebook
            .failure("fn helper() -> u8 { 1 }\nlet number = helper() + missing;")
            .await;
        failed.assert_shows(&["`missing`"]);
        for code in ["helper()", "number + 1"] {
            let failure = notebook.failure(code).await;
            failure.assert_shows(&["but failed, so that nothing of it is there", "cell "]);
        }
        notebook.prepare("fn helper() -> u8 { 1 }").await;
        assert_eq!(notebook.value("helper()").await, "1");
    });
}
