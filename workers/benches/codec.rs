//! What encoding and decoding cost: large plain data, large structured data, and small values. Run it with
//! `cargo bench --bench codec`.

#![allow(clippy::print_stdout, reason = "it prints its measurements")]
#![allow(
    dead_code,
    unused_imports,
    reason = "the modules are those of the library, which uses more of them, and tests them"
)]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

// The library does not show them to programs.
#[path = "../src/codec/mod.rs"]
mod codec;
#[path = "../src/fuzzing.rs"]
#[cfg(test)]
mod fuzzing;
#[path = "../src/text"]
mod text {
    mod type_name;
    pub(crate) use type_name::short_type_name;
}
#[path = "../src/sys"]
mod sys {
    pub(crate) mod bulk;
    pub(crate) mod bulk_vec;
    /// What is measured has the allocator that programs have.
    pub(crate) mod counted {
        pub(crate) fn frugally<R>(_bytes: usize, act: impl FnOnce() -> R) -> R {
            act()
        }
    }
    pub(crate) mod huge_pages;
    pub(crate) mod stack;
    mod vec_parts;
}

/// The size of large data in memory, in bytes.
const LARGE: usize = 64 << 20;
const SMALL_RUNS: u32 = 100_000;

#[derive(Clone, Serialize, Deserialize)]
struct Point {
    x: f64,
    y: f64,
    label: String,
    tags: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
struct Image {
    name: String,
    pixels: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Series {
    name: String,
    values: Vec<f64>,
}

fn main() {
    println!(
        "{:<32} {:>12} {:>12} {:>12} {:>12}",
        "64 MiB of", "encode", "again", "decode", "together"
    );
    copies(&vec![200u8; LARGE]);
    large("Vec<u8>", &vec![200u8; LARGE]);
    large("Vec<f64>", &vec![0.1f64; LARGE / 8]);
    large("Vec<i32>", &vec![-5i32; LARGE / 4]);
    large("Vec<bool>", &vec![true; LARGE]);
    large("Vec<[f64; 3]>", &vec![[0.1f64; 3]; LARGE / 24]);
    large("String, ASCII", &"a".repeat(LARGE));
    large("String, not ASCII", &"ü".repeat(LARGE / 2));
    large(
        "Vec<u8> in a struct",
        &Image {
            name: "i".into(),
            pixels: vec![200; LARGE],
        },
    );
    large(
        "Vec<f64> in a struct",
        &Series {
            name: "s".into(),
            values: vec![0.1; LARGE / 8],
        },
    );
    large("Vec<Vec<f64>>, 1000 each", &vec![vec![0.1f64; 1000]; LARGE / 8000]);
    large("Vec<(f64, f64, f64)>", &vec![(0.1f64, 0.2f64, 0.3f64); LARGE / 24]);
    let point = Point {
        x: 0.1,
        y: 0.2,
        label: "label".into(),
        tags: vec![1, 2, 3],
    };
    large("Vec<Point>, a struct", &vec![point.clone(); LARGE / size_of::<Point>()]);

    println!("\n{:<32} {:>12} {:>12}", "one", "encode", "decode");
    small("()", &());
    small("u64", &12_345u64);
    small("f64", &0.1f64);
    small("(u64, f64)", &(1u64, 0.1f64));
    small("String of 20", &"x".repeat(20));
    small("Vec<u8> of 5", &vec![1u8; 5]);
    small("Vec<f64> of 5", &vec![0.1f64; 5]);
    small("Vec<f64> of 100", &vec![0.1f64; 100]);
    small("Option<Option<u8>>", &Some(None::<u8>));
    small("Point", &point);
    small(
        "HashMap<String, u32> of 10",
        &(0..10).map(|n| (n.to_string(), n)).collect::<HashMap<_, u32>>(),
    );
}

/// How long one run takes: the shortest of several, when nothing else disturbs it.
fn best(runs: usize, mut run: impl FnMut()) -> Duration {
    let timed = |_| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..runs).map(timed).min().unwrap_or_default()
}

fn encoded<T: Serialize>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    codec::encode_into(value, &mut out).expect("it can be encoded");
    out
}

fn decoded<T: DeserializeOwned>(bytes: &[u8]) -> T {
    codec::decode(bytes).expect("it can be decoded")
}

fn speed(took: Duration) -> String {
    format!("{:.2} GB/s", LARGE as f64 / 1e9 / took.as_secs_f64())
}

/// What the machine can do: a copy into memory that is new, and into memory that has been in use.
fn copies(bytes: &[u8]) {
    let mut used = bytes.to_vec();
    let new = best(5, || drop(black_box(black_box(bytes).to_vec())));
    let again = best(5, || black_box(&mut used).copy_from_slice(black_box(bytes)));
    println!(
        "{:<32} {:>12} {:>12} {:>12} {:>12}",
        "a copy",
        speed(new),
        speed(again),
        speed(new),
        speed(2 * new)
    );
}

/// Speed by the size in memory: into memory that is new each time, and again into memory that has been in use.
fn large<T: Serialize + DeserializeOwned>(name: &str, value: &T) {
    let mut bytes = encoded(value);
    let encode = best(5, || drop(black_box(encoded(black_box(value)))));
    let again = best(5, || {
        bytes.clear();
        codec::encode_into(black_box(value), &mut bytes).expect("it can be encoded");
    });
    let decode = best(5, || drop(black_box(decoded::<T>(black_box(&bytes)))));
    let [encode, again, decode, together] = [encode, again, decode, encode + decode].map(speed);
    println!("{name:<32} {encode:>12} {again:>12} {decode:>12} {together:>12}");
}

fn small<T: Serialize + DeserializeOwned>(name: &str, value: &T) {
    let bytes = encoded(value);
    let mut out = Vec::new();
    let encode = best(5, || {
        for _ in 0..SMALL_RUNS {
            out.clear();
            codec::encode_into(black_box(value), &mut out).expect("it can be encoded");
        }
    });
    let decode = best(5, || {
        (0..SMALL_RUNS).for_each(|_| drop(black_box(decoded::<T>(black_box(&bytes)))))
    });
    let nanoseconds = |took: Duration| format!("{:.1} ns", took.as_secs_f64() * 1e9 / f64::from(SMALL_RUNS));
    println!("{name:<32} {:>12} {:>12}", nanoseconds(encode), nanoseconds(decode));
}
