//! Measures this kernel beside evcxr_jupyter, in one run and through the same client: `cargo bench -p parcell-tests --bench kernels`.
//!
//! The kernels take turns, so that whatever else the machine does falls on both. Figures are medians. evcxr_jupyter is
//! found in PATH or at EVCXR_JUPYTER (`cargo install --locked evcxr_jupyter --version 0.22.0`); without it this kernel
//! is measured alone. The kernel is `target/release/parcell`, or what PARCELL_BIN names.
//!
//! It takes a quarter of an hour. A word behind `--` measures a part only: starts, cells, output, variables, growth, crates,
//! whole, memory, captured. The rows are also written as JSON and as a picture, to `target/bench/`.

#![allow(clippy::print_stdout, reason = "it prints its measurements")]

mod growth;
mod memory;
mod peer;
mod report;

use peer::{Kind, Peer};
use report::{Report, median};
use std::path::{Path, PathBuf};
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
    let mut report = Report::new(kinds.iter().map(|kind| kind.name).collect());
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let is_wanted = |part: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == part);
    if is_wanted("starts") {
        starts(&kinds, &mut report).await;
    }
    if is_wanted("cells") || is_wanted("output") {
        let mut peers = Vec::new();
        for kind in &kinds {
            peers.push(Peer::start(kind).await);
        }
        if is_wanted("cells") {
            cells(&mut peers, &mut report).await;
        }
        if is_wanted("output") {
            lines(&mut peers, &mut report).await;
            interrupts(&mut peers, &mut report).await;
        }
        for peer in peers {
            peer.stop().await;
        }
    }
    if is_wanted("variables") {
        growth::variables(&kinds, &mut report).await;
    }
    if is_wanted("growth") {
        growth::cells(&kinds, &mut report).await;
    }
    if is_wanted("crates") {
        growth::crates(&kinds, &mut report).await;
    }
    if is_wanted("whole") {
        growth::whole(&kinds, &mut report).await;
    }
    if is_wanted("memory") {
        memory::memory(&kinds, &report).await;
    }
    if is_wanted("captured") {
        let mut peer = Peer::start(&kinds[0]).await;
        captured(&mut peer, &mut report).await;
        peer.stop().await;
    }
    let directory = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench"));
    match report.write(directory) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{} cannot be written: {error}", directory.display());
            ExitCode::FAILURE
        }
    }
}

/// First cells: one that is shown, one of which the type is plain, one whose types are inferred.
const FIRST: [(&str, &str); 3] = [
    ("an expression", "1 + 1"),
    ("`let` with a literal", "let first = 1;"),
    ("`let` and its value", "let first = vec![1].len(); first + 1"),
];

async fn starts(kinds: &[Kind], report: &mut Report) {
    let mut replies = vec![Vec::new(); kinds.len()];
    for (name, code) in FIRST {
        let mut results = vec![Vec::new(); kinds.len()];
        for _ in 0..STARTS {
            for (index, kind) in kinds.iter().enumerate() {
                let mut peer = Peer::start(kind).await;
                replies[index].push(peer.answered);
                peer.run(code).await;
                results[index].push(peer.started.elapsed());
                peer.stop().await;
            }
        }
        report.row(&format!("start to the end of the first cell: {name}"), &results);
    }
    let mut pools = Vec::new();
    for _ in 0..STARTS {
        let mut peer = Peer::start(&kinds[0]).await;
        peer.run("%%pool -n 2 0..4\n|n| n * 2").await;
        pools.push(peer.started.elapsed());
        peer.stop().await;
    }
    report.row("start to the end of the first cell: %%pool", &[pools]);
    report.row("start to kernel_info_reply", &replies);
}

async fn cells(peers: &mut [Peer], report: &mut Report) {
    let mut product = vec![1.0_f64; peers.len()];
    for (name, code) in TRIVIAL {
        let mut times = vec![Vec::new(); peers.len()];
        for n in 0..CELLS {
            let code = code.replace("{n}", &n.to_string());
            for (peer, times) in peers.iter_mut().zip(&mut times) {
                times.push(peer.run(&code).await.time);
            }
        }
        report.row(&format!("cell: {name}"), &times);
        for (product, times) in product.iter_mut().zip(&times) {
            *product *= median(times).as_secs_f64();
        }
    }
    let means: Vec<Vec<Duration>> = product
        .iter()
        .map(|product| vec![Duration::from_secs_f64(product.powf(1.0 / 6.0))])
        .collect();
    report.row("cells, geometric mean", &means);
}

async fn lines(peers: &mut [Peer], report: &mut Report) {
    let mut times = vec![Vec::new(); peers.len()];
    let mut messages = Vec::new();
    for (peer, times) in peers.iter_mut().zip(&mut times) {
        let ran = peer.run(LINES).await;
        times.push(ran.time);
        messages.push(ran.messages.to_string());
    }
    report.row("100,000 printed lines", &times);
    report.remark("in messages", &messages);
}

async fn interrupts(peers: &mut [Peer], report: &mut Report) {
    let mut times = vec![Vec::new(); peers.len()];
    let mut kept = vec![0; peers.len()];
    for _ in 0..INTERRUPTS {
        for (index, peer) in peers.iter_mut().enumerate() {
            peer.run("let kept = 7;").await;
            times[index].push(peer.interrupt_busy_cell().await);
            kept[index] += usize::from(peer.run("kept").await.text.contains('7'));
        }
    }
    report.row("interrupt of a busy cell to idle", &times);
    let kept: Vec<String> = kept.iter().map(|kept| format!("{kept} of {INTERRUPTS}")).collect();
    report.remark("variables kept", &kept);
}

/// In this kernel alone: its workers beside threads.
async fn captured(peer: &mut Peer, report: &mut Report) {
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
    report.row("a captured GiB in 64 parts, by workers", &[workers]);
    report.row("the same by rayon's threads", &[threads]);
}

/// The executable of this name in PATH.
fn in_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
}
