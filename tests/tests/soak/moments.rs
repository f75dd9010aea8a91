//! Kernels that are killed at random moments of all that they do: two seconds later nothing is left of them.

use crate::many;
use parcell_tests::{Client, Kernel, Transport, within_limit};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use rustix::process::Signal;
use std::time::{Duration, Instant};

const SEED: u64 = 100;
/// How long after its kernel a process or a file may be there.
const LEFT_FOR: Duration = Duration::from_secs(2);
/// What is done from the start of a kernel on takes about so long.
const BUSY: Duration = Duration::from_secs(5);

/// Something of each kind, one after the other.
const CELLS: [&str; 9] = [
    "let mut numbers = vec![1, 2, 3];",
    "println!(\"{}\", numbers.len());",
    "%%pool -n 2 0..4_u64 -> doubled\n|n| { std::thread::sleep(std::time::Duration::from_millis(100)); n * 2 }",
    "let executor = ProcessPoolExecutor::with_workers(2); executor.map(|n: u64| n, 0..10).count()",
    "let manager = Manager::new()?; let list = manager.list::<u64>()?; list.push(1)?;",
    "let queue = Queue::new(); let daemon = Process::builder().daemon(true).spawn({ let queue = queue.clone(); move || loop { queue.put(1).unwrap() } });",
    "%%process\nstd::thread::sleep(std::time::Duration::from_millis(300))",
    "std::process::Command::new(\"setsid\").args([\"sleep\", \"600\"]).spawn()?; std::process::abort()",
    "let shared = SharedArray::<u64>::new(1 << 20); Pool::new(2).map(|n: usize| shared.len() + n, 0..1000).len()",
];

#[test]
fn a_kernel_that_is_killed_at_any_moment_leaves_nothing() {
    let times = many(5);
    let mut rng = SmallRng::seed_from_u64(SEED);
    within_limit(Duration::from_secs(60) * times as u32, async {
        for _ in 0..times {
            // Files of Unix sockets belong to who has started the kernel, so that they do not count.
            let mut kernel = Kernel::start_on(Transport::Tcp);
            let mut client = Client::connect(&kernel).await;
            for code in CELLS {
                client.submit_cell(code).await;
            }
            let moment = BUSY.mul_f64(rng.random());
            tokio::time::sleep(moment).await;
            client.abandon();
            kernel.signal(Signal::KILL);
            let killed = Instant::now();
            assert!(!kernel.ended().await.success());
            let left_for = killed.elapsed();
            println!("killed after {moment:?}: nothing is left {left_for:?} later");
            assert!(left_for < LEFT_FOR, "killed after {moment:?}: {left_for:?}");
        }
    });
}
