//! The examples are programs as a newcomer would write them: they run, and say what the same cells say.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rstest::rstest;

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_pool_maps_in_a_program_as_in_a_cell() {
    let printed = output_of_example("pool");
    let lines: Vec<_> = printed.lines().collect();
    let squared = lines.iter().filter(|line| line.starts_with("process ")).count();
    assert_eq!(squared, 5, "{printed}");
    for expected in ["squares: [1, 4, 9, 16, 25]", "sum: 499999500000", "ok: 20", "ok: 10"] {
        assert!(lines.contains(&expected), "{expected:?} in {printed}");
    }
    for (start, end) in [
        ("error: item 1 (pid ", ": 1 is not welcome"),
        ("error: item 2 (pid ", ") was killed by SIGABRT (abort)"),
    ] {
        assert!(
            lines.iter().any(|line| line.starts_with(start) && line.ends_with(end)),
            "{start} in {printed}"
        );
    }
    let parsed = lines.last().unwrap();
    assert!(
        parsed.starts_with("parsed: Err(Failed { pid: ") && parsed.contains("item: Some(2)"),
        "{printed}"
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn processes_return_in_the_order_in_which_they_are_joined() {
    let printed = output_of_example("process");
    let returned: Vec<_> = printed.lines().filter(|line| line.contains(" returned ")).collect();
    let expected: Vec<_> = (0..5)
        .map(|n| format!("worker-{n} returned {}, exit code Some(0)", n * 10))
        .collect();
    assert_eq!(returned, expected);
    for number in 0..5 {
        assert!(printed.contains(&format!("worker {number} is done\n")), "{printed}");
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_executor_gives_results_as_they_are_done_and_in_order() {
    let printed = output_of_example("executor");
    let lines: Vec<_> = printed.lines().collect();
    let mut worked: Vec<_> = lines
        .iter()
        .filter_map(|line| line.split_once(" works on "))
        .map(|(_, n)| n)
        .collect();
    worked.sort_unstable();
    assert_eq!(worked, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    assert!(
        lines.contains(&"squares: [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]"),
        "{printed}"
    );
    let means = lines
        .iter()
        .find_map(|line| line.strip_prefix("means: [")?.strip_suffix(']'))
        .unwrap();
    let means: Vec<f64> = means.split(", ").map(|mean| mean.parse().unwrap()).collect();
    assert_eq!(means.len(), 8);
    assert!(means.iter().all(|mean| (mean - 1.3012).abs() < 0.002), "{means:?}");
    let error = lines.iter().find(|line| line.starts_with("error: process ")).unwrap();
    assert!(error.ends_with("attempt to divide by zero"), "{error}");
    assert_eq!(lines.last(), Some(&"after it: Ok(25)"));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
#[case("apply", &["cube: 27", "double: 10"])]
#[case("chunks", &["by hand: [9025, 9216, 9409, 9604, 9801]", "the same: true"])]
#[case("queue", &[
    "squares: [0, 1, 4, 9, 16]",
    "received: Ok([Number(42), Nothing, Text(\"hello\")])",
    "Hello from process",
    "it heard: and back",
    "tasks: 55",
])]
#[case("shared", &[
    "with a lock: 40000",
    "with the value's own: 40000",
    "totals: [1200, 1225, 1250, 1275]",
    "root of 999,999: 999.999",
])]
#[case("manager", &["list: [\"Hello\"]", "scores: [(\"a\", 3), (\"b\", 1), (\"c\", 1)]"])]
#[case("primes", &[
    "in each block: [1229, 1033, 983, 958, 930, 924, 878, 902, 876, 879]",
    "below 100000: 9592",
])]
#[case("daemon", &["beats: [0, 1, 2]", "children: [\"heart\"]", "children: []"])]
fn an_example_says_what_the_lesson_says(#[case] name: &str, #[case] expected: &[&str]) {
    let printed = output_of_example(name);
    let mut lines = printed.lines();
    for line in expected {
        assert!(lines.any(|printed| printed == *line), "{line:?} in {printed}");
    }
}

fn output_of_example(name: &str) -> String {
    let test = std::env::current_exe().unwrap();
    let example: PathBuf = test.ancestors().nth(2).unwrap().join("examples").join(name);
    let output = Command::new(&example)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", example.display()));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // No other threads run, so there is nothing to warn of.
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    printed
}
