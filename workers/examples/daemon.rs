//! A daemon: a process that goes on in the background, and that nobody waits for.
//!
//! `cargo run --example daemon`
#![allow(clippy::print_stdout, reason = "it is a program, and prints")]

use std::time::Duration;

use parcell::prelude::*;

fn main() -> Result<(), QueueError> {
    let beats = Queue::new();
    let daemon = Process::builder().name("heart").daemon(true).spawn(|| {
        for beat in 0u64.. {
            if beats.put(beat).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    println!("beats: {:?}", [beats.get()?, beats.get()?, beats.get()?]);
    println!(
        "children: {:?}",
        active_children().iter().map(|child| &child.name).collect::<Vec<_>>()
    );
    // When its handle goes, so does it, in the middle of whatever it does.
    drop(daemon);
    println!("children: {:?}", active_children());
    Ok(())
}
