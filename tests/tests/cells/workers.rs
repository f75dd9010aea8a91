//! `%workers`: a table that changes while its cell goes on.

use parcell_tests::{Message, with_notebook};

fn shown(messages: &[Message]) -> Vec<Message> {
    let is_shown = |message: &&Message| message.msg_type().ends_with("display_data");
    messages.iter().filter(is_shown).cloned().collect()
}

fn text(message: &Message) -> &str {
    message.content["data"]["text/plain"].as_str().unwrap_or_default()
}

fn is_transient(message: &Message) -> bool {
    message.content["metadata"]["parcell"]["transient"] == true
}

#[test]
fn workers_are_shown_while_they_work_and_afterwards() {
    with_notebook(async |notebook| {
        notebook
            .check("where there are none, that is said", async |n| {
                let mut cell = n.succeed("%workers").await;
                let shown = cell.take_displays();
                assert_eq!(
                    shown[0]["text/plain"],
                    "There are no worker processes, and none has ended."
                );
            })
            .await;
        notebook
            .check("one display, with items while they are run, and what was used in the end", async |n| {
                let mut cell = n
                    .succeed(
                        "%workers\nPool::new(2).for_each(|_: u32| std::thread::sleep(std::time::Duration::from_millis(900)), 0..4);",
                    )
                    .await;
                let messages = shown(cell.inner());
                let (first, updates) = messages.split_first().expect("a table");
                assert!(!is_transient(first));
                let (last, others) = updates.split_last().expect("the last table");
                assert!(others.len() >= 2, "{others:?}");
                assert!(others.iter().all(is_transient) && !is_transient(last));
                let id = |message: &Message| message.content["transient"]["display_id"].clone();
                assert!(updates.iter().all(|update| id(update) == id(first)));
                let has_item = |update: &Message| text(update).contains("waiting, item ");
                assert!(others.iter().any(has_item), "{others:?}");
                assert!(text(last).starts_with("2 workers: 2 ended\n"), "{}", text(last));
                assert!(last.content["data"]["text/html"].as_str().is_some_and(|html| html.contains("<table")));
                cell.take_displays();
            })
            .await;
        notebook
            .check("below a cell's own magic", async |n| {
                let mut cell = n
                    .succeed("%%pool -n 3 0..3u32 -> same\n%workers\nfn same(n: u32) -> u32 { n }")
                    .await;
                let messages = shown(cell.inner());
                assert!(
                    text(&messages[messages.len() - 1]).starts_with("3 workers: 3 ended\n"),
                    "{messages:?}"
                );
                cell.take_displays();
            })
            .await;
        notebook
            .check("what goes on after the cell", async |n| {
                n.prepare("%%process --daemon --name watcher\nloop { std::thread::park() }")
                    .await;
                let mut cell = n
                    .succeed("%workers\nstd::thread::sleep(std::time::Duration::from_millis(600));")
                    .await;
                let messages = shown(cell.inner());
                let last = text(&messages[messages.len() - 1]);
                assert!(
                    last.contains("daemon, watcher  ") && last.ends_with("after which 1 goes on."),
                    "{last}"
                );
                cell.take_displays();
            })
            .await;
        notebook
            .check("also where the cell fails", async |n| {
                let mut cell = n
                    .run("%workers\nPool::new(1).for_each(|_| std::process::abort(), 0..1);")
                    .await;
                assert!(cell.take_failure().is_some());
                let messages = shown(cell.inner());
                let last = text(&messages[messages.len() - 1]);
                assert!(last.contains("ended, killed by SIGABRT"), "{last}");
                cell.take_displays();
                cell.take_stderr();
            })
            .await;
    });
}
