//! Cells that print more than anybody reads.

use crate::level::Level;
use crate::many;
use parcell_tests::{Notebook, with_notebook_for};
use std::time::Duration;

const MEBIBYTE: usize = 1 << 20;
/// Of so many cells what was not shown is kept, while the kernel lives.
const KEPT: usize = 4;

#[test]
fn output_is_read_and_not_kept_for_ever() {
    let mebibytes = many(7);
    with_notebook_for(
        Duration::from_secs(180) + Duration::from_secs(20) * mebibytes as u32,
        async |n| {
            n.prepare("use std::io::Write;").await;
            print(n, mebibytes).await;
            let before = Level::of(n).await;
            print(n, mebibytes).await;
            Level::of(n).await.assert_level_since(&before, KEPT);
        },
    );
}

/// Prints so much in each of several cells.
async fn print(n: &mut Notebook, mebibytes: usize) {
    let lines = mebibytes * MEBIBYTE / 64;
    let code = format!(
        "let mut out = std::io::stdout().lock(); let line = [b'x'; 63];
         for _ in 0..{lines} {{ out.write_all(&line)?; out.write_all(b\"\\n\")?; }}"
    );
    for _ in 0..KEPT {
        let mut cell = n.succeed(&code).await;
        let shown = cell.take_stdout().len();
        assert!(shown < mebibytes * MEBIBYTE, "{shown}");
        assert!(cell.take_stderr().contains("left out here"));
        cell.take_displays();
    }
}
