//! However a kernel ends, it leaves nothing: no process, no file. `Kernel::ended` looks.

use parcell_tests::{Channel, Client, Kernel, Transport, holds_within, within_test_limit};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::process::{Command, Stdio};
use std::time::Duration;

const FOR_EVER: &str = "loop { std::thread::sleep(std::time::Duration::from_secs(3)); }";
/// Starts what leaves the process group of the notebook.
const FAR_AWAY: &str = r#"std::process::Command::new("setsid").args(["sleep", "600"]).spawn().unwrap();"#;

/// Starts a cell that does not end and waits until it runs.
async fn run_for_ever(client: &mut Client) -> String {
    let cell = client.submit_cell(FOR_EVER).await;
    let started = [client.broadcast(&cell).await, client.broadcast(&cell).await];
    assert_eq!(started[1].msg_type(), "execute_input");
    cell
}

#[test]
fn a_shutdown_answers_all_cells_and_leaves_nothing() {
    within_test_limit(async {
        let kernel = Kernel::start();
        let mut client = Client::connect(&kernel).await;
        let running = run_for_ever(&mut client).await;
        let waiting = client.submit_cell("1").await;
        let shutdown = client
            .send(Channel::Shell, "shutdown_request", json!({"restart": true}))
            .await;

        let reply = client.reply(Channel::Shell, &shutdown).await;
        assert_eq!(reply.content, json!({"status": "ok", "restart": true}));
        let broadcasts = client.broadcasts_to_idle(&shutdown).await;
        assert_eq!(broadcasts[1].msg_type(), "shutdown_reply");
        for cell in [&running, &waiting] {
            assert_eq!(client.reply(Channel::Shell, cell).await.content["status"], "aborted");
        }
        assert_eq!(client.broadcast(&running).await.content["execution_state"], "idle");
        assert_eq!(client.broadcasts_to_idle(&waiting).await.len(), 2);
        client.close();
        assert!(kernel.ended().await.success());
    });
}

#[test]
fn sigterm_ends_the_kernel_and_leaves_nothing() {
    within_test_limit(async {
        let mut kernel = Kernel::start();
        let mut client = Client::connect(&kernel).await;
        run_for_ever(&mut client).await;
        client.abandon();
        kernel.signal(Signal::TERM);
        assert!(kernel.ended().await.success());
    });
}

#[test]
fn sigterm_at_the_start_leaves_nothing() {
    within_test_limit(async {
        let mut kernel = Kernel::start();
        let client = Client::connect(&kernel).await;
        client.abandon();
        kernel.signal(Signal::TERM);
        assert!(kernel.ended().await.success());
    });
}

#[test]
fn a_kernel_does_not_outlive_the_process_that_it_belongs_to() {
    within_test_limit(async {
        // Ends when its input does, so that it cannot be left behind.
        let mut owner = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let kernel = Kernel::start_for(Transport::Ipc, owner.id());
        let mut client = Client::connect(&kernel).await;
        run_for_ever(&mut client).await;
        client.abandon();
        owner.kill().unwrap();
        owner.wait().unwrap();
        assert!(kernel.ended().await.success());
    });
}

#[test]
fn a_kernel_that_is_killed_leaves_nothing() {
    within_test_limit(async {
        // Files of Unix sockets belong to who has started the kernel, so that they do not count.
        let mut kernel = Kernel::start_on(Transport::Tcp);
        let mut client = Client::connect(&kernel).await;
        client.execute(FAR_AWAY).await.assert_quiet();
        let working = r"
            %%pool -n 2 0..2u32
            |_| loop { std::thread::park() }
        ";
        let cell = client.submit_cell(working).await;
        let started = [client.broadcast(&cell).await, client.broadcast(&cell).await];
        assert_eq!(started[1].msg_type(), "execute_input");
        client.abandon();
        kernel.signal(Signal::KILL);
        assert!(!kernel.ended().await.success());
    });
}

/// Kills the process that stands between the kernel and the notebook's, as lack of memory could.
async fn kill_supervisor(kernel: &mut Kernel) {
    let mut found = None;
    let is_there = holds_within(Duration::from_secs(60), || {
        found = kernel.supervisor();
        found.is_some()
    });
    assert!(is_there.await, "there is no supervisor: {}", kernel.log());
    let supervisor = Pid::from_raw(found.unwrap()).unwrap();
    kill_process(supervisor, Signal::KILL).unwrap();
}

#[test]
fn a_kernel_whose_supervisor_was_killed_leaves_nothing() {
    within_test_limit(async {
        let mut kernel = Kernel::start();
        let mut client = Client::connect(&kernel).await;
        client.execute(FAR_AWAY).await.assert_quiet();
        kill_supervisor(&mut kernel).await;
        client.abandon();
        kernel.signal(Signal::TERM);
        assert!(kernel.ended().await.success());
    });
}

#[test]
fn a_notebook_goes_on_when_its_supervisor_was_killed_and_nothing_is_left_of_what_was() {
    within_test_limit(async {
        let mut kernel = Kernel::start();
        let mut client = Client::connect(&kernel).await;
        client.execute("let a = 1;").await.assert_quiet();
        client.execute(FAR_AWAY).await.assert_quiet();
        let before = kernel.processes();
        kill_supervisor(&mut kernel).await;
        let failure = client.execute("a").await.take_failure().expect("a failure");
        assert!(failure.evalue.contains("all variables are lost"), "{failure:?}");
        assert!(before.iter().all(|process| !process.is_alive()), "{before:?}");
        assert_eq!(
            client.execute("let a = 2; a + 1").await.take_text().as_deref(),
            Some("3")
        );
        client.abandon();
        kernel.signal(Signal::TERM);
        assert!(kernel.ended().await.success());
    });
}

#[test]
fn a_supervisor_that_is_killed_at_the_start_costs_a_cell_at_most() {
    within_test_limit(async {
        let mut kernel = Kernel::start();
        kill_supervisor(&mut kernel).await;
        let mut client = Client::connect(&kernel).await;
        if let Some(failure) = client.execute("1 + 1").await.take_failure() {
            assert!(failure.evalue.contains("all variables are lost"), "{failure:?}");
        }
        assert_eq!(client.execute("2 + 1").await.take_text().as_deref(), Some("3"));
        client.abandon();
        kernel.signal(Signal::TERM);
        assert!(kernel.ended().await.success());
    });
}

#[test]
fn a_restart_ends_what_has_left_the_group() {
    within_test_limit(async {
        let mut kernel = Kernel::start();
        let mut client = Client::connect(&kernel).await;
        client.execute(FAR_AWAY).await.assert_quiet();
        // It is `setsid` first, which becomes what it is told to run.
        let mut before = Vec::new();
        let sleeps = holds_within(Duration::from_secs(60), || {
            before = kernel.processes();
            before.iter().any(|process| process.name == "sleep")
        });
        assert!(sleeps.await, "{before:?}");
        let said = client.execute(":restart").await.take_text().expect("a sentence");
        assert!(said.contains("started anew"), "{said}");
        assert!(before.iter().all(|process| !process.is_alive()), "{before:?}");
        client.abandon();
        kernel.signal(Signal::TERM);
        assert!(kernel.ended().await.success());
    });
}
