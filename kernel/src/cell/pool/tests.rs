use crate::cell::rewrite::tests::{refused, rewritten};

#[test]
fn a_function_over_a_variable_gets_clones_and_the_variable_stays() {
    let text = rewritten("%%pool -n 4 numbers -> squares\nfn square(n: u64) -> u64 {\n    n * n\n}");
    assert_eq!(
        text,
        "\nfn square(n: u64) -> u64 {\n    n * n\n}\nlet squares: ::std::vec::Vec<u64> = \
         parcell::cell::pool(parcell::cell::PoolOptions::new().workers(4)).map(|parcell_item| { \
         let parcell_item = ::std::clone::Clone::clone(parcell_item); square(parcell_item, ) }, &\nnumbers\n);"
    );
}

#[test]
fn references_are_passed_on_and_made_where_needed() {
    assert!(rewritten("%%pool numbers\nfn f(n: &u64) -> u64 { *n }").contains("{ f(parcell_item, ) }, &\nnumbers\n"));
    assert!(rewritten("%%pool slice\nfn f(n: &u8) -> u8 { *n }").contains("{ f(parcell_item, ) }, \nslice\n)"));
    assert!(rewritten("%%pool 0..9\nfn f(n: &u64) -> u64 { *n }").contains("{ f(&parcell_item, ) }, \n0..9\n"));
    assert!(rewritten("%%pool range\nfn f(n: i32) -> i32 { n }").contains("{ f(parcell_item, ) }, \nrange\n.clone())"));
}

#[test]
fn several_parameters_take_tuples() {
    let text = rewritten("%%pool pairs()\nfn f(a: u64, b: &str, c: &mut Vec<u8>) -> u64 { a }");
    assert!(text.contains("|(parcell_item_0, parcell_item_1, mut parcell_item_2)| { f(parcell_item_0, &parcell_item_1, &mut parcell_item_2, )"), "{text}");
}

#[test]
fn a_closure_stays_where_it_is() {
    let text = rewritten("%%pool -n 2 0..4\nlet k = 3;\n|i| i * k");
    assert_eq!(
        text,
        "\nlet k = 3;\nparcell::cell::show_results(parcell::cell::pool(parcell::cell::PoolOptions::new().workers(2)).map(\n|i| i * k\n, \n0..4\n));"
    );
}

#[test]
fn a_closure_gets_its_items_as_a_function_does() {
    let closure = |cell| {
        let text = rewritten(cell);
        let code = text.replace('\n', "").replace("parcell::cell::PoolOptions::new()", "");
        let (_, code) = code.split_once("show_results(").unwrap();
        code.strip_suffix(");").unwrap().to_owned()
    };
    assert_eq!(
        closure("%%pool words\n|word: &str| word.len()"),
        "parcell::cell::pool().map(|parcell_item| { let word: &str = parcell_item;word.len()}, &words)"
    );
    assert_eq!(
        closure("%%pool words\n|word: &_| word.len()"),
        "parcell::cell::pool().map(|word: &_| word.len(), &words)"
    );
    assert_eq!(
        closure("%%pool pairs\n|a, b| a + b"),
        "parcell::cell::pool().map(|(parcell_item_0, parcell_item_1)| { let a = parcell_item_0; \
         let b = parcell_item_1;a + b}, &pairs)"
    );
    assert_eq!(
        closure("%%pool pairs\nmove |a: u64, b: &str| -> u64 { k }"),
        "parcell::cell::pool().map(move |(parcell_item_0, parcell_item_1)| -> u64 { \
         let parcell_item_0 = ::std::clone::Clone::clone(parcell_item_0); let a: u64 = parcell_item_0; \
         let b: &str = parcell_item_1;{ k }}, &pairs)"
    );
}

#[test]
fn the_kind_of_map_follows_from_the_declaration() {
    let text = rewritten("%%pool 0..4 -> out\nfn f(x: u8) -> Result<u16, String> { Ok(1) }");
    assert!(
        text.contains(
            "let out: ::std::vec::Vec<u16> = parcell::cell::pool(parcell::cell::PoolOptions::new()).try_map("
        ),
        "{text}"
    );
    let text = rewritten("%%pool -k 0..4 -> out\nfn f(x: u8) -> u16 { 1 }");
    assert!(
        text.contains("Vec<::std::result::Result<u16, ::parcell::TaskError>>"),
        "{text}"
    );
    assert!(text.contains(".map_results("), "{text}");
    assert!(rewritten("%%pool 0..4\nfn f(x: u8) {}").ends_with(", \n0..4\n);"));
}

#[test]
fn an_err_is_a_failure_also_when_the_map_goes_on() {
    let text = rewritten("%%pool -k 0..4 -> out\nfn f(x: u8) -> io::Result<u16> { Ok(1) }");
    assert!(
        text.contains("let out: ::std::vec::Vec<::std::result::Result<u16, ::parcell::TaskError>> ="),
        "{text}"
    );
    assert!(text.contains(".try_map_results("), "{text}");
}

#[test]
fn results_of_several_parts_are_taken_apart() {
    let text = rewritten("%%pool 0..3 -> (a, mut b)\nfn f(x: u8) -> (u8, Vec<u16>) { (x, vec![]) }");
    let declared = "let (a, mut b): (::std::vec::Vec<u8>, ::std::vec::Vec<Vec<u16>>) = parcell::cell::pool(";
    assert!(
        text.contains(declared) && text.ends_with(").into_iter().collect();"),
        "{text}"
    );
    let text = rewritten("%%pool 0..3 -> (a, _)\nfn f(x: u8) -> Result<(u8, u16), String> { Ok((x, 1)) }");
    assert!(
        text.contains("let (a, _): (::std::vec::Vec<u8>, ::std::vec::Vec<u16>) ="),
        "{text}"
    );
    assert!(text.contains(".try_map("), "{text}");
    let text = rewritten("%%pool 0..3 -> (a, b): (Vec<u8>, HashSet<u8>)\n|x| (x, x)");
    assert!(
        text.starts_with("\nlet (a, b): (Vec<u8>, HashSet<u8>) = parcell"),
        "{text}"
    );
    let text = rewritten("%%pool 0..3 -> (a, b)\n|x| (x, x)");
    assert!(
        text.starts_with("\nlet (a, b): (::std::vec::Vec<_>, ::std::vec::Vec<_>) = parcell"),
        "{text}"
    );
    assert_eq!(
        refused("%%pool 0..3 -> (a, b)\nfn f(x: u8) -> u8 { x }"),
        ("results of type `u8` have no parts".to_owned(), "(a, b)".to_owned())
    );
    assert_eq!(
        refused("%%pool 0..3 -> (a, b, c)\nfn f(x: u8) -> (u8, u8) { (x, x) }"),
        (
            "there are 3 names for results of 2 parts".to_owned(),
            "(a, b, c)".to_owned()
        )
    );
}

#[test]
fn mistakes_are_pointed_at() {
    let function = "\nfn f(x: u8) {}";
    for (line, message, at) in [
        ("%%pool --wrokers 4 0..3", "there is no option `--wrokers`", "--wrokers"),
        ("%%pool -n 4", "there are no items to map over", "%%pool"),
        (
            "%%pool 4, 0..8 -> out\nfn f(n: u8) {}",
            "the items are one expression, and here are several",
            "4, 0..8",
        ),
        ("%%pool -n 0 0..3", "the number of workers is 0", "0"),
        ("%%pool -n abc 0..3", "`abc` is not a number of workers", "abc"),
        ("%%pool -n", "`-n` needs WORKERS", "-n"),
        (
            "%%pool --timeout soon 0..3",
            "`soon` is not a time for `--timeout`",
            "soon",
        ),
        ("%%pool --memory=2XB 0..3", "`2XB` is not a size for `--memory`", "2XB"),
        ("%%pool --retries -1 0..3", "`-1` is not a number of retries", "-1"),
        ("%%pool --raw --quiet 0..3", "`--quiet` contradicts `--raw`", "--quiet"),
        (
            "%%pool --grouped --quiet 0..3",
            "`--quiet` contradicts `--grouped`",
            "--quiet",
        ),
        (
            "%%pool --cluster nowhere 0..3",
            "`nowhere` is not the address of a Dask scheduler",
            "nowhere",
        ),
        (
            "%%pool --profile --cluster tcp://a:1 0..3",
            "`--cluster` contradicts `--profile`",
            "--cluster",
        ),
        ("%%pool --fn g 0..3", "there is no function `g`", "g"),
        ("%%pool --fn 3 0..3", "`3` is not the name of a function", "3"),
        (
            "%%pool 0..3 -> [a, b]",
            "`[a, b]` is not a name for the results",
            "[a, b]",
        ),
        (
            "%%pool -k 0..3 -> (a, b)",
            "with `--keep-going` each result is a `Result`, which has no parts",
            "(a, b)",
        ),
        ("%%pool 0..3 ->", "there is no name behind `->`", "->"),
        ("%%pool 0..3 --quiet", "`--quiet` stands behind the items", "--quiet"),
        (
            "%%pool vec![1, 2] -> out --workers=2",
            "`--workers` stands behind the items",
            "--workers",
        ),
    ] {
        assert_eq!(
            refused(&format!("{line}{function}")),
            (message.to_owned(), at.to_owned()),
            "{line}"
        );
    }
    assert_eq!(
        refused("%%pool 0..3\nlet x = 1;").0,
        "there is no function in this cell"
    );
    assert_eq!(refused("%%pool 0..3\nfn f() {}").0, "`f` takes no parameter");
    let asynchronous = "it is asynchronous, and a worker waits for no future";
    assert_eq!(refused("%%pool 0..3\nasync fn f(n: u8) {}").0, asynchronous);
    assert_eq!(refused("%%process\n|| async { 1 }").0, asynchronous);
}

#[test]
fn negative_items_follow_a_double_dash() {
    assert!(rewritten("%%pool 0..3 --i\nfn f(x: i32) {}").contains(", \n0..3 --i\n);"));
    assert!(rewritten("%%pool -n 2 -- -3..3\nfn f(x: i32) {}").contains(", \n-3..3\n);"));
}

#[test]
fn options_are_filled_in() {
    let text = rewritten(
        "%%pool -n=4 -c 2 --timeout 1m30s --retries 2 --memory 2KiB --unordered --quiet --profile --no-progress \
         0..3\nfn f(x: u8) {}",
    );
    let options = "PoolOptions::new().workers(4).chunk_size(2).timeout(::std::time::Duration::new(90, 0))\
                   .retries(2).memory_limit(2048).unordered().quiet().profile().no_progress()).map(";
    assert!(text.contains(options), "{text}");
    assert!(rewritten("%%pool --widget 0..3\nfn f(x: u8) {}").contains("PoolOptions::new().widget()).map("));
    let text = rewritten("%%pool --raw --grouped 0..3\nfn f(x: u8) {}");
    assert!(text.contains("PoolOptions::new().grouped().raw()).map("), "{text}");
}

#[test]
fn a_function_with_the_name_of_a_variable_is_still_the_one_that_is_called() {
    let text = rewritten("%%pool 0..3 -> numbers\nfn numbers(n: u64) -> u64 { n }");
    assert!(text.contains("{ crate::numbers(parcell_item, ) }"), "{text}");
    assert!(rewritten("%%pool 0..3\nfn other(n: u64) -> u64 { n }").contains("{ other(parcell_item, ) }"));
    let text = rewritten("%%process -n 2 -> numbers\nfn numbers(n: usize) -> usize { n }");
    assert!(text.contains("crate::numbers("), "{text}");
}

#[test]
fn a_cluster_is_sent_the_items_themselves() {
    let text = rewritten("%%pool -n 4 --cluster tcp://host:8786 numbers -> out\nfn f(n: u64) -> u64 { n }");
    assert!(
        text.ends_with(
            "let out: ::std::vec::Vec<u64> = parcell::cell::cluster(\"tcp://host:8786\", \
             parcell::cell::PoolOptions::new().workers(4)).map(|parcell_item| { f(parcell_item, ) }, \
             ::std::iter::IntoIterator::into_iter(&\nnumbers\n).cloned());"
        ),
        "{text}"
    );
    let text = rewritten("%%pool --cluster c.json slice\nfn f(n: &u8) -> u8 { *n }");
    assert!(text.contains("{ f(&parcell_item, ) }, ::std::iter::IntoIterator::into_iter(\nslice\n).cloned())"));
    let text = rewritten("%%pool --cluster=10.0.0.1:8786 0..9 -> out\n|n: u64| n");
    assert!(text.contains("cluster(\"10.0.0.1:8786\", ") && text.contains(".map(\n|n: u64| n\n, \n0..9\n)"));
    let text = rewritten("%%pool --cluster=tcp://a:1 range\nfn f(n: i32) -> i32 { n }");
    assert!(text.contains("\nrange\n.clone())"), "{text}");
}

#[test]
fn another_function_can_be_named() {
    let cell = "%%pool --fn first 0..3 -> out\nfn first(x: &u8) -> u16 { 1 }\nfn second(x: u8) {}";
    let text = rewritten(cell);
    assert!(text.contains("let out: ::std::vec::Vec<u16> ="), "{text}");
    assert!(text.contains("{ first(&parcell_item, ) }"), "{text}");
    let text = rewritten("%%pool --fn earlier 0..3 -> out\nlet k = 1;\nk");
    assert!(text.contains("k\n;let out: ::std::vec::Vec<bool> ="), "{text}");
    assert!(text.contains("|(parcell_item_0, parcell_item_1)|"), "{text}");
    assert!(rewritten("%%pool --fn f64::sqrt [1.0]").contains("{ f64::sqrt(parcell_item, ) }"));
}
