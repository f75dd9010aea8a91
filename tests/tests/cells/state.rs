//! The variables of the tests of transactions: some of each kind that a rollback has to bring back.

use parcell_tests::{Notebook, cell_code};

const DEFINE: &str = r#"
    use std::collections::HashMap;
    let mut numbers = vec![1, 2, 3];
    let mut text = "kept".to_owned();
    let mut ages = HashMap::from([("a".to_owned(), 1)]);
    let factor = 3;
    let mut scale: Box<dyn Fn(i32) -> i32> = Box::new(move |x| x * factor);
"#;

/// Changes all of them.
pub(crate) const CHANGE: &str = r#"
    numbers.push(4);
    text.push('!');
    ages.insert("b".to_owned(), 2);
    scale = Box::new(|x| x);
"#;

const SHOW: &str = r#"(numbers.clone(), text.clone(), ages["a"], ages.len(), scale(2))"#;

/// A cell that changes all of them and then goes on with this, below the magic that it may begin with.
pub(crate) fn changing(code: &str) -> String {
    let (change, code) = (cell_code(CHANGE), cell_code(code));
    match code.split_once('\n') {
        Some((magic, rest)) if magic.starts_with("%%") => format!("{magic}\n{change}\n{rest}"),
        _ => format!("{change}\n{code}"),
    }
}

/// Gives the variables their values.
pub(crate) async fn define(notebook: &mut Notebook) {
    notebook.prepare(DEFINE).await;
}

/// Asserts that the variables are as `define` has left them.
pub(crate) async fn assert_unchanged(notebook: &mut Notebook) {
    assert_eq!(notebook.value(SHOW).await, r#"([1, 2, 3], "kept", 1, 1, 6)"#);
}

/// Asserts that the variables are as `CHANGE` has left them.
pub(crate) async fn assert_changed(notebook: &mut Notebook) {
    assert_eq!(notebook.value(SHOW).await, r#"([1, 2, 3, 4], "kept!", 1, 2, 2)"#);
}
