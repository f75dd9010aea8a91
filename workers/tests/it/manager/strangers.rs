//! Clients that do not know the key and come in numbers: they keep nobody out, and cost the manager nothing that lasts.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::UnixStream;
use std::process::Output;
use std::time::Duration;

use parcell::{Manager, ValueProxy};
use rstest::rstest;
use rustix::process::{Resource, Rlimit, setrlimit};

use super::crashes::socket_name;
use super::remote::{GREETING, KEY, RESPONSE, VERDICT, assert_closed, read, serve};
use crate::support::{is_program, program};

/// How many descriptors the programs here may have, and with that how many clients their managers wait for at once.
const DESCRIPTORS: u64 = 256;
const PENDING: usize = 64;

/// Runs the test `name` as a program with few descriptors: `body`, there.
fn with_few_descriptors(name: &str, body: impl FnOnce()) {
    if is_program(name) {
        let few = Some(DESCRIPTORS);
        setrlimit(
            Resource::Nofile,
            Rlimit {
                current: few,
                maximum: few,
            },
        )
        .unwrap();
        body();
        return;
    }
    let Output { status, stdout, stderr } = program(name).output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(status.success(), "{}\n{}", text(&stdout), text(&stderr));
}

/// Both kinds of clients get in, and those that were there are answered.
fn assert_serves(manager: &Manager, address: SocketAddr, connected: &ValueProxy<u32>) {
    assert_eq!(connected.update(|count| *count += 1), Ok(()));
    let limit = Duration::from_secs(5);
    let other = Manager::connect_timeout(address, KEY, limit).unwrap();
    assert_eq!(other.pid(), manager.pid());
    // A connection of its own, not one of those that are idle.
    let held = (manager.lock().unwrap(), manager.lock().unwrap());
    let guards = (held.0.lock().unwrap(), held.1.lock().unwrap());
    drop(guards);
}

/// What a stranger does once it is connected.
type Behaviour = fn(&mut TcpStream);

fn say_nothing(_: &mut TcpStream) {}

fn say_garbage(stream: &mut TcpStream) {
    // It may be shut out already.
    let _ = stream.write_all(&[0x5a; 10]);
}

fn read_and_say_little(stream: &mut TcpStream) {
    let _ = stream.read(&mut [0; GREETING]);
    let _ = stream.write_all(&[1]);
}

const MUTE: &str = "manager::strangers::those_who_say_nothing_keep_nobody_out";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn those_who_say_nothing_keep_nobody_out() {
    with_few_descriptors(MUTE, || keep_nobody_out(say_nothing));
}

const GARBAGE: &str = "manager::strangers::those_who_say_garbage_keep_nobody_out";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn those_who_say_garbage_keep_nobody_out() {
    with_few_descriptors(GARBAGE, || keep_nobody_out(say_garbage));
}

const SLOW: &str = "manager::strangers::those_who_are_slow_keep_nobody_out";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn those_who_are_slow_keep_nobody_out() {
    with_few_descriptors(SLOW, || keep_nobody_out(read_and_say_little));
}

fn keep_nobody_out(behaviour: Behaviour) {
    let (manager, address) = serve();
    let connected = Manager::connect(address, KEY).unwrap().named("count").value(0).unwrap();
    let mut strangers = Vec::new();
    for _ in 0..2 * PENDING {
        let mut stranger = TcpStream::connect(address).unwrap();
        behaviour(&mut stranger);
        strangers.push(stranger);
        if strangers.len() % PENDING == 0 {
            assert_serves(&manager, address, &connected);
        }
    }
    // Half of them have made room, the oldest first.
    strangers[..PENDING].iter().for_each(assert_closed);
    assert_eq!(connected.get(), Ok(2));
}

const LOCAL: &str = "manager::strangers::local_clients_that_say_nothing_keep_nobody_out";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn local_clients_that_say_nothing_keep_nobody_out() {
    with_few_descriptors(LOCAL, || {
        let (manager, address) = serve();
        let connected = manager.named("count").value(0).unwrap();
        let name = socket_name(&manager.lock().unwrap());
        let name = std::os::unix::net::SocketAddr::from_abstract_name(&name[1..]).unwrap();
        let connect = || UnixStream::connect_addr(&name).unwrap();
        let silent: Vec<_> = (0..2 * PENDING).map(|_| connect()).collect();
        assert_serves(&manager, address, &connected);
        let mut told = Vec::new();
        (&silent[0]).read_to_end(&mut told).unwrap();
        assert_eq!(told.len(), GREETING + VERDICT);
    });
}

const TOLD: &str = "manager::strangers::one_that_was_not_waited_for_is_told_so";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn one_that_was_not_waited_for_is_told_so() {
    with_few_descriptors(TOLD, || {
        let (manager, address) = serve();
        let first = TcpStream::connect(address).unwrap();
        read::<GREETING>(&first);
        let others: Vec<_> = (0..PENDING).map(|_| TcpStream::connect(address).unwrap()).collect();
        assert_eq!(read::<VERDICT>(&first)[0], 2);
        assert_closed(&first);
        drop(others);
        assert!(manager.list::<u8>().is_ok());
    });
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn one_that_never_finishes_is_not_waited_for_without_end() {
    let (_manager, address) = serve();
    let slow = TcpStream::connect(address).unwrap();
    read::<GREETING>(&slow);
    for _ in 0..RESPONSE - 1 {
        // It is always on the point of saying more.
        if (&slow).write_all(&[0]).is_err() {
            break;
        }
    }
    assert_eq!(read::<VERDICT>(&slow)[0], 2);
    assert_closed(&slow);
}

/// What a process has: how many descriptors, and how many KiB of memory.
fn resources(pid: u32) -> (usize, usize) {
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    (descriptors, memory.trim().trim_end_matches(" kB").parse().unwrap())
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn thousands_of_connections_leave_nothing() {
    const AT_ONCE: usize = 50;
    let (manager, address) = serve();
    let connected = Manager::connect(address, KEY).unwrap().named("count").value(0).unwrap();
    let behaviours: [Behaviour; 3] = [say_nothing, say_garbage, read_and_say_little];
    let come_and_go = |count: usize| {
        let mut open = VecDeque::new();
        for number in 0..count {
            let mut stranger = TcpStream::connect(address).unwrap();
            // The end of most is a reset, which leaves no port behind that waits.
            rustix::net::sockopt::set_socket_linger(&stranger, Some(Duration::ZERO)).unwrap();
            behaviours[number % behaviours.len()](&mut stranger);
            open.push_back(stranger);
            if open.len() > AT_ONCE {
                open.pop_front();
            }
            if number % 1000 == 0 {
                assert_eq!(connected.update(|count| *count += 1), Ok(()));
            }
        }
        drop(open);
        // Those that came before are gone when one that comes after them is answered.
        assert_serves(&manager, address, &connected);
        resources(manager.pid())
    };
    let before = come_and_go(1000);
    let after = come_and_go(10_000);
    assert!(after.0 <= before.0 + AT_ONCE, "descriptors: {before:?}, then {after:?}");
    assert!(after.1 <= before.1 + 4096, "memory: {before:?}, then {after:?}");
}
