//! Types that change under variables: whoever changed them, a variable of the old type is lost and never garbage.

use super::packages::write_package;
use parcell_tests::with_notebook;

#[test]
fn a_crate_that_is_added_loses_no_variable_and_one_that_is_built_anew_no_memory() {
    with_notebook(async |notebook| {
        let directory = notebook.kernel.working_directory().to_owned();
        let package = |name, source| write_package(&directory.join(name), name, source);
        let three_numbers = r"
            #[derive(Debug)] pub struct Part { pub a: u64, pub b: u64, pub c: u64 }
            impl Part { pub fn new() -> Part { Part { a: 1, b: 2, c: 3 } } }
        ";
        let a_string = r"
            #[derive(Debug)] pub struct Part { pub a: String }
            impl Part { pub fn new() -> Part { Part { a: String::new() } } }
        ";
        let [parts, more] = [
            package("parts", three_numbers),
            package("more", "pub fn one() -> u8 { 1 }"),
        ];
        let define = r"
            #[derive(Debug)]
            struct Own { part: parts::Part }
            let own = Own { part: parts::Part::new() }; let bare = parts::Part::new(); let other = vec![1];
        ";
        notebook.succeed(&format!("{parts}{define}")).await.take_stderr();

        let mut cell = notebook.succeed(&format!("{more}(more::one(), own.part.c)")).await;
        assert_eq!(cell.take_text().as_deref(), Some("(1, 3)"));
        assert!(!cell.take_stderr().contains("lost"));

        package("parts", a_string);
        let mut cell = notebook.succeed("other.clone()").await;
        assert_eq!(cell.take_text().as_deref(), Some("[1]"));
        let told = cell.take_stderr();
        for lost in ["own", "bare"] {
            assert!(told.contains(&format!("the variable `{lost}` is lost")), "{told}");
        }
        let failure = notebook.failure("own.part.a.len()").await;
        assert!(failure.text().contains("`own` was lost in cell "), "{failure:?}");
        assert_eq!(
            notebook.value("Own { part: parts::Part::new() }").await,
            r#"Own { part: Part { a: "" } }"#
        );
    });
}

#[test]
fn a_redefined_type_never_turns_variables_into_garbage() {
    with_notebook(async |notebook| {
        let code = r"
            #[derive(Debug)]
            struct P { x: u64 }
            #[derive(Debug, Clone)]
            struct Kept { a: u8 }
            #[derive(Debug)]
            struct Holder(Option<P>);
            let p = P { x: 7 }; let kept = Kept { a: 1 }; let holder = Holder(None); let other = vec![1];
        ";
        notebook.prepare(code).await;
        // What does not compile has redefined nothing.
        let mut cell = notebook.run("struct P { x: NoType }").await;
        assert_eq!(cell.take_failure().expect("a failure").ename, "CompileError");
        assert_eq!(notebook.value("p.x").await, "7");

        let code = r"
            #[derive(Debug)]
            struct P { x: String }
        ";
        let mut cell = notebook.run(code).await;
        // They are missed when code next runs.
        let mut told = cell.take_stderr();
        let mut cell = notebook.run("kept.clone()").await;
        told.push_str(&cell.take_stderr());
        assert_eq!(cell.take_text().as_deref(), Some("Kept { a: 1 }"));
        for lost in ["p", "holder"] {
            assert!(told.contains(&format!("the variable `{lost}` is lost")), "{told}");
        }
        for stays in ["kept", "other"] {
            assert!(!told.contains(&format!("`{stays}`")), "{told}");
        }
        let mut cell = notebook.run(r#"format!("{:?}", p)"#).await;
        cell.take_stderr();
        match (cell.take_text(), cell.take_failure()) {
            (Some(text), None) => assert_eq!(text, r#""P { x: 7 }""#),
            (None, Some(failure)) => {
                assert!(
                    ["CompileError", "VariablesLost"].contains(&failure.ename.as_str()),
                    "{failure:?}"
                );
                assert!(failure.text().contains("`p`"), "{failure:?}");
            }
            neither => panic!("{neither:?}"),
        }
        assert_eq!(notebook.value("other.clone()").await, "[1]");
        notebook.prepare(r#"let p = P { x: "new".to_owned() };"#).await;
        assert_eq!(notebook.value("p.x.clone()").await, r#""new""#);
    });
}
