//! How much memory the kernel keeps.

use std::time::Duration;

use parcell_tests::{holds_within, with_notebook};

/// What is freed when the standard library has been read is a hundred MiB.
const GIVEN_BACK: u64 = 32 << 20;

#[test]
fn what_reading_the_standard_library_has_freed_is_given_back() {
    with_notebook(async |notebook| {
        notebook.succeed("let length = vec![1].len();").await;
        let mut most = 0;
        let is_given_back = holds_within(Duration::from_secs(90), || {
            let now = notebook.kernel.memory();
            most = most.max(now);
            now + GIVEN_BACK < most
        });
        assert!(is_given_back.await, "{} MiB stay", most >> 20);
        assert_eq!(notebook.value("length").await, "1");
    });
}
