//! What rewritten notebook cells call.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Output;
use std::time::Duration;

use parcell::cell::{self, CellFailed, PoolOptions, ProcessOptions, show_results};
use parcell::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{is_program, program};

fn square(n: u64) -> u64 {
    n * n
}

#[rstest]
#[timeout(Duration::from_secs(60))]
#[expect(clippy::redundant_closure, reason = "this is what cells are rewritten to")]
fn parameters_are_inferred_from_the_items() {
    assert_eq!(
        cell::pool(PoolOptions::new().workers(2)).map(|x| square(x), [1, 2, 3]),
        [1, 4, 9]
    );
    let numbers = vec![1.5, 2.5];
    assert_eq!(
        cell::pool(PoolOptions::new().chunk_size(1)).map(|x| x * 2.0, &numbers),
        [3.0, 5.0]
    );
    let names = ["a".to_owned()];
    assert_eq!(cell::pool(PoolOptions::new()).map(|name| name.len(), &names), [1]);
    assert_eq!(
        cell::pool(PoolOptions::new().workers(2)).map(|(a, b)| a + b, [(1, 2), (3, 4)]),
        [3, 7]
    );
    assert_eq!(
        cell::pool(PoolOptions::new().workers(2)).try_map(|x| u8::try_from(x), [1, 2]),
        [1, 2]
    );
    let results = cell::pool(PoolOptions::new().workers(2)).map_results(|x: u32| 1 / x, [1, 0]);
    assert!(results[0].is_ok() && results[1].is_err());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
#[expect(clippy::redundant_closure, reason = "this is what cells are rewritten to")]
fn processes_get_their_index_in_the_type_they_want() {
    assert_eq!(cell::process(ProcessOptions::new().count(3)).run(|| 1u8), [1, 1, 1]);
    assert_eq!(
        cell::process(ProcessOptions::new().count(3)).run_indexed(|i: usize| i),
        [0, 1, 2]
    );
    assert_eq!(
        cell::process(ProcessOptions::new().count(2)).run_indexed(|i| square(i)),
        [0, 1]
    );
    assert_eq!(
        cell::process(ProcessOptions::new().count(2)).run_indexed(|i: i32| -i),
        [0, -1]
    );
    assert!(cell::process(ProcessOptions::new().count(0)).run(|| 1u8).is_empty());
}

/// The blocks of one type in a stream.
fn blocks(stream: &[u8], mime: &str) -> Vec<Value> {
    let text = std::str::from_utf8(stream).unwrap();
    let begin = format!("EVCXR_BEGIN_CONTENT {mime}\n");
    let block = |rest: &str| serde_json::from_str(rest.split_once("\nEVCXR_END_CONTENT\n").unwrap().0).unwrap();
    text.split(begin.as_str()).skip(1).map(block).collect()
}

fn output_of(name: &str) -> Output {
    let output = program(name).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

const FAILURES: &str = "cell::failures_are_described_for_the_notebook";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn failures_are_described_for_the_notebook() {
    if is_program(FAILURES) {
        fail(|| {
            drop(cell::pool(PoolOptions::new().workers(2)).map(
                |n: u32| {
                    if n == 1 {
                        panic!("boom")
                    }
                },
                0..2,
            ))
        });
        fail(|| {
            drop(
                cell::pool(PoolOptions::new().workers(2))
                    .try_map(|n: u32| if n == 1 { Err("no") } else { Ok(n) }, 0..2),
            )
        });
        fail(|| {
            drop(cell::process(ProcessOptions::new().count(3)).run_indexed(|n: u32| {
                if n > 0 {
                    std::process::exit(3)
                }
            }))
        });
        return;
    }
    let output = output_of(FAILURES);
    let blocks = blocks(&output.stderr, "application/vnd.parcell.error+json");
    let enames: Vec<_> = blocks.iter().map(|block| &block["ename"]).collect();
    assert_eq!(enames, ["Panicked", "Failed", "Crashed"]);
    assert!(blocks[0]["evalue"].as_str().unwrap().ends_with("boom"), "{}", blocks[0]);
    assert_eq!(blocks[2]["traceback"].as_array().unwrap().len(), 3);
    assert_eq!(blocks[2]["traceback"][0], "2 processes failed:");
    // No panic hook has run.
    assert!(!String::from_utf8_lossy(&output.stderr).contains("RUST_BACKTRACE"));
}

fn fail(cell: impl FnOnce()) {
    let payload = catch_unwind(AssertUnwindSafe(cell)).unwrap_err();
    assert!(payload.is::<CellFailed>());
}

const DISPLAY: &str = "cell::results_are_shown_unless_they_say_nothing";

#[derive(Debug)]
struct Custom;

impl Custom {
    fn evcxr_display(&self) {
        println!("its own display");
    }
}

struct Rich;

impl ToMimeBundle for Rich {
    fn to_mime_bundle(&self) -> MimeBundle {
        markdown("rich")
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn results_are_shown_unless_they_say_nothing() {
    if is_program(DISPLAY) {
        print!("a part of a line");
        (&(vec![Some(1)])).parcell_value().evcxr_display();
        (&("a \"str\"\n")).parcell_value().evcxr_display();
        (&()).parcell_value().evcxr_display();
        (&(Custom)).parcell_value().evcxr_display();
        show_results(vec![1, 2]);
        show_results(Vec::<u8>::new());
        show_results(vec![(), ()]);
        (&("x".repeat(100_000))).parcell_value().evcxr_display();
        // What is shown of a value is shown of a reference to it.
        (&(&Custom)).parcell_value().evcxr_display();
        let long = vec![0_u8; 20_000];
        (&(long.as_slice())).parcell_value().evcxr_display();
        (&(Rich)).parcell_value().evcxr_display();
        (&(html("<i>x</i>"))).parcell_value().evcxr_display();
        (&(DISPLAY.len() as f64 * 0.0)).parcell_value().evcxr_display();
        return;
    }
    let output = output_of(DISPLAY);
    let blocks = blocks(&output.stdout, "application/vnd.parcell.display+json");
    let texts: Vec<_> = blocks
        .iter()
        .map(|block| block["data"]["text/plain"].as_str().unwrap())
        .collect();
    assert_eq!(texts[..4], ["[Some(1)]", "\"a \\\"str\\\"\\n\"", "[1, 2]", "[]"]);
    assert!(texts[4].ends_with("x\"\n(shortened: 100,000 bytes)"));
    assert!(texts[5].ends_with("0, 0]\n(shortened: 20,000 elements)"));
    assert_eq!(texts[6..], ["rich", "x", "0.0"]);
    let result = json!({"message": "execute_result", "data": {"text/plain": "[Some(1)]"}, "metadata": {}});
    assert_eq!(blocks[0], result);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(printed.matches("its own display\n").count(), 2);
}
