//! Questions of cells: who answers them, and when nobody does any more.

use super::*;

/// A question of a cell.
fn question(cell: u64, id: u64) -> Event {
    Event::InputRequest(session::InputRequest {
        id: InputRequestId(id),
        cell: CellId(cell),
        prompt: "name? ".to_owned(),
        password: false,
    })
}

fn answer(client: &'static str, value: Value) -> Received {
    message(Channel::Stdin, client, "r", "input_reply", json!({"value": value}))
}

#[test]
fn a_question_comes_after_what_was_printed_and_goes_to_the_cells_client() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({"allow_stdin": true}));
    kernel.print(0, "1");
    kernel.print(0, "2");
    assert_eq!(
        kernel.event(question(0, 5)),
        ["print \"2\" a", "ask \"name? \" a to one"]
    );
    assert!(kernel.receive(answer("two", json!("not asked"))).is_empty());
    assert!(kernel.receive(answer("one", json!(7))).is_empty());
    assert!(
        kernel
            .receive(message(
                Channel::Stdin,
                "one",
                "x",
                "execute_request",
                json!({"code": "x"})
            ))
            .is_empty()
    );
    assert_eq!(
        kernel.receive(answer("one", json!("me"))),
        ["answer 5 with Some(\"me\")"]
    );
    // It has been answered.
    assert!(kernel.receive(answer("one", json!("me again"))).is_empty());
}

#[test]
fn the_end_of_input_is_an_answer() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({"allow_stdin": true}));
    kernel.event(question(0, 5));
    assert_eq!(kernel.receive(answer("one", json!("\u{4}"))), ["answer 5 with None"]);
}

#[test]
fn an_answer_that_comes_after_the_cell_is_nobodys() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({"allow_stdin": true}));
    kernel.execute("b", json!({"allow_stdin": true}));
    kernel.event(question(0, 5));
    kernel.notice(Notice::Interrupt);
    kernel.fail(0, "Interrupted");
    assert!(kernel.receive(answer("one", json!("late"))).is_empty());
}

#[test]
fn a_question_that_comes_after_its_cell_is_not_put() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({"allow_stdin": true}));
    kernel.succeed(0);
    assert!(kernel.event(question(0, 5)).is_empty());
    kernel.execute("b", json!({"allow_stdin": true}));
    assert!(kernel.event(question(0, 6)).is_empty());
    assert_eq!(kernel.event(question(1, 7)), ["ask \"name? \" b to one"]);
}
