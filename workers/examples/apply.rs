//! One call in another process: waited for, and not waited for.
//!
//! `cargo run --example apply`
#![allow(clippy::print_stdout, reason = "it is a program, and prints")]

use parcell::prelude::*;

fn double(n: i64) -> i64 {
    n * 2
}

fn main() -> Result<(), TaskError> {
    parcell::init();
    let pool = Pool::new(2);

    // It is forked, so it sees this program's variables.
    let exponent = 3;
    println!("cube: {}", pool.apply(|n: i64| n.pow(exponent), 3));

    // A standing worker runs it while this process goes on. It gets the argument, and nothing else.
    let result = pool.apply_async(double, 5);
    println!("double: {}", result.get()?);
    Ok(())
}
