//! What rewritten notebook cells call.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Output;
use std::time::Duration;

use parcell::cell::{self, PoolOptions, ProcessOptions, show_results};
use parcell::prelude::*;
use rstest::rstest;

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

fn output_of(name: &str) -> Output {
    let output = program(name).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn in_a_program_failures_are_panics() {
    let failed = failure(|| {
        drop(cell::pool(PoolOptions::new().workers(2)).map(
            |n: u32| {
                if n == 1 {
                    panic!("boom")
                }
            },
            0..2,
        ))
    });
    assert!(
        failed.starts_with("item 1 (pid ") && failed.ends_with("boom"),
        "{failed}"
    );
    let failed = failure(|| {
        drop(cell::pool(PoolOptions::new().workers(2)).try_map(|n: u32| if n == 1 { Err("no") } else { Ok(n) }, 0..2))
    });
    assert!(failed.ends_with("failed: no"), "{failed}");
    let failed = failure(|| {
        drop(cell::process(ProcessOptions::new().count(3)).run_indexed(|n: u32| {
            if n > 0 {
                std::process::exit(3)
            }
        }))
    });
    assert_eq!(failed.lines().next(), Some("2 processes failed:"));
    assert_eq!(failed.lines().count(), 3);
}

fn failure(cell: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(cell)).unwrap_err();
    *payload.downcast::<String>().unwrap()
}

const DISPLAY: &str = "cell::in_a_program_results_are_printed_unless_they_say_nothing";

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
fn in_a_program_results_are_printed_unless_they_say_nothing() {
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
        parcell::show!(DISPLAY.len() as f64 * 0.0);
        return;
    }
    let output = output_of(DISPLAY);
    let printed = String::from_utf8(output.stdout).unwrap();
    // Where the program has written its own first line is the test harness's to say.
    let (_, printed) = printed.split_once("a part of a line").unwrap();
    let (short, rest) = printed.split_once("\"xxx").unwrap();
    assert_eq!(short, "[Some(1)]\n\"a \\\"str\\\"\\n\"\nits own display\n[1, 2]\n[]\n");
    assert!(
        rest.contains("x\"\n(shortened: 100,000 bytes)\nits own display\n[0, 0"),
        "{rest}"
    );
    assert!(
        rest.contains("0, 0]\n(shortened: 20,000 elements)\nrich\nx\n0.0\n"),
        "{rest}"
    );
    assert!(!rest.contains("EVCXR"), "{rest}");
}
