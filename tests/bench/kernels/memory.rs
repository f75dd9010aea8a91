//! How much memory a kernel takes, with all processes that it has started: what they have in common counts once.

use std::time::Duration;

use parcell_tests::descendants;

use crate::peer::{Kind, Peer};
use crate::report::Report;

/// Long enough for what is read in the background, and for what is given back after it.
const SILENCE: Duration = Duration::from_secs(30);

pub(crate) async fn memory(kinds: &[Kind], report: &Report) {
    let mut peers = Vec::new();
    for kind in kinds {
        peers.push(Peer::start(kind).await);
    }
    let tell = |what: &str, peers: &[Peer]| {
        let said: Vec<_> = peers
            .iter()
            .map(|peer| format!("{} MiB", of_all(peer.pid()) >> 20))
            .collect();
        report.remark(what, &said);
    };
    tell("memory of all processes, at the start", &peers);
    for (what, code) in [
        ("after a first cell", "1 + 1"),
        ("after types were inferred", "let a = vec![1].len();"),
    ] {
        for peer in &mut peers {
            peer.run(code).await;
        }
        tell(what, &peers);
    }
    tokio::time::sleep(SILENCE).await;
    tell("half a minute later", &peers);
    for peer in peers {
        peer.stop().await;
    }
}

/// In bytes.
fn of_all(pid: i32) -> u64 {
    let others = descendants(pid).into_iter().map(|process| process.pid);
    // Of what a process has in common with others, its share. One that has ended meanwhile has none.
    let of_one = |pid| parcell_tests::memory(pid, "smaps_rollup", "Pss");
    others.chain([pid]).filter_map(of_one).sum()
}
