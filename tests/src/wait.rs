//! Time limits: no test waits for ever.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How long one test may take, the start of its kernel and first compilations included.
pub(crate) const TEST_LIMIT: Duration = Duration::from_secs(180);

/// How often a condition is looked at that nothing announces.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Runs a test on a runtime of its own.
///
/// # Panics
///
/// When the test takes longer than three minutes.
pub fn within_test_limit(test: impl Future<Output = ()>) {
    within_limit(TEST_LIMIT, test);
}

/// Runs a long test on a runtime of its own.
///
/// # Panics
///
/// When the test takes longer than `limit`.
pub fn within_limit(limit: Duration, test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.expect("a test needs a runtime");
    runtime.block_on(within(limit, "the test to end", test));
}

/// Waits for `future`.
///
/// # Panics
///
/// When that takes longer than `limit`.
pub async fn within<T>(limit: Duration, what: &str, future: impl Future<Output = T>) -> T {
    match timeout(limit, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited {limit:?} for {what}"),
    }
}

/// Runs `future` to its end, or to its panic.
pub(crate) async fn caught<T>(future: impl Future<Output = T>) -> std::thread::Result<T> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        // Nothing of the future is used after a panic.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

/// Looks at a condition until it holds; false if it does not within `limit`.
pub async fn holds_within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    while !condition() {
        if Instant::now() >= end {
            return false;
        }
        sleep(POLL_INTERVAL).await;
    }
    true
}
