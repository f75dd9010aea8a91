//! `%workers`: a table that changes while its cell goes on.

use parcell_tests::{Message, Notebook, with_notebook};

fn is_transient(message: &Message) -> bool {
    message.content["metadata"]["parcell"]["transient"] == true
}

#[test]
fn workers_are_shown_while_they_work_and_afterwards() {
    with_notebook(async |notebook| {
        notebook.step(where_there_are_none_that_is_said).await;
        notebook
            .step(one_display_with_items_while_they_are_run_and_what_was_used_in_the_end)
            .await;
        notebook.step(below_a_cells_own_magic).await;
        notebook.step(what_goes_on_after_the_cell).await;
        notebook.step(also_where_the_cell_fails).await;
    });
}

async fn where_there_are_none_that_is_said(n: &mut Notebook) {
    let mut cell = n.succeed("%workers").await;
    let shown = cell.take_displays();
    assert_eq!(
        shown[0]["text/plain"],
        "There are no worker processes, and none has ended."
    );
}

async fn one_display_with_items_while_they_are_run_and_what_was_used_in_the_end(n: &mut Notebook) {
    let code = r"
        %workers
        Pool::new(2).for_each(|_: u32| std::thread::sleep(std::time::Duration::from_millis(900)), 0..4);
    ";
    let mut cell = n.succeed(code).await;
    let messages = cell.shown();
    let (first, updates) = messages.split_first().expect("a table");
    assert!(!is_transient(first));
    let (last, others) = updates.split_last().expect("the last table");
    assert!(others.len() >= 2, "{others:?}");
    assert!(others.iter().all(is_transient) && !is_transient(last));
    assert!(updates.iter().all(|update| update.display_id() == first.display_id()));
    let has_item = |update: &Message| update.plain_text().contains("waiting, item ");
    assert!(others.iter().any(has_item), "{others:?}");
    assert!(
        last.plain_text().starts_with("2 workers: 2 ended\n"),
        "{}",
        last.plain_text()
    );
    assert!(
        last.content["data"]["text/html"]
            .as_str()
            .is_some_and(|html| html.contains("<table"))
    );
    cell.take_displays();
}

async fn below_a_cells_own_magic(n: &mut Notebook) {
    let code = r"
        %%pool -n 3 0..3u32 -> same
        %workers
        fn same(n: u32) -> u32 { n }
    ";
    let mut cell = n.succeed(code).await;
    let messages = cell.shown();
    assert!(
        messages[messages.len() - 1]
            .plain_text()
            .starts_with("3 workers: 3 ended\n"),
        "{messages:?}"
    );
    cell.take_displays();
}

async fn what_goes_on_after_the_cell(n: &mut Notebook) {
    let code = r"
        %%process --daemon --name watcher
        loop { std::thread::park() }
    ";
    n.prepare(code).await;
    let code = r"
        %workers
        std::thread::sleep(std::time::Duration::from_millis(600));
    ";
    let mut cell = n.succeed(code).await;
    let messages = cell.shown();
    let last = messages[messages.len() - 1].plain_text();
    assert!(
        last.contains("daemon, watcher  ") && last.ends_with("after which 1 goes on."),
        "{last}"
    );
    cell.take_displays();
}

async fn also_where_the_cell_fails(n: &mut Notebook) {
    let code = r"
        %workers
        Pool::new(1).for_each(|_| std::process::abort(), 0..1);
    ";
    let mut cell = n.run(code).await;
    assert!(cell.take_failure().is_some());
    let messages = cell.shown();
    let last = messages[messages.len() - 1].plain_text();
    assert!(last.contains("ended, killed by SIGABRT"), "{last}");
    cell.take_displays();
    cell.take_stderr();
}
