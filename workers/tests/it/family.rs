//! Names and relations of processes.

use std::time::Duration;

use parcell::{Pool, Process, active_children, current_process, parent_process};
use rstest::rstest;

#[rstest]
#[timeout(Duration::from_secs(60))]
fn the_program_is_the_main_process() {
    let own = current_process();
    assert_eq!((own.name.as_str(), own.pid), ("MainProcess", std::process::id()));
    assert_eq!((own.daemon, own.parent_pid, parent_process()), (false, None, None));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn processes_are_numbered_and_know_their_parents() {
    let describe = || {
        let own = current_process();
        let parent = parent_process().unwrap();
        (own.pid, own.name, own.parent_pid, parent.pid, parent.name)
    };
    let outer = Process::spawn(|| {
        let first = Process::spawn(describe).join().unwrap();
        let named = Process::builder().name("second").spawn(describe).join().unwrap();
        let third = Process::spawn(describe).join().unwrap();
        (describe(), first, named, third)
    });
    let (own, first, named, third) = outer.join().unwrap();
    let main = std::process::id();
    assert_eq!(
        (own.0, own.2, own.3, own.4.as_str()),
        (outer.pid(), Some(main), main, "MainProcess")
    );
    let number = own.1.strip_prefix("Process-").unwrap();
    assert!(number.parse::<u32>().is_ok(), "{number}");
    assert_eq!(
        (first.1, first.3, &first.4),
        (format!("{}:1", own.1), outer.pid(), &own.1)
    );
    assert_eq!((named.1.as_str(), third.1), ("second", format!("{}:3", own.1)));
    assert_eq!(outer.name(), None);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn pool_workers_are_numbered_from_one() {
    let pool = Pool::builder().workers(2).chunk_size(1).build();
    let mut names = pool.map(|_: u32| current_process().name, 0..2);
    names.sort();
    assert_eq!(names, ["PoolWorker-1", "PoolWorker-2"]);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn children_are_active_until_they_end() {
    // In a process of its own, since other tests have children here.
    let seen = Process::spawn(|| {
        let before = active_children();
        let sleeper = Process::builder()
            .name("a")
            .spawn(|| std::thread::sleep(Duration::from_secs(1000)));
        let done = Process::builder().name("b").spawn(|| ());
        done.join().unwrap();
        let during: Vec<_> = active_children()
            .into_iter()
            .map(|child| (child.pid == sleeper.pid(), child.name))
            .collect();
        sleeper.kill();
        assert!(sleeper.join().is_err());
        (before.len(), during, active_children().len())
    });
    assert_eq!(seen.join(), Ok((0, vec![(true, "a".to_owned())], 0)));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_daemon_says_so() {
    let daemon = Process::builder().daemon(true).spawn(|| current_process().daemon);
    assert!(daemon.is_daemon());
    assert_eq!(daemon.join(), Ok(true));
}
