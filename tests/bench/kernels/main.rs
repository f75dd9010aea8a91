//! Measures this kernel beside evcxr_jupyter, in one run and through the same client: `cargo bench -p parcell-tests --bench kernels`.
//!
//! The kernels take turns, so that whatever else the machine does falls on both. Figures are medians. evcxr_jupyter is
//! found in PATH or at EVCXR_JUPYTER (`cargo install --locked evcxr_jupyter --version 0.22.0`); without it this kernel
//! is measured alone. The kernel is `target/release/parcell`, or what PARCELL_BIN names.

#![allow(clippy::print_stdout, reason = "it prints its measurements")]

mod peer;

use peer::{Kind, Peer};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// How often each cell is run.
const CELLS: usize = 15;
/// How often each kernel is started.
const STARTS: usize = 3;
/// How often a cell is interrupted.
const INTERRUPTS: usize = 5;

/// What is run again and again; `{n}` is another number each time.
const TRIVIAL: [(&str, &str); 6] = [
    ("expression", "{n} + 1"),
    ("let", "let a{n} = {n};"),
    ("fn", "fn f{n}() -> u32 { {n} }"),
    ("print", "println!(\"{n}\");"),
    ("iterator", "(0..{n}).map(|n| n * 2).collect::<Vec<u32>>()"),
    ("error", "let wrong: u32 = \"{n}\";"),
];
const LINES: &str = "for n in 0..100_000 { println!(\"line {n}\"); }";

/// A GiB in a variable, and what sums up a part of it.
const CAPTURED: &str = ":dep rayon = \"1\"
use rayon::prelude::*;
const PARTS: usize = 64;
fn sum(bytes: &[u8]) -> u64 { bytes.iter().map(|byte| u64::from(*byte)).sum() }
let bytes = vec![1u8; 1 << 30];";
/// Both give the milliseconds that a sum of all parts takes.
const BY_WORKERS: &str = "let start = std::time::Instant::now();
let sums = Pool::default().map(|part: usize| sum(&bytes[part * (bytes.len() / PARTS)..][..bytes.len() / PARTS]), 0..PARTS);
assert_eq!(sums.iter().sum::<u64>(), bytes.len() as u64);
start.elapsed().as_secs_f64() * 1e3";
const BY_THREADS: &str = "let start = std::time::Instant::now();
let total: u64 = bytes.par_chunks(bytes.len() / PARTS).map(sum).sum();
assert_eq!(total, bytes.len() as u64);
start.elapsed().as_secs_f64() * 1e3";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // What cargo passes on (`--bench`) has no meaning here.
    let mut kinds = vec![Kind::parcell()];
    match Kind::evcxr() {
        Some(evcxr) => kinds.push(evcxr),
        None => println!("evcxr_jupyter is neither in PATH nor at EVCXR_JUPYTER: this kernel is measured alone"),
    }
    if !kinds[0].program.is_file() {
        println!("there is no {}: `cargo build --release`", kinds[0].program.display());
        return ExitCode::FAILURE;
    }
    // Whatever is made once (the compiled library, the toolchain in memory) is made now.
    for kind in &kinds {
        Peer::start(kind).await.stop().await;
    }
    println!("{:<38}{:>12}{:>18}{:>9}", "", kinds[0].name, "evcxr_jupyter", "ratio");
    starts(&kinds).await;
    let mut peers = Vec::new();
    for kind in &kinds {
        peers.push(Peer::start(kind).await);
    }
    cells(&mut peers).await;
    lines(&mut peers).await;
    interrupts(&mut peers).await;
    captured(&mut peers[0]).await;
    for peer in peers {
        peer.stop().await;
    }
    ExitCode::SUCCESS
}

async fn starts(kinds: &[Kind]) {
    let mut replies = vec![Vec::new(); kinds.len()];
    let mut results = vec![Vec::new(); kinds.len()];
    for _ in 0..STARTS {
        for (index, kind) in kinds.iter().enumerate() {
            let mut peer = Peer::start(kind).await;
            replies[index].push(peer.answered);
            let first = peer.run("let first = 1; first + 1").await;
            assert!(first.text.contains('2'), "{} answered {first:?}", kind.name);
            results[index].push(peer.started.elapsed());
            peer.stop().await;
        }
    }
    report("start to kernel_info_reply", &replies);
    report("start to the first cell's result", &results);
}

async fn cells(peers: &mut [Peer]) {
    let mut product = vec![1.0_f64; peers.len()];
    for (name, code) in TRIVIAL {
        let mut times = vec![Vec::new(); peers.len()];
        for n in 0..CELLS {
            let code = code.replace("{n}", &n.to_string());
            for (peer, times) in peers.iter_mut().zip(&mut times) {
                times.push(peer.run(&code).await.time);
            }
        }
        report(&format!("cell: {name}"), &times);
        for (product, times) in product.iter_mut().zip(&times) {
            *product *= median(times).as_secs_f64();
        }
    }
    let means: Vec<Vec<Duration>> = product
        .iter()
        .map(|product| vec![Duration::from_secs_f64(product.powf(1.0 / 6.0))])
        .collect();
    report("cells, geometric mean", &means);
}

async fn lines(peers: &mut [Peer]) {
    let mut times = vec![Vec::new(); peers.len()];
    let mut messages = Vec::new();
    for (peer, times) in peers.iter_mut().zip(&mut times) {
        let ran = peer.run(LINES).await;
        times.push(ran.time);
        messages.push(ran.messages.to_string());
    }
    report("100,000 printed lines", &times);
    println!(
        "{:<38}{:>12}{:>18}",
        "  in messages",
        messages[0],
        messages.get(1).map_or("", |count| count)
    );
}

async fn interrupts(peers: &mut [Peer]) {
    let mut times = vec![Vec::new(); peers.len()];
    let mut kept = vec![0; peers.len()];
    for _ in 0..INTERRUPTS {
        for (index, peer) in peers.iter_mut().enumerate() {
            peer.run("let kept = 7;").await;
            times[index].push(peer.interrupt_busy_cell().await);
            kept[index] += usize::from(peer.run("kept").await.text.contains('7'));
        }
    }
    report("interrupt of a busy cell to idle", &times);
    let kept: Vec<String> = kept.iter().map(|kept| format!("{kept} of {INTERRUPTS}")).collect();
    println!(
        "{:<38}{:>12}{:>18}",
        "  variables kept",
        kept[0],
        kept.get(1).map_or("", |kept| kept)
    );
}

/// In this kernel alone: its workers beside threads.
async fn captured(peer: &mut Peer) {
    peer.run(CAPTURED).await;
    let (mut workers, mut threads) = (Vec::new(), Vec::new());
    // Workers first: the threads of a pool would be missing in them.
    for (code, times) in [(BY_WORKERS, &mut workers), (BY_THREADS, &mut threads)] {
        for _ in 0..5 {
            let text = peer.run(code).await.text;
            let milliseconds: f64 = text.trim().parse().expect("the time of a sum");
            times.push(Duration::from_secs_f64(milliseconds / 1e3));
        }
    }
    report("a captured GiB in 64 parts, by workers", &[workers]);
    report("the same by rayon's threads", &[threads]);
}

fn report(what: &str, times: &[Vec<Duration>]) {
    let medians: Vec<Duration> = times.iter().map(|times| median(times)).collect();
    let milliseconds = |time: &Duration| format!("{:.0} ms", time.as_secs_f64() * 1e3);
    match medians.as_slice() {
        [ours, theirs] => println!(
            "{what:<38}{:>12}{:>18}{:>9.2}",
            milliseconds(ours),
            milliseconds(theirs),
            ours.as_secs_f64() / theirs.as_secs_f64()
        ),
        [ours, ..] => println!("{what:<38}{:>12}", milliseconds(ours)),
        [] => {}
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

/// The executable of this name in PATH.
fn in_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
}
