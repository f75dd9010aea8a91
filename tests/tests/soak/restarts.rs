//! Kernels that are started and ended, and notebooks that are started anew.

use crate::level::Level;
use crate::many;
use parcell_tests::with_notebook_for;
use std::time::Duration;

#[test]
fn a_notebook_that_is_started_anew_again_and_again_is_a_new_one() {
    let times = many(10);
    with_notebook_for(
        Duration::from_secs(180) + Duration::from_secs(10) * times as u32,
        async |n| {
            let mut before = None;
            for time in 0..times {
                n.prepare(&format!("let kept = {time};")).await;
                assert_eq!(n.value("kept").await, time.to_string());
                n.succeed(":restart").await.take_text().unwrap();
                if before.is_none() {
                    before = Some(Level::of(n).await);
                }
                assert_eq!(n.failure("kept").await.ename, "CompileError");
            }
            Level::of(n).await.assert_level_since(&before.unwrap(), times * 3);
        },
    );
}
