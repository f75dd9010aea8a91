//! Many maps in one notebook, each with workers of its own.

use crate::level::Level;
use crate::many;
use parcell_tests::with_notebook_for;
use std::time::Duration;

/// How many maps a cell has.
const A_CELL: usize = 10;

#[test]
fn maps_leave_nothing() {
    let cells = many(100) / A_CELL;
    with_notebook_for(
        Duration::from_secs(180) + Duration::from_secs(10) * cells as u32,
        async |n| {
            n.prepare("let mut total = 0_usize;").await;
            let code = format!("for _ in 0..{A_CELL} {{ total += Pool::new(2).map(|n: u64| n * 2, 0..100).len(); }}");
            let mut before = None;
            for _ in 0..cells {
                n.prepare(&code).await;
                if before.is_none() {
                    before = Some(Level::of(n).await);
                }
            }
            assert_eq!(n.value("total").await, (cells * A_CELL * 100).to_string());
            Level::of(n).await.assert_level_since(&before.unwrap(), cells);
        },
    );
}
