//! What clients see when others die, and that nothing is left behind.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use parcell::{LockProxy, Manager, ManagerError, Pool, Process};
use rstest::rstest;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Survivors, assert_waited_for, fork, is_program, program};

fn kill(pid: u32) {
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::KILL).unwrap();
}

/// The name of the manager's socket.
pub(super) fn socket_name(lock: &LockProxy) -> String {
    let sent = serde_json::to_value(lock).unwrap();
    let Value::String(name) = &sent["endpoint"]["address"]["Local"] else {
        panic!("{sent}")
    };
    format!("@{name}")
}

fn is_listening(name: &str) -> bool {
    std::fs::read_to_string("/proc/net/unix").unwrap().contains(name)
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_lock_passes_on_when_its_holder_is_killed() {
    let manager = Manager::new().unwrap();
    let lock = manager.lock().unwrap();
    let held = manager.event().unwrap();
    let holder = Process::spawn(|| {
        let _guard = lock.lock().unwrap();
        held.set().unwrap();
        std::thread::sleep(Duration::from_secs(1000));
    });
    held.wait().unwrap();
    assert!(lock.try_lock().unwrap().is_none());
    holder.kill();
    assert!(lock.lock().unwrap().abandoned());
    assert!(!lock.lock().unwrap().abandoned());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_permit_is_given_back_when_its_holder_is_killed() {
    let manager = Manager::new().unwrap();
    let semaphore = manager.semaphore(1).unwrap();
    let held = manager.event().unwrap();
    let holder = Process::spawn(|| {
        let _permit = semaphore.acquire().unwrap();
        held.set().unwrap();
        std::thread::sleep(Duration::from_secs(1000));
    });
    held.wait().unwrap();
    holder.kill();
    assert!(semaphore.acquire().is_ok());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_item_does_not_go_to_one_who_was_killed_waiting() {
    let manager = Manager::new().unwrap();
    let queue = manager.queue::<u32>().unwrap();
    let ready = manager.event().unwrap();
    for round in 0..20 {
        let waiting = Process::spawn(|| {
            ready.set().unwrap();
            queue.get().unwrap()
        });
        ready.wait().unwrap();
        ready.clear().unwrap();
        waiting.kill();
        assert!(waiting.join().is_err());
        queue.put(round).unwrap();
        assert_eq!(queue.get(), Ok(round));
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_lock_is_released_though_a_fork_of_its_holder_lives_on() {
    let manager = Manager::new().unwrap();
    let lock = manager.lock().unwrap();
    let (held, seen) = (manager.event().unwrap(), manager.event().unwrap());
    let survivors = Survivors::watch();
    let holder = Process::spawn(|| {
        let _guard = lock.lock().unwrap();
        // It has copies of all descriptors, and does not end with its parent.
        if fork().is_none() {
            let _ = seen.wait();
            std::process::abort();
        }
        held.set().unwrap();
        std::thread::sleep(Duration::from_secs(1000));
    });
    held.wait().unwrap();
    holder.kill();
    assert!(lock.lock().unwrap().abandoned());
    seen.set().unwrap();
    drop(holder);
    survivors.assert_none();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn when_the_server_is_killed_everybody_is_told() {
    let manager = Manager::new().unwrap();
    let (list, queue) = (manager.list::<u8>().unwrap(), manager.queue::<u8>().unwrap());
    let lock = manager.lock().unwrap();
    let ended = ManagerError::Ended { pid: manager.pid() };
    let guard = lock.lock().unwrap();
    let (ready, waiting) = std::io::pipe().unwrap();
    let process = Process::spawn(|| {
        list.push(1)?;
        std::io::Write::write_all(&mut &waiting, b"!").unwrap();
        queue.get()
    });
    (&ready).read_exact(&mut [0]).unwrap();
    kill(manager.pid());
    assert_eq!(process.join(), Ok(Err(ended.clone())));
    drop(guard);
    assert_eq!(list.push(1), Err(ended.clone()));
    assert_eq!(queue.get_timeout(Duration::from_secs(50)), Err(ended.clone()));
    assert_eq!(lock.lock().unwrap_err(), ended);
    assert_eq!(manager.list::<u8>().unwrap_err(), ended);
    assert_eq!(
        ended.to_string(),
        format!("the manager (pid {}) has ended", manager.pid())
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn nothing_is_left_when_the_last_handle_is_dropped() {
    let manager = Manager::new().unwrap();
    let pid = manager.pid();
    let lock = manager.lock().unwrap();
    let name = socket_name(&lock);
    assert!(is_listening(&name));
    let other = manager.clone();
    drop(manager);
    // A copy of the handle in a worker is not one that counts.
    assert_eq!(Process::spawn(|| drop(other.clone())).join(), Ok(()));
    assert!(lock.try_lock().unwrap().is_some());
    drop(other);
    assert_waited_for(pid);
    assert!(!is_listening(&name));
    assert_eq!(lock.lock().unwrap_err(), ManagerError::Ended { pid });
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn shutdown_ends_it_for_all_handles() {
    let manager = Manager::new().unwrap();
    let other = manager.clone();
    let not_ours = Err(ManagerError::NotOurs { pid: manager.pid() });
    assert_eq!(Process::spawn(|| other.shutdown()).join(), Ok(not_ours));
    assert_eq!(manager.shutdown(), Ok(()));
    assert_waited_for(other.pid());
    assert!(matches!(other.queue::<u8>(), Err(ManagerError::Ended { .. })));
    assert_eq!(other.shutdown(), Ok(()));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn workers_that_crash_leave_the_objects_as_they_are() {
    let manager = Manager::new().unwrap();
    let list = manager.list::<u32>().unwrap();
    let results = Pool::new(2).map_results(
        |n: u32| {
            list.push(n).unwrap();
            if n.is_multiple_of(3) {
                std::process::abort();
            }
        },
        0..9,
    );
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 3);
    let mut items = list.to_vec().unwrap();
    items.sort_unstable();
    assert_eq!(items, (0..9).collect::<Vec<_>>());
}

const VANISHES: &str = "manager::crashes::the_server_vanishes_when_the_program_is_killed";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn the_server_vanishes_when_the_program_is_killed() {
    if is_program(VANISHES) {
        let manager = Manager::new().unwrap();
        println!("ready {}", socket_name(&manager.lock().unwrap()));
        std::thread::sleep(Duration::from_secs(1000));
    }
    let mut child = program(VANISHES).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("ready") {
        line.clear();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "the program ended by itself");
    }
    let (_, name) = line.trim().split_once("ready ").unwrap();
    assert!(is_listening(name));
    child.kill().unwrap();
    child.wait().unwrap();
    // The end of its output comes when the server has gone, which has it open.
    output.read_to_end(&mut Vec::new()).unwrap();
    assert!(!is_listening(name));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_interrupt_from_the_keyboard_is_not_for_the_server() {
    let manager = Manager::new().unwrap();
    let value = manager.value(1).unwrap();
    let server = Pid::from_raw(manager.pid().cast_signed()).unwrap();
    kill_process(server, Signal::INT).unwrap();
    assert_eq!(value.get(), Ok(1));
}

const ROLLED_BACK: &str = "manager::crashes::a_notebook_that_was_rolled_back_is_told_why_it_has_no_manager";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_notebook_that_was_rolled_back_is_told_why_it_has_no_manager() {
    unsafe extern "C" {
        safe fn parcell_take_over(predecessor: std::ffi::c_int);
    }
    if is_program(ROLLED_BACK) {
        let manager = Manager::new().unwrap();
        let list = manager.list::<u8>().unwrap();
        let pid = manager.pid();
        let notebook = std::process::id();
        let (end, alive) = std::io::pipe().unwrap();
        if fork().is_some() {
            std::process::abort();
        }
        drop(alive);
        assert_eq!((&end).read(&mut [0]).unwrap(), 0);
        parcell_take_over(notebook.cast_signed());
        let error = list.push(1).unwrap_err();
        assert_eq!(error, ManagerError::EndedWithNotebook { pid });
        assert_eq!(manager.list::<u8>().unwrap_err(), error);
        assert_eq!(manager.shutdown(), Err(ManagerError::NotOurs { pid }));
        drop(manager);
        println!("told: {error}");
        std::process::exit(0);
    }
    let mut child = program(ROLLED_BACK).spawn().unwrap();
    let mut output = String::new();
    child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    child.wait().unwrap();
    assert!(output.contains("told: the manager (pid "), "{output}");
}
