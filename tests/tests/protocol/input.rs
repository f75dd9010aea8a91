//! Questions that cells put to the client that submitted them, and answers that are none.

use parcell_tests::{Channel, Client, Kernel, with_notebook, within_test_limit};
use serde_json::json;
use std::time::{Duration, Instant};

const READ: &str = r#"
    let mut line = String::new();
    let length = std::io::stdin().read_line(&mut line).unwrap();
    println!("got {line:?} {length}");
"#;

/// From an interrupt to idle. It takes some milliseconds.
const INTERRUPT_LIMIT: Duration = Duration::from_secs(1);

#[test]
fn a_question_goes_to_who_submitted_the_cell_and_only_its_answer_counts() {
    with_notebook(async |notebook| {
        let mut other = Client::connect(&notebook.kernel).await;
        only_the_answer_counts(&mut notebook.client, &mut other).await;
        an_answer_may_name_the_cell_or_nothing(&mut notebook.client).await;
        other.leave().await;
    });
}

async fn only_the_answer_counts(asked: &mut Client, other: &mut Client) {
    let code = format!(
        r#"
            print!("Name: ");
            {READ}
        "#
    );
    let cell = asked.submit_asking(&code).await;
    let question = asked.question(&cell).await;
    assert_eq!(question.content, json!({"prompt": "", "password": false}));
    // What stands before the cursor was published first.
    let broadcasts = asked.printed(&cell, "Name: ").await;

    // None of these is the answer.
    other.answer(&question, "from somebody else").await;
    other
        .send(Channel::Stdin, "input_reply", json!({"value": "from somebody else"}))
        .await;
    let mut another = question.clone();
    another.header["msg_id"] = json!("another question");
    asked.answer(&another, "to another question").await;
    asked.send(Channel::Stdin, "input_reply", json!({"value": 7})).await;
    asked.send(Channel::Stdin, "input_reply", json!({})).await;
    asked
        .send(
            Channel::Stdin,
            "execute_request",
            json!({"code": r#"println!("never");"#}),
        )
        .await;
    // They are on their way before this; everything that waits is answered while the cell waits.
    for client in [&mut *asked, other] {
        client.request(Channel::Control, "kernel_info_request", json!({})).await;
    }
    asked.answer(&question, "Ada").await;
    asked.answer(&question, "a second answer").await;
    let mut cell = asked.execution_after(&cell, broadcasts).await;
    assert_eq!(cell.take_stdout(), "Name: got \"Ada\\n\" 4\n");
}

async fn an_answer_may_name_the_cell_or_nothing(asked: &mut Client) {
    let code = format!(
        r"
            {READ}
            line.clear();
            std::io::stdin().read_line(&mut line).unwrap();
            line
        "
    );
    let id = asked.submit_asking(&code).await;
    let mut question = asked.question(&id).await;
    question.header["msg_id"] = json!(id);
    asked.answer(&question, "names the cell").await;
    asked.question(&id).await;
    asked
        .send(Channel::Stdin, "input_reply", json!({"value": "names nothing"}))
        .await;
    let mut cell = asked.execution(&id).await;
    assert_eq!(cell.take_stdout(), "got \"names the cell\\n\" 15\n");
    assert_eq!(cell.take_text().as_deref(), Some(r#""names nothing\n""#));
}

#[test]
fn clients_that_are_not_to_be_asked_are_not_asked() {
    with_notebook(async |notebook| {
        let client = &mut notebook.client;
        for content in [json!({"code": READ, "allow_stdin": false}), json!({"code": READ})] {
            let id = client.submit(content).await;
            let mut cell = client.execution(&id).await;
            assert_eq!(cell.take_stdout(), "got \"\" 0\n");
            assert_eq!(
                cell.take_stderr(),
                "parcell: nobody can be asked for input here, so standard input is empty\n"
            );
        }
    });
}

#[test]
fn an_interrupt_ends_a_cell_that_waits_and_a_late_answer_is_nobodys() {
    with_notebook(async |notebook| {
        let client = &mut notebook.client;
        client.execute("let mut kept = vec![1];").await.assert_quiet();
        for code in [
            READ,
            r#"
                kept.push(2);
                parcell::input("? ").unwrap();
            "#,
        ] {
            let cell = client.submit_asking(code).await;
            let question = client.question(&cell).await;
            let since = Instant::now();
            let interrupt = client.send(Channel::Control, "interrupt_request", json!({})).await;
            let mut cell = client.execution(&cell).await;
            let elapsed = since.elapsed();
            eprintln!("{} ms from the interrupt to idle", elapsed.as_millis());
            assert!(elapsed < INTERRUPT_LIMIT, "{elapsed:?}");
            assert_eq!(cell.take_failure().unwrap().ename, "Interrupted");
            client.exchange(Channel::Control, &interrupt).await;

            client.answer(&question, "late").await;
            let next = client.submit_asking(READ).await;
            let new_question = client.question(&next).await;
            client.answer(&question, "later still").await;
            client.answer(&new_question, "in time").await;
            assert_eq!(client.execution(&next).await.take_stdout(), "got \"in time\\n\" 8\n");
        }
        let mut cell = client.execute("kept").await;
        assert_eq!(cell.take_text().as_deref(), Some("[1]"));
    });
}

#[test]
fn a_kernel_ends_while_a_cell_waits_for_an_answer() {
    within_test_limit(async {
        let kernel = Kernel::start();
        let mut client = Client::connect(&kernel).await;
        let cell = client.submit_asking(READ).await;
        client.question(&cell).await;
        let shutdown = client
            .send(Channel::Control, "shutdown_request", json!({"restart": false}))
            .await;
        client.exchange(Channel::Control, &shutdown).await;
        assert_eq!(client.execution(&cell).await.status(), "aborted");
        client.close();
        assert!(kernel.ended().await.success());
    });
}

#[test]
fn a_client_that_goes_away_with_its_question_leaves_a_kernel_that_goes_on() {
    within_test_limit(async {
        let kernel = Kernel::start();
        let mut gone = Client::connect(&kernel).await;
        let mut stays = Client::connect(&kernel).await;
        // Its failure is to abort nothing, whether the other's cell waits by then or not.
        let asking = json!({"code": READ, "allow_stdin": true, "stop_on_error": false});
        let cell = gone.submit(asking).await;
        gone.question(&cell).await;
        gone.abandon();
        stays.request(Channel::Control, "interrupt_request", json!({})).await;
        let next = stays.submit_asking(READ).await;
        let question = stays.question(&next).await;
        stays.answer(&question, "still here").await;
        assert_eq!(stays.execution(&next).await.take_stdout(), "got \"still here\\n\" 11\n");
        stays.shut_down(Channel::Control).await;
        kernel.ended().await;
    });
}
