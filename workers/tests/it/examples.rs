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
