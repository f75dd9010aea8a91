//! Interrupts and the end of the kernel, at every moment at which they can come.

use super::*;

#[test]
fn an_interrupt_is_answered_before_the_cell_has_ended_and_then_aborts_the_queue() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({}));
    kernel.execute("b", json!({}));
    assert_eq!(
        kernel.control("i", "interrupt_request", json!({})),
        ["busy i", "interrupt", "interrupt_reply i to one", "idle i", "busy a"]
    );
    // What the cell still prints is its own, and who comes before its end is aborted with the others.
    assert_eq!(kernel.print(0, "late\n"), ["print \"late\\n\" a"]);
    assert!(kernel.execute("c", json!({})).is_empty());
    let expected = [
        "error Interrupted a",
        "Interrupted 1 a to one",
        "idle a",
        "busy b",
        "aborted 2 b to one",
        "idle b",
        "busy c",
        "aborted 2 c to one",
        "idle c",
    ];
    assert_eq!(kernel.fail(0, "Interrupted"), expected);
}

#[test]
fn an_interrupt_that_comes_too_late_aborts_nothing() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({}));
    kernel.execute("b", json!({}));
    assert_eq!(kernel.notice(Notice::Interrupt), ["interrupt"]);
    // The cell was done before it could be stopped.
    assert_eq!(kernel.succeed(0)[2..], ["busy b", "execute_input b", "run \"b\" as 1"]);
}

#[test]
fn an_interrupt_of_an_expression_is_its_result() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({"user_expressions": {"x": "1"}}));
    kernel.execute("b", json!({}));
    kernel.succeed(0);
    assert_eq!(kernel.notice(Notice::Interrupt), ["interrupt"]);
    assert_eq!(
        kernel.fail(1, "Interrupted"),
        ["ok 1 a to one", "idle a", "busy b", "execute_input b", "run \"b\" as 3"]
    );
}

#[test]
fn an_interrupt_without_a_cell_is_answered_too() {
    let mut kernel = Kernel::new();
    assert_eq!(
        kernel.control("i", "interrupt_request", json!({})),
        ["busy i", "interrupt", "interrupt_reply i to one", "idle i"]
    );
    assert!(!kernel.dispatcher.is_ending());
}

#[test]
fn a_shutdown_is_agreed_to_before_the_cells_are_aborted() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({}));
    let others = message(Channel::Shell, "two", "b", "execute_request", json!({"code": "b"}));
    kernel.receive(others);
    let expected = ["busy s", "shutdown_reply s to one", "shutdown_reply s", "idle s"];
    assert_eq!(
        kernel.control("s", "shutdown_request", json!({"restart": true})),
        expected
    );
    assert!(kernel.dispatcher.is_ending());
    assert_eq!(
        kernel.close(),
        ["aborted 1 a to one", "idle a", "busy b", "aborted 2 b to two", "idle b"]
    );
}

#[test]
fn a_shutdown_on_the_shell_channel_does_not_wait_for_cells_either() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({}));
    let expected = ["busy s", "shutdown_reply s to one", "shutdown_reply s", "idle s"];
    assert_eq!(kernel.shell("s", "shutdown_request", json!({})), expected);
    assert!(kernel.dispatcher.is_ending());
}

#[test]
fn a_cell_whose_expressions_are_evaluated_at_the_end_is_aborted_once() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({"user_expressions": {"x": "1"}}));
    kernel.execute("b", json!({}));
    assert_eq!(kernel.succeed(0), ["run \"1\" as 1"]);
    assert!(kernel.notice(Notice::Terminate).is_empty());
    assert!(kernel.dispatcher.is_ending());
    assert_eq!(
        kernel.close(),
        ["aborted 1 a to one", "idle a", "busy b", "aborted 2 b to one", "idle b"]
    );
}

#[test]
fn a_kernel_that_nobody_is_left_to_talk_to_ends() {
    let mut kernel = Kernel::new();
    assert!(kernel.notice(Notice::ParentGone).is_empty());
    assert!(kernel.dispatcher.is_ending());
    assert!(kernel.close().is_empty());
}
