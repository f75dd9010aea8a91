//! A manager: lists and dictionaries that live in a process of their own and that any process may change.
//!
//! `cargo run --example manager`
#![allow(clippy::print_stdout, reason = "it is a program, and prints")]

use parcell::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let manager = Manager::new()?;
    let list = manager.list::<String>()?;
    let scores = manager.dict::<String, u32>()?;

    Process::spawn(|| list.push("Hello".to_owned())).join()??;
    println!("list: {:?}", list.to_vec()?);

    let count = |word: &str| {
        // In one step, whoever else counts at the same time.
        scores.update(word, |count| Some(count.unwrap_or(0) + 1)).map(drop)
    };
    Pool::new(3)
        .map(count, ["a", "b", "a", "c", "a"])
        .into_iter()
        .collect::<Result<(), _>>()?;
    let mut items = scores.items()?;
    items.sort();
    println!("scores: {items:?}");
    Ok(())
}
