//! What `main` begins with, where copies of the program are to be workers.

use crate::{cluster, standing};

/// Lets copies of this program be standing workers, as [`ProcessPoolExecutor`](crate::ProcessPoolExecutor) and
/// [`Pool::apply_async`](crate::Pool::apply_async) need them, or workers of a [`Cluster`](crate::Cluster). Call it first
/// in `main`, before threads are started and arguments are read: in a worker it does not return. Notebooks do not need
/// it.
///
/// # Examples
///
/// ```
/// fn main() {
///     parcell::init();
///     let executor = parcell::ProcessPoolExecutor::with_workers(2);
///     let future = executor.submit(|n: u32| n * n, 7);
///     assert_eq!(future.result(), Ok(49));
/// }
/// ```
#[expect(
    clippy::needless_doctest_main,
    reason = "where in `main` it is called is what the example shows"
)]
pub fn init() {
    // Before all else: a worker of a cluster may have standing workers, too.
    standing::allow_workers();
    cluster::work_if_told();
    standing::work_if_told();
}
