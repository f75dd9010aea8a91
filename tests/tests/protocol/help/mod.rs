//! Help while writing: completion, inspection, and cells that ask.

mod completion;
mod inspection;

use completion::complete;
use inspection::markdown;
use parcell_tests::{cell_code, with_notebook};
use std::time::{Duration, Instant};

/// How long an answer may take that waits for nothing. What is promised is 200 ms; machines that test are busy.
const AT_ONCE: Duration = Duration::from_secs(2);

/// A cell with what the others ask about.
const DEFINITIONS: &str = r"
    /// A place on a map.
    #[derive(Clone, Debug)]
    struct Place { north: f64, east: f64 }
    impl Place {
        /// How far it is from the origin.
        fn distance(&self) -> f64 { self.north.hypot(self.east) }
    }
    /// Doubles a number.
    ///
    /// It does *nothing* else.
    fn double(number: u64) -> u64 { number * 2 }
    macro_rules! twice { ($value:expr) => { $value * 2 } }
    let numbers: Vec<u64> = vec![1, 2, 3];
    let place = Place { north: 3.0, east: 4.0 };
";

/// A piece of code and the cursor in it, in code points.
fn place(marked: &str) -> (String, usize) {
    let marked = cell_code(marked);
    let cursor = marked.chars().position(|character| character == '¦').expect("a mark");
    (marked.replacen('¦', "", 1), cursor)
}

#[test]
fn while_a_cell_runs_all_help_is_there() {
    with_notebook(async |notebook| {
        notebook.succeed(DEFINITIONS).await.assert_quiet();
        // rust-analyzer has read what it needs.
        complete(notebook, "numbers.le¦").await;
        let code = r#"
            let words = vec!["a".to_owned()];
            println!("begun");
            loop { std::thread::sleep(std::time::Duration::from_millis(5)); }
        "#;
        let running = notebook.start_cell(code, "begun").await;
        let begin = Instant::now();
        complete(notebook, "num¦")
            .await
            .has("numbers", "variable", "numbers: Vec<u64>");
        complete(notebook, "dou¦")
            .await
            .has("double", "function", "fn double(number: u64) -> u64");
        for (marked, text) in [
            ("%%pr¦", "%%process"),
            (":dep ser¦", "serde"),
            ("whi¦", "while"),
            ("numbers.le¦", "len"),
            ("numbers.iter().map(|n| n.po¦", "pow"),
            ("place.dis¦", "distance"),
            ("std::¦", "collections"),
            ("use std::sync::¦", "Mutex"),
            ("printl¦", "println!"),
            ("let a: Ve¦", "Vec"),
            ("let a = HashM¦", "std::collections::HashMap"),
            // What the cell that runs will leave behind.
            ("wor¦", "words"),
            ("words.fir¦", "first"),
            ("words[0].to_upp¦", "to_uppercase"),
        ] {
            let found = complete(notebook, marked).await;
            assert!(found.texts().contains(&text), "{marked}: {:?}", found.texts());
        }
        for (marked, text) in [
            ("numbers¦", "Vec<u64>"),
            ("double(¦", "Doubles a number."),
            ("Vec¦", "contiguous growable array"),
            ("println!¦", "Prints to the standard output"),
            ("numbers.len¦", "number of elements"),
        ] {
            let found = markdown(notebook, marked, 0).await;
            assert!(found.contains(text), "{marked}: {found}");
        }
        assert!(begin.elapsed() < AT_ONCE * 10, "{:?}", begin.elapsed());
        notebook.interrupt().await;
        let mut interrupted = notebook.finish(running).await;
        assert_eq!(interrupted.take_failure().unwrap().ename, "Interrupted");
        interrupted.take_stdout();
        // It has left nothing.
        assert_eq!(complete(notebook, "words¦").await.texts(), Vec::<&str>::new());
    });
}
