//! How much longer a cell takes in a notebook that has grown: variables, cells, crates; and a notebook that is run whole.

use std::time::Duration;

use crate::peer::{Kind, Peer};
use crate::report::Report;

/// How often a cell is run at each size.
const CELLS: usize = 9;
const VARIABLES: [usize; 4] = [0, 50, 100, 200];
const EARLIER_CELLS: [usize; 3] = [0, 100, 500];
/// How many cells a notebook has that is run whole, and how long each of them computes.
const WHOLE: usize = 20;
const COMPUTING: Duration = Duration::from_millis(500);

/// Values of as many types.
const VALUES: [&str; 20] = [
    "1u8",
    "2i64",
    "1.5f32",
    "'c'",
    "true",
    "(1, 2.5)",
    "[1, 2, 3]",
    "vec![1u64, 2, 3]",
    "String::from(\"text\")",
    "\"text\"",
    "Some(3)",
    "vec![String::new()]",
    "std::collections::HashMap::from([(1, 2)])",
    "std::collections::BTreeMap::from([(\"a\".to_string(), 2)])",
    "std::collections::HashSet::from([1])",
    "Box::new(5)",
    "std::rc::Rc::new(6)",
    "std::cell::RefCell::new(7)",
    "std::time::Duration::from_secs(8)",
    "vec![(1u8, 'x', 2.0)]",
];

const CRATES: &str = ":dep ndarray = \"0.16\"
:dep rand = \"0.9\"
:dep rayon = \"1\"
:dep serde_json = \"1\"
:dep regex = \"1\"
:dep chrono = \"0.4\"
:dep itertools = \"0.14\"
:dep plotters = { version = \"0.3\", default-features = false, features = [\"svg_backend\", \"line_series\"] }
let crates = 8;";

/// The same cells with more and more variables in the notebook.
pub(crate) async fn variables(kinds: &[Kind], report: &mut Report) {
    let mut peers = start(kinds).await;
    let mut defined = 0;
    for count in VARIABLES {
        for peer in &mut peers {
            for chunk in (defined..count).collect::<Vec<_>>().chunks(VALUES.len()) {
                let lines = chunk
                    .iter()
                    .map(|n| format!("let v{n} = {};", VALUES[n % VALUES.len()]));
                peer.run(&lines.collect::<Vec<_>>().join("\n")).await;
            }
        }
        defined = count;
        trivial(&mut peers, &format!("with {count} variables"), report).await;
    }
    let mut times = Vec::new();
    for _ in 0..CELLS {
        times.push(peers[0].complete("v199.").await);
    }
    report.row("completion while idle, 200 variables", &[times]);
    stop(peers).await;
}

/// The same cells after more and more others.
pub(crate) async fn cells(kinds: &[Kind], report: &mut Report) {
    let mut peers = start(kinds).await;
    let mut run = 0;
    for count in EARLIER_CELLS {
        for peer in &mut peers {
            for n in run..count {
                peer.run(&format!("fn earlier{n}(x: u64) -> u64 {{ x + {n} }}")).await;
            }
        }
        run = count;
        trivial(&mut peers, &format!("after {count} cells"), report).await;
    }
    stop(peers).await;
}

/// Usual crates, in a session that is the first one to need them, and in the next; and the same cells with them.
pub(crate) async fn crates(kinds: &[Kind], report: &mut Report) {
    for session in ["the first session", "the next session"] {
        let mut peers = start(kinds).await;
        let mut times = vec![Vec::new(); peers.len()];
        for (peer, times) in peers.iter_mut().zip(&mut times) {
            times.push(peer.run(&format!("{}{CRATES}", peer.keeps_crates())).await.time);
        }
        report.row(&format!(":dep of 8 crates, {session}"), &times);
        if session == "the next session" {
            trivial(&mut peers, "with 8 crates", report).await;
        }
        stop(peers).await;
    }
}

/// A notebook of which all cells are queued at once. What it takes beyond the computing is the kernel's.
pub(crate) async fn whole(kinds: &[Kind], report: &mut Report) {
    let mut peers = start(kinds).await;
    let mut times = vec![Vec::new(); peers.len()];
    let milliseconds = COMPUTING.as_millis();
    let cells: Vec<String> = (0..WHOLE)
        .map(|n| {
            format!(
                "let start{n} = std::time::Instant::now();\nlet mut rounds{n} = 0u64;\n\
                 while start{n}.elapsed().as_millis() < {milliseconds} {{ rounds{n} = std::hint::black_box(rounds{n} + 1); }}"
            )
        })
        .collect();
    for (peer, times) in peers.iter_mut().zip(&mut times) {
        let took = peer.run_all(&cells).await;
        let computing = COMPUTING * u32::try_from(WHOLE).unwrap_or(u32::MAX);
        times.push(took.saturating_sub(computing));
    }
    report.row("20 cells of half a second: what comes on top", &times);
    stop(peers).await;
}

async fn trivial(peers: &mut [Peer], when: &str, report: &mut Report) {
    for (name, code) in [("an expression", "{n} + 1"), ("`let`", "let zz = {n};")] {
        let mut times = vec![Vec::new(); peers.len()];
        for n in 0..CELLS {
            let code = code.replace("{n}", &n.to_string());
            for (peer, times) in peers.iter_mut().zip(&mut times) {
                times.push(peer.run(&code).await.time);
            }
        }
        report.row(&format!("{name} {when}"), &times);
    }
}

async fn start(kinds: &[Kind]) -> Vec<Peer> {
    let mut peers = Vec::new();
    for kind in kinds {
        let mut peer = Peer::start(kind).await;
        // What is read once is read now.
        peer.run("let warm = vec![1].len();").await;
        peers.push(peer);
    }
    peers
}

async fn stop(peers: Vec<Peer>) {
    for peer in peers {
        peer.stop().await;
    }
}
