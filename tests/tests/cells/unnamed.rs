//! Values whose types have no name: closures, iterators, futures. They stay for later cells, or are refused before the
//! cell runs, with what to write.

use parcell_tests::{Notebook, with_notebook};

#[test]
fn values_without_a_name_for_their_type_stay() {
    with_notebook(async |notebook| {
        notebook.step(closures).await;
        notebook.step(closures_that_read_what_can_be_copied).await;
        notebook.step(closures_that_change_and_that_are_used_up).await;
        notebook.step(closures_whose_types_follow_from_their_use).await;
        notebook.step(what_functions_return_without_naming_it).await;
        notebook.step(iterators).await;
        notebook.step(futures).await;
        notebook.step(and_survive_a_crash).await;
    });
}

async fn closures(n: &mut Notebook) {
    let code =
        "let larger = |x: i32, y| if x > y { x } else { y }; let offset = 10; let add = move |x: u64| x + offset;";
    let mut cell = n.succeed(&format!("{code}\nprintln!(\"{{}}\", larger(1, 2));")).await;
    assert_eq!(cell.take_stdout(), "2\n");
    assert_eq!(n.value("larger(5, 3)").await, "5");
    assert_eq!(n.value("(0..3).map(&add).collect::<Vec<_>>()").await, "[10, 11, 12]");
    let mut cell = n.succeed("%%pool -n 2 --fn add 0..4").await;
    assert_eq!(cell.take_text().as_deref(), Some("[10, 11, 12, 13]"));
    // Threads may share it.
    let threads = "std::thread::scope(|scope| scope.spawn(|| larger(7, 8)).join().unwrap())";
    assert_eq!(n.value(threads).await, "8");
    let mut who = n.succeed("%who").await;
    let shown = who.take_displays().remove(0)["text/plain"].to_string();
    assert!(shown.contains("Box<dyn Fn(i32, i32) -> i32 + Send + Sync>"), "{shown}");
    // What cannot move to a thread stays as well.
    n.prepare("let shared = std::rc::Rc::new(5); let read = move || *shared + 1;")
        .await;
    assert_eq!(n.value("read()").await, "6");
}

async fn closures_that_read_what_can_be_copied(n: &mut Notebook) {
    n.prepare("let mut limit = 5; let scale = (2, 3);").await;
    let code = "let below = |x: i32| x < limit; let scaled = |x: i32| x * scale.0\n    + scale.1;";
    let mut cell = n.succeed(&format!("{code}\nbelow(4)")).await;
    assert_eq!(cell.take_text().as_deref(), Some("true"));
    n.prepare("limit = 1;").await;
    // They have copies.
    assert_eq!(
        n.value("(below(4), scaled(10), limit, scale)").await,
        "(true, 23, 1, (2, 3))"
    );
    // Places stay as they were written.
    let failure = n
        .failure("let zero = 0; let divides = |x: i32| x / zero; divides(1);")
        .await;
    failure.assert_shows(&[":1:38", "attempt to divide by zero"]);
}

async fn closures_that_change_and_that_are_used_up(n: &mut Notebook) {
    n.prepare("let mut count = 0; let mut next = move || { count += 1; count };")
        .await;
    assert_eq!(n.value("next(); next()").await, "2");
    assert_eq!(n.value("next()").await, "3");
    n.prepare("let name = String::from(\"Ada\"); let give = move || name;")
        .await;
    assert_eq!(n.value("give()").await, "\"Ada\"");
    n.failure("give()").await.assert_shows(&["`give` was moved in cell"]);
}

async fn closures_whose_types_follow_from_their_use(n: &mut Notebook) {
    assert_eq!(n.value("let more = |x| x + 1;\nmore(1)").await, "2");
    assert_eq!(n.value("more(41)").await, "42");
    n.prepare("let length = |text: &str| text.len();").await;
    assert_eq!(n.value("length(\"abcd\") + length(&String::new())").await, "4");
}

async fn what_functions_return_without_naming_it(n: &mut Notebook) {
    let code = r"
        fn adder(n: i32) -> impl Fn(i32) -> i32 { move |x| x + n }
        fn area() -> impl Area { Square(3.0) }
        trait Area { fn area(&self) -> f64; }
        struct Square(f64);
        impl Area for Square { fn area(&self) -> f64 { self.0 * self.0 } }
        let add_five = adder(5); let square = area();
    ";
    n.prepare(code).await;
    assert_eq!(n.value("add_five(6)").await, "11");
    assert_eq!(n.value("square.area()").await, "9.0");
}

async fn iterators(n: &mut Notebook) {
    n.prepare("let mut doubled = (0..5).map(|x| x * 2);").await;
    assert_eq!(n.value("doubled.next()").await, "Some(0)");
    assert_eq!(n.value("doubled.by_ref().take(2).sum::<i32>()").await, "6");
    assert_eq!(n.value("doubled.collect::<Vec<_>>()").await, "[6, 8]");
}

async fn futures(n: &mut Notebook) {
    n.prepare("async fn later(n: u8) -> u8 { n + 1 } let coming = later(6);")
        .await;
    let mut cell = n.succeed("coming.await").await;
    assert_eq!(cell.take_text().as_deref(), Some("7"));
}

async fn and_survive_a_crash(n: &mut Notebook) {
    n.prepare("let base = 5; let kept = move |x: u8| x + base;").await;
    n.failure("std::process::abort();").await;
    assert_eq!(n.value("kept(1)").await, "6");
}

#[test]
fn what_cannot_stay_is_refused_with_what_to_write() {
    with_notebook(async |notebook| {
        notebook.prepare("let list = vec![1, 2, 3];").await;
        for (code, shown) in [
            (
                "let one = 1;\nlet first = |x: i32| x + list[0];",
                &[
                    "the closure `first` borrows `list`",
                    ":2:5",
                    "write `move`",
                    "a clone of `list`",
                ][..],
            ),
            (
                "let rest = &list[1..];",
                &["the variable `rest` borrows `list`", ":1:5", "`.to_vec()`"],
            ),
            (
                "let all = list.iter().map(|x| x + 1);",
                &["`all` borrows `list`", "`.collect::<Vec<_>>()`"],
            ),
            (
                "let text = String::from(\"x\").as_str();",
                &["`text` borrows what does not stay", "`.to_owned()`"],
            ),
            (
                "let counted = |x: usize| x + list.len(); println!(\"{}\", list.len());",
                &["the closure `counted` borrows `list`", ":1:5", "write `move`"],
            ),
            (
                "let pair = (String::new(), 1); let part = |x: usize| x + pair.0.len();",
                &["the closure `part` borrows `pair", "write `move`"],
            ),
            (
                "let mut total = 0; let mut add = |x: i32| total += x;",
                &["the closure `add` borrows `total`", "write `move`"],
            ),
            (
                "let open = |x| x;",
                &[
                    "error[E0282]",
                    "consider giving this closure parameter an explicit type",
                ],
            ),
            (
                "let nested = |x: u8| move |y: u8| x + y;",
                &[
                    "what the closure `nested` takes and returns is not known",
                    "write a function",
                ],
            ),
            (
                "let several = vec![|x: u8| x];",
                &["the type of the variable `several` is not known", ":1:5"],
            ),
        ] {
            let failure = notebook.failure(code).await;
            failure.assert_shows(shown);
            failure.assert_hides(&["parcell_", "Parcell", "dyn "]);
        }
        // A mistake is told first.
        let failure = notebook.failure("let wrong = |x: i32| x + list[0] + missing;").await;
        failure.assert_shows(&["error[E0425]", "`missing`"]);
        assert_eq!(notebook.value("list.len()").await, "3");
    });
}
