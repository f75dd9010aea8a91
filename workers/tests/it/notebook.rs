//! A notebook's host in the place of the kernel: it gets each worker's output apart, and hears of starts and ends.

use std::ffi::c_int;
use std::fs::File;
use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use parcell::{Pool, Process};
use rstest::rstest;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketFlags, SocketType, recvmsg, socketpair,
};
use serde_json::{Value, json};

use crate::support::{fork, is_program, program};

/// The host's end of the socket; none, except in a program of this module.
static SOCKET: AtomicI32 = AtomicI32::new(-1);

/// What a notebook's host exports.
#[unsafe(no_mangle)]
extern "C" fn parcell_host_events() -> c_int {
    SOCKET.load(Ordering::Relaxed)
}

const OUTPUT: &str = "notebook::output_goes_to_the_host_apart";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn output_goes_to_the_host_apart() {
    run_as_program(OUTPUT, || {
        let kernel = connect();
        let process = Process::builder().name("named").spawn(|| {
            write!(std::io::stdout(), "to stdout").unwrap();
            write!(std::io::stderr(), "to stderr").unwrap();
            std::process::id()
        });
        assert_eq!(process.join(), Ok(process.pid()));
        let pid = process.pid();
        let (message, outputs) = receive(&kernel);
        assert_eq!(message, json!({"event": "worker_started", "pid": pid, "name": "named"}));
        let texts: Vec<_> = outputs.into_iter().map(read_to_end).collect();
        assert_eq!(texts, ["to stdout", "to stderr"]);
        assert_eq!(receive(&kernel).0, json!({"event": "worker_exited", "pid": pid}));
    });
}

const NESTED: &str = "notebook::every_worker_is_announced";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn every_worker_is_announced() {
    run_as_program(NESTED, || {
        let kernel = connect();
        let nested = |n: u32| Pool::new(1).map(|n: u32| if n == 7 { std::process::abort() } else { n }, [n]);
        let results = Pool::builder().workers(1).build().map_results(nested, [1, 7, 2]);
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 2);
        let mut events: Vec<Value> = (0..8).map(|_| receive(&kernel).0).collect();
        assert_eq!(events[0]["event"], "worker_started");
        assert_eq!(events[0]["name"], Value::Null);
        let started = events
            .extract_if(.., |event| event["event"] == "worker_started")
            .count();
        assert_eq!((started, events.len()), (4, 4));
    });
}

const GROUPED: &str = "notebook::marks_and_news_tell_which_item_a_line_is_of";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn marks_and_news_tell_which_item_a_line_is_of() {
    run_as_program(GROUPED, || {
        let kernel = connect();
        let pool = Pool::builder().workers(1).retries(1).grouped(true).build();
        let results = pool.map_results(
            |n: u32| {
                write!(std::io::stdout(), "{n}").unwrap();
                if n == 1 {
                    std::process::abort();
                }
            },
            [0, 1],
        );
        assert!(results[0].is_ok() && results[1].is_err());
        let mut printed = Vec::new();
        let mut done = Vec::new();
        let mut keys = Vec::new();
        while keys.last() != Some(&Value::Null) {
            let (event, outputs) = receive(&kernel);
            match event["event"].as_str().unwrap() {
                "worker_started" => {
                    assert_eq!(event["group"]["order"], "items");
                    keys.push(event["group"]["key"].clone());
                    printed.push(outputs);
                }
                "items_done" => done.extend(event["items"].as_array().unwrap().clone()),
                "group_ended" => {
                    assert_eq!(event["group"], keys[0]);
                    keys.push(Value::Null);
                }
                other => assert_eq!(other, "worker_exited"),
            }
        }
        // Once, though it was tried twice.
        assert_eq!(done, [json!([0, 1]), json!([1, 2])]);
        let mark = |item: u32| format!("\x1eparcell-item:{}:{item}\n", keys[0].as_str().unwrap());
        let texts: Vec<String> = printed.into_iter().flatten().map(read_to_end).collect();
        // What a process had in its buffer when it aborted is lost.
        let first = [format!("{}0{}", mark(0), mark(1)), mark(0) + &mark(1)];
        assert_eq!(texts, [&first[..], &[mark(1), mark(1)]].concat());
    });
}

const DEAF: &str = "notebook::a_host_that_has_gone_does_not_break_a_map";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_host_that_has_gone_does_not_break_a_map() {
    let output = run_as_program(DEAF, || {
        drop(connect());
        assert_eq!(Pool::new(2).map(|n: u32| n + 1, 0..3), [1, 2, 3]);
        assert_eq!(Process::spawn(|| 5).join(), Ok(5));
    });
    assert_eq!(
        output
            .matches("the notebook cannot be told about worker processes")
            .count(),
        1,
        "{output}"
    );
}

// What the host looks up in a loaded cell.
unsafe extern "C" {
    safe fn parcell_flush_output();
    safe fn parcell_install_panic_hook();
}

const PANIC: &str = "notebook::a_panic_is_one_block";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_panic_is_one_block() {
    let errors = run_as_program(PANIC, || {
        // Before and after the first fork, which puts a hook around the one there is.
        for _ in 0..2 {
            parcell_install_panic_hook();
            let thread = std::thread::Builder::new().name("user's".to_owned());
            thread.spawn(|| panic!("boom {}", 1)).unwrap().join().unwrap_err();
            assert!(Process::spawn(|| -> u32 { panic!("the worker's") }).join().is_err());
        }
    });
    if is_program(PANIC) {
        return;
    }
    let begin = "EVCXR_BEGIN_CONTENT application/vnd.parcell.panic+json\n";
    let blocks: Vec<_> = errors.split(begin).skip(1).collect();
    assert_eq!(blocks.len(), 2, "{errors}");
    let json = blocks[1].strip_suffix("\nEVCXR_END_CONTENT\n").unwrap();
    let report: Value = serde_json::from_str(json).unwrap();
    assert_eq!(
        (&report["thread"], &report["message"]),
        (&json!("user's"), &json!("boom 1"))
    );
    assert!(report["file"].as_str().unwrap().ends_with("notebook.rs"), "{report}");
    assert!(report["line"].is_u64(), "{report}");
    let call = &report["calls"][0];
    assert!(call["module"].is_string() && call["offset"].is_u64(), "{report}");
}

const FORK: &str = "notebook::the_hosts_fork_copies_no_output";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn the_hosts_fork_copies_no_output() {
    if is_program(FORK) {
        write!(std::io::stdout(), "<once>").unwrap();
        let pid = fork();
        if pid.is_none() {
            write!(std::io::stdout(), "<child>").unwrap();
            parcell_flush_output();
            std::process::abort();
        }
        rustix::process::waitpid(pid, rustix::process::WaitOptions::empty()).unwrap();
        return;
    }
    let output = program(FORK).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert_eq!(
        (text.matches("<once>").count(), text.matches("<child>").count()),
        (1, 1),
        "{text}"
    );
}

/// Runs `body` as a program of its own, since the host is one for a whole process; its standard error.
fn run_as_program(name: &str, body: impl FnOnce()) -> String {
    if is_program(name) {
        body();
        return "the notebook cannot be told about worker processes".to_owned();
    }
    let output = program(name).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success(),
        "{errors}{}",
        String::from_utf8_lossy(&output.stdout)
    );
    errors
}

/// Makes this process a notebook's; the kernel's end of the socket.
pub(crate) fn connect() -> OwnedFd {
    let flags = SocketFlags::CLOEXEC;
    let (host, kernel) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
    SOCKET.store(host.as_raw_fd(), Ordering::Relaxed);
    std::mem::forget(host);
    kernel
}

fn receive(socket: &OwnedFd) -> (Value, Vec<OwnedFd>) {
    let mut bytes = [0u8; 1024];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut slices = [IoSliceMut::new(&mut bytes)];
    let received = recvmsg(socket, &mut slices, &mut control, RecvFlags::CMSG_CLOEXEC).unwrap();
    let descriptors = control.drain().flat_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => descriptors.collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    let descriptors = descriptors.collect();
    (serde_json::from_slice(&bytes[..received.bytes]).unwrap(), descriptors)
}

/// Reads what is left after all who could write have gone.
fn read_to_end(output: OwnedFd) -> String {
    let mut text = String::new();
    File::from(output).read_to_string(&mut text).unwrap();
    text
}
