//! A cell is a transaction on the notebook's variables: it completes, or they are as they were before it.

use super::state::{assert_changed, assert_unchanged, changing, define};
use parcell_tests::{CellFailure, Notebook, cell_code, with_notebook};

/// The end of a cell that ends the notebook process, with the error's name and what names the cause.
struct Ending {
    name: &'static str,
    code: &'static str,
    ename: &'static str,
    cause: &'static str,
}

const fn ending(name: &'static str, code: &'static str, ename: &'static str, cause: &'static str) -> Ending {
    Ending {
        name,
        code,
        ename,
        cause,
    }
}

const SIGNALS: [Ending; 6] = [
    ending(
        "a segmentation fault",
        "unsafe { std::ptr::null_mut::<u8>().write_volatile(1) };",
        "Crashed",
        "SIGSEGV",
    ),
    ending(
        "a bus error",
        r#"
            use std::os::fd::AsRawFd;
            unsafe extern "C" {
                fn mmap(at: *mut u8, len: usize, prot: i32, flags: i32, fd: i32, offset: i64) -> *mut u8;
            }
            let empty = std::fs::File::create_new("empty").unwrap();
            unsafe { std::ptr::read_volatile(mmap(std::ptr::null_mut(), 4096, 1, 1, empty.as_raw_fd(), 0)) };
        "#,
        "Crashed",
        "SIGBUS",
    ),
    ending(
        "an illegal instruction",
        r#"unsafe { std::arch::asm!("ud2") };"#,
        "Crashed",
        "SIGILL",
    ),
    ending(
        "an arithmetic exception",
        r#"
            unsafe extern "C" { fn raise(signal: i32) -> i32; }
            unsafe { raise(8) };
        "#,
        "Crashed",
        "SIGFPE",
    ),
    ending(
        "a stack overflow",
        r"
            fn deep(n: u64) -> u64 { std::hint::black_box([n; 64]); deep(std::hint::black_box(n + 1)) + 1 }
            deep(0);
        ",
        "StackOverflow",
        "overflowed its stack",
    ),
    ending(
        "a stack overflow in a thread",
        r"
            fn deep(n: u64) -> u64 { std::hint::black_box([n; 64]); deep(std::hint::black_box(n + 1)) + 1 }
            std::thread::spawn(|| deep(0)).join().unwrap();
        ",
        "Crashed",
        "a thread overflowed its stack",
    ),
];

const EXITS_AND_ABORTS: [Ending; 8] = [
    ending("an abort", "std::process::abort();", "Crashed", "SIGABRT"),
    ending(
        "C's abort",
        r#"
            unsafe extern "C" { fn abort() -> !; }
            unsafe { abort() };
        "#,
        "Crashed",
        "SIGABRT",
    ),
    ending("an exit with 0", "std::process::exit(0);", "Exited", "exit code 0"),
    ending("an exit with 7", "std::process::exit(7);", "Exited", "exit code 7"),
    ending(
        "a panic during a panic",
        r#"
            struct Bomb;
            impl Drop for Bomb { fn drop(&mut self) { panic!("second") } }
            let _bomb = Bomb;
            panic!("first");
        "#,
        "Crashed",
        "SIGABRT (abort): a destructor panicked while the cell was panicking",
    ),
    ending(
        "a panic in a function that cannot unwind",
        r#"
            extern "C" fn callback() { panic!("no way out") }
            callback();
        "#,
        "Crashed",
        "SIGABRT (abort): a panic came to a function that cannot unwind",
    ),
    ending(
        "an allocation that fails",
        "std::hint::black_box(vec![1u8; 1 << 60]);",
        "OutOfMemory",
        "an allocation of 1152921504606846976 bytes failed",
    ),
    ending(
        "a program that takes all memory that it can have",
        r#"
            unsafe extern "C" { fn setrlimit(what: i32, limit: *const [u64; 2]) -> i32; }
            const ADDRESS_SPACE: i32 = 9;
            assert_eq!(unsafe { setrlimit(ADDRESS_SPACE, &[2 << 30, 2 << 30]) }, 0);
            let mut taken: Vec<Vec<u8>> = Vec::new();
            loop { taken.push(vec![0; 16 << 20]) }
        "#,
        "OutOfMemory",
        "an allocation of 16777216 bytes failed",
    ),
];

/// Runs a cell that changes all variables and ends the process: it says what happened, and nothing has changed.
async fn check_ending(notebook: &mut Notebook, ending: &Ending) {
    let Ending { code, ename, cause, .. } = ending;
    let on_the_way = r#"let fresh = 1; println!("on the way");"#;
    let code = changing(&format!("{on_the_way}\n{}", cell_code(code)));
    let failure = notebook.failure(&code).await;
    assert_eq!(failure.ename, *ename, "{failure:?}");
    assert!(failure.evalue.contains(cause), "{}", failure.evalue);
    assert!(
        failure
            .text()
            .contains("all variables are as they were before this cell"),
        "{}",
        failure.text()
    );
    assert_unchanged(notebook).await;
}

async fn check_all(notebook: &mut Notebook, endings: &[Ending]) {
    define(notebook).await;
    for ending in endings {
        notebook
            .check(ending.name, async |n| check_ending(n, ending).await)
            .await;
    }
    assert_unchanged(notebook).await;
}

#[test]
fn signals_undo_the_cell() {
    with_notebook(async |notebook| check_all(notebook, &SIGNALS).await);
}

#[test]
fn exits_and_aborts_undo_the_cell() {
    with_notebook(async |notebook| check_all(notebook, &EXITS_AND_ABORTS).await);
}

#[test]
fn a_panic_keeps_changes_and_drops_what_the_cell_has_defined() {
    with_notebook(async |notebook| {
        notebook.step(in_an_ordinary_cell).await;
        notebook.step(behind_a_line_that_was_not_ended).await;
        notebook.step(and_a_crash_after_it_undoes_only_its_own_cell).await;
    });
}

async fn in_an_ordinary_cell(n: &mut Notebook) {
    define(n).await;
    let code = changing(
        r#"
            let fresh = 1;
            panic!("stop");
        "#,
    );
    let failure = n.failure(&code).await;
    assert_only_fresh_is_gone(n, &failure).await;
}

async fn behind_a_line_that_was_not_ended(n: &mut Notebook) {
    define(n).await;
    let code = changing(
        r#"
            let fresh = 1;
            print!("a partial line");
            panic!("stop");
        "#,
    );
    let mut cell = n.run(&code).await;
    assert_eq!(cell.take_stdout(), "a partial line");
    cell.take_stderr();
    let failure = cell.take_failure().expect("a failure");
    assert_only_fresh_is_gone(n, &failure).await;
}

async fn and_a_crash_after_it_undoes_only_its_own_cell(n: &mut Notebook) {
    define(n).await;
    let code = changing(r#"panic!("stop");"#);
    n.failure(&code).await;
    let code = r"
        numbers.clear();
        std::process::abort();
    ";
    n.failure(code).await;
    assert_changed(n).await;
}

async fn assert_only_fresh_is_gone(notebook: &mut Notebook, failure: &CellFailure) {
    assert_eq!((failure.ename.as_str(), failure.evalue.as_str()), ("Panic", "stop"));
    assert_changed(notebook).await;
    let failure = notebook.failure("fresh").await;
    assert!(
        failure.evalue.contains("cannot find value `fresh`"),
        "{}",
        failure.evalue
    );
}
