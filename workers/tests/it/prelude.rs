//! The prelude stands beside the globs of others.

use std::sync::*;

use parcell::prelude::*;

#[test]
fn nothing_collides_with_std_sync() {
    let mutex: Arc<Mutex<Pool>> = Arc::new(Mutex::new(Pool::new(2)));
    assert_eq!(mutex.lock().unwrap().workers(), 2);
    let _: fn() -> usize = cpu_count;
    let _: Option<(Process<()>, TaskError, Barrier)> = None;
}
