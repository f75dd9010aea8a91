//! What programs and workers print, each line once, in spite of buffers that a fork copies.

use std::io::Write;
use std::time::Duration;

use parcell::{Pool, Process};
use rstest::rstest;

use crate::support::{is_program, program};

const NAME: &str = "output::everything_is_printed_once";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn everything_is_printed_once() {
    if is_program(NAME) {
        return print();
    }
    let output = program(NAME).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for piece in ["<before>", "<item 0>", "<item 1>", "<process>", "<after>", "<held>"] {
        assert_eq!(text.matches(piece).count(), 1, "{piece} in {text}");
    }
    let at = |piece| text.find(piece).unwrap();
    assert!(at("<before>") < at("<item 0>") && at("<item 1>") < at("<process>") && at("<process>") < at("<after>"));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(!errors.contains("not printed"), "{errors}");
    assert!(errors.contains("printed by a thread"), "{errors}");
}

/// Prints without a line's end, so that all of it waits in buffers.
fn print() {
    let mut stdout = std::io::stdout();
    write!(stdout, "<before>").unwrap();
    Pool::new(2).map(|n: u32| print!("<item {n}>"), 0..2);
    Process::spawn(|| print!("<process>")).join().unwrap();
    let panicked = Process::spawn(|| -> () { panic!("not printed") }).join();
    assert!(panicked.is_err());
    // Panics of a worker's other threads are in nobody's result.
    Process::spawn(|| drop(std::thread::spawn(|| panic!("printed by a thread")).join()))
        .join()
        .unwrap();
    let mut held = stdout.lock();
    write!(held, "<held>").unwrap();
    assert_eq!(Pool::new(2).map(|n: u32| n, 0..2), [0, 1]);
    drop(held);
    writeln!(stdout, "<after>").unwrap();
}
