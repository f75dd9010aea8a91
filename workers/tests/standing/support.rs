//! What the tests need: time limits, and running a test's body as a program of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use libtest_mimic::{Failed, Trial};

/// How long one test may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A test with a time limit, by which the whole program ends: a hanging test cannot be ended alone.
pub(crate) fn trial(name: String, body: impl FnOnce() + Send + 'static) -> Trial {
    let title = name.clone();
    Trial::test(name, move || {
        let (sender, receiver) = channel();
        let test = std::thread::spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(body));
            // The receiver waits until now, or has ended the program.
            let _ = sender.send(());
            outcome
        });
        if receiver.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{title} took longer than {LIMIT:?}");
            std::process::abort();
        }
        match test.join() {
            Ok(Ok(())) => Ok(()),
            Ok(Err(payload)) | Err(payload) => Err(Failed::from(message(&*payload))),
        }
    })
}

fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "it panicked".to_owned())
}

/// Makes trials of functions, named after them.
macro_rules! trials {
    ($($name:ident),* $(,)?) => {
        pub(crate) fn trials() -> Vec<libtest_mimic::Trial> {
            let module = module_path!().rsplit("::").next().unwrap_or_default();
            vec![$(crate::support::trial(format!("{module}::{}", stringify!($name)), $name)),*]
        }
    };
}
pub(crate) use trials;

/// The variable that names what a copy of this program does in the place of testing.
const ROLE: &str = "PARCELL_TEST_ROLE";

/// A command that runs one of the bodies of [`run_as_program`].
pub(crate) fn program(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(ROLE, role);
    command
}

/// Does what the variable says, if it is set.
pub(crate) fn run_as_program() -> Option<ExitCode> {
    match std::env::var(ROLE).ok()?.as_str() {
        "orphans" => crate::crashes::print_workers_and_wait(),
        "executors" => crate::reports::use_executors(100),
        "a thousand executors" => crate::reports::use_executors(1000),
        "exit" => crate::shutdown::exit_while_a_call_runs(),
        role => panic!("there is no role {role}"),
    }
    Some(ExitCode::SUCCESS)
}

/// Waits until there is no process with this PID that has not ended.
pub(crate) fn await_end(pid: u32) {
    while is_alive(pid) {
        std::thread::yield_now();
    }
}

fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start().chars().next());
    !matches!(state, None | Some(None | Some('Z' | 'X')))
}
