//! What a profile tells, and what its second run does not do.

use std::time::Duration;

use parcell::{Pool, SharedArray, Value};
use rstest::rstest;

use crate::notebook::connect;
use crate::support::{is_program, program};

fn pool(workers: usize) -> Pool {
    Pool::builder().workers(workers).profile(true).build()
}

/// Runs the body of the test `name` as a program; what it has printed on standard output and standard error.
fn run(name: &str) -> (String, String) {
    let output = program(name).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

const MEASURED: &str = "profile::a_short_map_is_measured_whole_and_its_second_run_leaves_no_trace";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_short_map_is_measured_whole_and_its_second_run_leaves_no_trace() {
    if is_program(MEASURED) {
        let runs = Value::new(0u32);
        let results = pool(2).map(
            |n: u64| {
                println!("item {n} is run");
                *runs.lock() += 1;
                // The second time it fails, which is nobody's concern.
                assert!(*runs.lock() < 15, "again");
                std::thread::sleep(Duration::from_millis(20));
                n * n
            },
            0..10,
        );
        assert_eq!(results, [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
        assert_eq!(runs.get(), 20);
        return;
    }
    let (stdout, stderr) = run(MEASURED);
    assert_eq!(stdout.matches("is run").count(), 10, "{stdout}");
    assert!(stderr.starts_with("10 items by 2 workers in "), "{stderr}");
    assert!(stderr.contains("speed-up    about "), "{stderr}");
    assert!(
        stderr.contains("extrapolated: measured on 4 of 10 items, run a second time"),
        "{stderr}"
    );
    assert!(!stderr.contains("again\n"), "{stderr}");
}

const SAMPLED: &str = "profile::a_long_map_is_measured_on_some_of_its_items";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_long_map_is_measured_on_some_of_its_items() {
    if is_program(SAMPLED) {
        let wait = |n: u32| std::thread::sleep(Duration::from_millis(if n < 4 { 500 } else { 100 }));
        pool(4).for_each(wait, 0..40);
        return;
    }
    let (_, stderr) = run(SAMPLED);
    let measured = stderr.split_once("measured on ").unwrap().1;
    let measured: u32 = measured.split_once(" of 40 items").unwrap().0.parse().unwrap();
    assert!((5..=25).contains(&measured), "{stderr}");
    // The map took 5.6 s of its workers, which sleeping does not make slower, whatever else this machine does.
    let speed_up = stderr.split_once("speed-up    about ").unwrap().1;
    let speed_up: f64 = speed_up.split_once(" of 4").unwrap().0.parse().unwrap();
    assert!((1.5..=4.1).contains(&speed_up), "{stderr}");
    let slowest: Vec<&str> = stderr.lines().skip_while(|line| !line.contains("slowest")).collect();
    let slow = |line: &str| line.split_whitespace().next().unwrap().parse::<u32>().unwrap();
    assert!(slowest[1..5].iter().all(|line| slow(line) < 4), "{stderr}");
}

const UNMEASURED: &str = "profile::what_cannot_be_run_again_has_a_profile_without_a_speed_up";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn what_cannot_be_run_again_has_a_profile_without_a_speed_up() {
    if is_program(UNMEASURED) {
        let doubled: Result<Vec<u32>, _> = pool(2).imap(|n: u32| n * 2, 0..100).collect();
        assert_eq!(doubled.unwrap()[99], 198);
        let mut numbers = SharedArray::from_slice(&[1, 2, 3, 4]);
        pool(2).for_each_chunk_mut(&mut numbers, 2, |_, chunk| chunk.iter_mut().for_each(|n| *n += 1));
        assert_eq!(numbers.as_slice(), [2, 3, 4, 5]);
        let stopped = pool(2).try_map(|n: u32| if n == 3 { Err("three") } else { Ok(n) }, 0..10);
        assert!(stopped.is_err());
        return;
    }
    let (_, stderr) = run(UNMEASURED);
    let reasons: Vec<&str> = stderr
        .lines()
        .filter_map(|line| line.split_once("not measured: "))
        .map(|(_, reason)| reason)
        .collect();
    assert_eq!(
        reasons,
        [
            "the items of a stream are gone when they have been run",
            "the items change shared memory, and would change it again",
            "the map was stopped before its end",
        ]
    );
    assert!(!stderr.contains("speed-up"), "{stderr}");
}

const KILLED: &str = "profile::an_item_that_ends_its_worker_is_among_the_slowest_and_not_run_again";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_item_that_ends_its_worker_is_among_the_slowest_and_not_run_again() {
    if is_program(KILLED) {
        let runs = Value::new(0u32);
        let ends = |n: u32| {
            if n == 2 {
                *runs.lock() += 1;
                std::thread::sleep(Duration::from_millis(100));
                std::process::abort();
            }
        };
        assert!(pool(2).map_results(ends, 0..6)[2].is_err());
        assert_eq!(runs.get(), 1);
        return;
    }
    let (_, stderr) = run(KILLED);
    let slowest = stderr.lines().skip_while(|line| !line.contains("slowest")).nth(1);
    assert!(slowest.unwrap().trim_start().starts_with("2 "), "{stderr}");
    assert!(stderr.contains("measured on 5 of 6 items"), "{stderr}");
}

const SHOWN: &str = "profile::a_notebook_is_told_of_the_second_run_and_then_shows_the_profile_in_its_place";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_notebook_is_told_of_the_second_run_and_then_shows_the_profile_in_its_place() {
    if is_program(SHOWN) {
        let _kernel = connect();
        assert_eq!(pool(2).map(|n: u32| n + 1, 0..3), [1, 2, 3]);
        return;
    }
    let (stdout, _) = run(SHOWN);
    let shown = crate::progress::displays(stdout.as_bytes());
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[0]["metadata"]["parcell"]["transient"], true);
    assert_eq!(shown[0]["display_id"], shown[1]["display_id"]);
    let html = shown[1]["data"]["text/html"].as_str().unwrap();
    assert!(
        html.contains("speed-up") && html.contains("measured: all items were run a second time"),
        "{html}"
    );
}
