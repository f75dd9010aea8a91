//! Inputs of earlier cells, and of earlier sessions.

use parcell_tests::{Channel, Client, Kernel, within_test_limit};
use serde_json::json;

#[test]
fn history_is_found_by_tail_range_and_search() {
    within_test_limit(async {
        let data = tempfile::tempdir().unwrap();
        let kernel = Kernel::start_with_data(data.path());
        let mut client = Client::connect(&kernel).await;
        for code in ["let a = 1;", "let b = 2;", "let a = 1;"] {
            client.execute(code).await.assert_quiet();
        }
        check_requests(&mut client).await;

        // Two more sessions, at the same time: each has the first as its past.
        let (second, third) = (
            Kernel::start_with_data(data.path()),
            Kernel::start_with_data(data.path()),
        );
        let mut other = Client::connect(&third).await;
        let mut another = Client::connect(&second).await;
        check_later_sessions(&mut other, &mut another).await;

        other.shut_down(Channel::Control).await;
        another.shut_down(Channel::Control).await;
        client.shut_down(Channel::Control).await;
        for kernel in [kernel, second, third] {
            kernel.ended().await;
        }
        let kept = std::fs::read_to_string(data.path().join("history.jsonl")).unwrap();
        assert_eq!(kept.lines().count(), 3 + 4, "{kept}");
    });
}

/// Asks in each way for the inputs of the session, which is the first.
async fn check_requests(client: &mut Client) {
    let cases = [
        (
            json!({"hist_access_type": "tail", "n": 2}),
            json!([[1, 2, "let b = 2;"], [1, 3, "let a = 1;"]]),
        ),
        (
            json!({"hist_access_type": "range", "start": 1, "stop": 2}),
            json!([[1, 1, "let a = 1;"]]),
        ),
        (
            json!({"hist_access_type": "range", "session": -1, "start": 1}),
            json!([]),
        ),
        (
            json!({"hist_access_type": "search", "pattern": "let ? = 2*"}),
            json!([[1, 2, "let b = 2;"]]),
        ),
        (
            json!({"hist_access_type": "search", "pattern": "*a*", "unique": true, "n": 5, "output": true}),
            json!([[1, 3, ["let a = 1;", null]]]),
        ),
    ];
    for (request, expected) in cases {
        let reply = client.ask("history_request", request.clone()).await;
        assert_eq!(reply["history"], expected, "{request}");
    }
    let refused = client
        .ask("history_request", json!({"hist_access_type": "guess"}))
        .await;
    assert_eq!(refused["status"], "error");
}

/// Asks in two sessions after the first, of which `other` runs a cell.
async fn check_later_sessions(other: &mut Client, another: &mut Client) {
    other.execute("40 + 2").await.take_text().unwrap();
    for client in [&mut *other, another] {
        let before = json!({"hist_access_type": "search", "pattern": "let*", "n": 2});
        let reply = client.ask("history_request", before).await;
        assert_eq!(reply["history"], json!([[1, 2, "let b = 2;"], [1, 3, "let a = 1;"]]));
    }
    let this = json!({"hist_access_type": "range", "session": 0, "output": true});
    let reply = other.ask("history_request", this).await;
    assert_eq!(reply["history"][0][2], json!(["40 + 2", "42"]));
    let session = reply["history"][0][0].as_i64().unwrap();
    assert!((2..=3).contains(&session), "{reply}");
    let first = json!({"hist_access_type": "range", "session": 1 - session, "start": 3});
    let reply = other.ask("history_request", first).await;
    assert_eq!(reply["history"], json!([[1, 3, "let a = 1;"]]));
}
