//! Items that are written again, and those that macros make: what a cell defines takes the place of what was.

use parcell_tests::with_notebook;

#[test]
fn implementations_are_replaced_as_functions_are() {
    with_notebook(async |notebook| {
        let define = r#"
            trait Shape { fn area(&self) -> f64; }
            struct Circle(f64);
            impl Shape for Circle { fn area(&self) -> f64 { self.0 } }
            impl Circle { fn new() -> Circle { Circle(1.0) } fn name() -> &'static str { NAME } }
            const NAME: &str = "circle";
        "#;
        notebook.prepare(define).await;
        notebook
            .prepare("impl Shape for Circle { fn area(&self) -> f64 { self.0 * 3.0 } }")
            .await;
        assert_eq!(notebook.value("Circle::new().area()").await, "3.0");
        notebook
            .prepare("impl Circle { fn new() -> Circle { Circle(2.0) } }")
            .await;
        let all = "(Circle::new().area(), Circle::name())";
        assert_eq!(notebook.value(all).await, "(6.0, \"circle\")");
        // One that does not compile replaces nothing.
        notebook.failure("impl Circle { fn new() -> Circle { missing } }").await;
        assert_eq!(notebook.value(all).await, "(6.0, \"circle\")");
        // Twice in one cell it is a mistake.
        let twice =
            "struct P; impl Default for P { fn default() -> P { P } } impl Default for P { fn default() -> P { P } }";
        notebook.failure(twice).await.assert_shows(&["error[E0119]"]);
    });
}

#[test]
fn items_that_macros_make_stay() {
    with_notebook(async |notebook| {
        let macros = r#"
            macro_rules! make { ($i:ident) => { #[derive(Debug, Default)] struct $i { a: i32 } }; }
            macro_rules! say { ($e:expr) => { let said = $e; println!("{said}"); }; }
            macro_rules! seven { () => { 7 }; }
        "#;
        notebook.prepare(macros).await;
        notebook.prepare("make!(First);").await;
        // Also where it could be a value.
        notebook.prepare("make!(Second)").await;
        assert_eq!(
            notebook.value("(First::default(), Second { a: 2 })").await,
            "(First { a: 0 }, Second { a: 2 })"
        );
        // Again, beside what uses it.
        assert_eq!(notebook.value("make!(First);\nFirst { a: 3 }.a").await, "3");
        notebook
            .prepare("thread_local! { static COUNT: std::cell::Cell<u32> = const { std::cell::Cell::new(1) }; }")
            .await;
        assert_eq!(notebook.value("COUNT.with(|count| count.get())").await, "1");
        notebook
            .prepare("thread_local! { static COUNT: std::cell::Cell<u32> = const { std::cell::Cell::new(2) }; }")
            .await;
        assert_eq!(notebook.value("COUNT.get()").await, "2");
        // Those that make something else are run.
        let mut cell = notebook.succeed("say!(1)").await;
        assert_eq!(cell.take_stdout(), "1\n");
        let mut cell = notebook.succeed("say!(2);\nsay!(3);").await;
        assert_eq!(cell.take_stdout(), "2\n3\n");
        assert_eq!(notebook.value("seven!()").await, "7");
        assert_eq!(notebook.value("vec![seven!(); 2]").await, "[7, 7]");
    });
}

#[test]
fn what_is_only_defined_is_found_wrong_where_it_is() {
    with_notebook(async |notebook| {
        let failure = notebook.failure("fn small() -> u8 {\n    255u8 + 1\n}").await;
        failure.assert_shows(&["this arithmetic operation will overflow", ":2:5"]);
        let failure = notebook.failure("const WRONG: u8 = [1, 2][2];").await;
        failure.assert_shows(&["error[E0080]", ":1:19"]);
        let failure = notebook.failure("fn broken() -> u8 { \"\" }").await;
        failure.assert_shows(&["error[E0308]", ":1:21"]);
        notebook.failure("broken()").await.assert_shows(&["error[E0425]"]);
        // What is done when its library is loaded is done at once.
        let at_once = r#"
            extern "C" fn registered() { println!("registered"); }
            #[used]
            #[unsafe(link_section = ".init_array")]
            static REGISTERED: extern "C" fn() = registered;
        "#;
        let mut cell = notebook.succeed(at_once).await;
        assert!(cell.take_stdout().contains("registered"));
    });
}
