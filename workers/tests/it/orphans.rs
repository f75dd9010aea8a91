//! Workers end when the program does, however it ends.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use parcell::{Pool, Process};
use rstest::rstest;

use crate::support::{is_program, program};

const NAME: &str = "orphans::workers_vanish_when_the_program_is_killed";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn workers_vanish_when_the_program_is_killed() {
    if is_program(NAME) {
        run_for_ever();
    }
    let mut child = program(NAME).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut working = 0;
    while working < 5 {
        let mut line = String::new();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "the program ended by itself");
        working += usize::from(line.contains("working"));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The end of its output comes when the last process that could write to it has gone.
    output.read_to_end(&mut Vec::new()).unwrap();
}

/// Five workers, of a process, a pool, and a pool in a worker, that would never end by themselves.
fn run_for_ever() {
    let work = || {
        println!("working");
        loop {
            std::hint::spin_loop();
        }
    };
    let _process = std::thread::spawn(move || Process::spawn(work)).join().unwrap();
    Pool::new(3).map(
        |n: u32| {
            if n == 0 {
                Pool::new(2).map(|_: u32| work(), 0..2).len()
            } else {
                work()
            }
        },
        0..3,
    );
}
