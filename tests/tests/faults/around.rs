//! Faults of what is around a notebook's code: compilers, managers, the kernel's limits, the processes that it consists of.

use crate::packages::write_package;
use crate::page::{self, Row};
use crate::places::{LIMIT, VARIABLES, own_processes, said, variables};
use parcell_tests::{Execution, Notebook, descriptors, holds_within, with_notebook};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};
use std::fs;
use std::pin::Pin;
use std::time::Instant;

/// A cell that the compiler is at for a while.
const LONG_TO_COMPILE: &str = r"
    #[allow(long_running_const_eval)]
    const LONG: u64 = {
        let mut count = 0;
        while count < 2_000_000_000 {
            count += 1;
        }
        count
    };
    numbers.push(4);
    count += 1;
    LONG
";

/// A fault, and the cell that meets it.
type Fault = (
    &'static str,
    for<'a> fn(&'a mut Notebook) -> Pin<Box<dyn Future<Output = Execution> + 'a>>,
);

const FAULTS: [Fault; 9] = [
    ("the compiler is killed", |n| Box::pin(the_compiler_is(n, Signal::KILL))),
    ("the compiler is stopped, the cell interrupted", |n| {
        Box::pin(the_compiler_is(n, Signal::STOP))
    }),
    ("cargo is killed while it compiles a crate", |n| {
        Box::pin(cargo_is_killed(n))
    }),
    ("what the compiler writes finds no room", |n| Box::pin(no_room(n))),
    ("the kernel has no descriptors left", |n| Box::pin(no_descriptors(n))),
    ("a manager is killed", |n| Box::pin(a_manager_is(n, "-KILL"))),
    ("a manager is stopped, the cell interrupted", |n| {
        Box::pin(a_stopped_manager(n))
    }),
    ("the notebook process is killed between cells", |n| {
        Box::pin(killed_between_cells(n))
    }),
    ("the supervisor is killed", |n| Box::pin(the_supervisor_is_killed(n))),
];

#[test]
fn around_the_code() {
    with_notebook(async |notebook| {
        notebook.prepare(VARIABLES).await;
        let own = own_processes(notebook);
        let mut rows = Vec::new();
        for (fault, run) in FAULTS {
            notebook
                .check(fault, async |n| {
                    let begun = Instant::now();
                    let mut cell = run(n).await;
                    let took = begun.elapsed();
                    cell.take_stdout();
                    cell.take_stderr();
                    let failure = cell.take_failure();
                    rows.push(Row {
                        way: fault,
                        said: said(failure.as_ref(), cell.take_text()),
                        variables: variables(n).await,
                        took,
                    });
                    let level = holds_within(LIMIT, || own_processes(n) <= own).await;
                    assert!(level, "{own} before: {:?}", n.kernel.processes());
                })
                .await;
        }
        page::compare("around the code", &rows);
    });
}

/// Sends a signal to the compiler that is at a cell, and an interrupt to what it has stopped.
async fn the_compiler_is(n: &mut Notebook, signal: Signal) -> Execution {
    let running = n.begin_cell(LONG_TO_COMPILE).await;
    signal_process(n, "rustc", signal).await;
    if signal == Signal::STOP {
        n.interrupt().await;
    }
    n.finish(running).await
}

/// Kills cargo while the build script of a crate waits for its end.
async fn cargo_is_killed(n: &mut Notebook) -> Execution {
    let directory = n.kernel.working_directory();
    let dependency = write_package(&directory, "waiting", "");
    let script = "fn main() { loop { std::thread::park() } }";
    fs::write(directory.join("build.rs"), script).unwrap();
    let running = n.begin_cell(&format!("{dependency}numbers.push(4); count += 1;")).await;
    process_named(n, "build-script-bu").await;
    signal_process(n, "cargo", Signal::KILL).await;
    n.finish(running).await
}

/// Limits the size of files: what writes more is killed by SIGXFSZ, or is told EFBIG. A disk that is full would have to be mounted.
async fn no_room(n: &mut Notebook) -> Execution {
    limited(n, Resource::Fsize, 8 << 10).await
}

async fn no_descriptors(n: &mut Notebook) -> Execution {
    let open = descriptors(n.kernel.pid());
    limited(n, Resource::Nofile, open as u64 - 1).await
}

/// Runs a cell while the kernel has this limit.
async fn limited(n: &mut Notebook, resource: Resource, limit: u64) -> Execution {
    let kernel = Pid::from_raw(n.kernel.pid());
    let before = getrlimit(resource);
    let lowered = Rlimit {
        current: Some(limit),
        ..before
    };
    prlimit(kernel, resource, lowered).unwrap();
    let cell = n.run("numbers.push(4); count += 1; count").await;
    prlimit(kernel, resource, before).unwrap();
    cell
}

const MANAGER: &str = r#"
    let manager = Manager::new()?;
    let list = manager.list::<u64>()?;
    numbers.push(4);
    count += 1;
    std::process::Command::new("kill").args(["SIGNAL", &manager.pid().to_string()]).status()?;
    println!("done;");
    list.push(1)?
"#;

async fn a_manager_is(n: &mut Notebook, signal: &str) -> Execution {
    n.run(&MANAGER.replace("SIGNAL", signal)).await
}

async fn a_stopped_manager(n: &mut Notebook) -> Execution {
    let running = n.start_cell(&MANAGER.replace("SIGNAL", "-STOP"), ";\n").await;
    n.interrupt().await;
    n.finish(running).await
}

async fn killed_between_cells(n: &mut Notebook) -> Execution {
    let id = n.client.submit_cell("std::process::id()").await;
    let pid = n.client.execution(&id).await.take_text().unwrap().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    // It is told under the cell that came before.
    let late = n.client.broadcast(&id).await;
    assert!(late.content["text"].as_str().unwrap().contains("SIGKILL"), "{late:?}");
    n.run("numbers.push(4); count += 1; count").await
}

async fn the_supervisor_is_killed(n: &mut Notebook) -> Execution {
    let supervisor = n.kernel.supervisor().unwrap();
    kill_process(Pid::from_raw(supervisor).unwrap(), Signal::KILL).unwrap();
    n.run("numbers.push(4); count += 1; count").await
}

/// Sends a signal to the process of this name below the kernel, as soon as there is one.
async fn signal_process(n: &mut Notebook, name: &str, signal: Signal) {
    let pid = process_named(n, name).await;
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

async fn process_named(n: &mut Notebook, name: &str) -> i32 {
    let mut pid = None;
    let found = holds_within(LIMIT, || {
        let processes = n.kernel.processes();
        pid = processes
            .iter()
            .find(|process| process.name == name)
            .map(|process| process.pid);
        pid.is_some()
    });
    assert!(found.await, "there is no {name}: {:?}", n.kernel.processes());
    pid.unwrap()
}
