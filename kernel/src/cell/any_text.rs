//! Whatever stands in a cell, there is an answer, and its places are in the cell.

use std::ops::Range;

use super::rewrite::tests::Known;
use super::*;
use crate::fuzzing::{cells, changed, for_all};

const CASES: u32 = 250;
/// What matters to whoever takes a cell apart.
const WORDS: &[&str] = &[
    "%%pool ",
    "%%process ",
    "%%time\n",
    "%%timeit ",
    "%%bash\n",
    "%%capture ",
    "%%writefile ",
    "%who\n",
    "%time ",
    "%timeit ",
    "%run ",
    "%env ",
    "!ls\n",
    ":dep ",
    ":vars\n",
    "?",
    "??",
    "-n ",
    "--fn ",
    "-> ",
    "--",
    "->",
    "..",
    "|",
    "||",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "'",
    "\"",
    "r#\"",
    "b'",
    "//",
    "/*",
    "*/",
    "\n",
    "\r\n",
    "\t",
    "\\",
    "#",
    "#[",
    "::",
    ";",
    ",",
    "&",
    "let ",
    "fn f(",
    "struct ",
    "impl ",
    "macro_rules! ",
    "use ",
    "async ",
    ".await",
    "?;",
    "é",
    "\u{1f980}",
    "\u{0}",
    "\u{2028}",
    "numbers",
    "$",
];

fn is_in(cell: &str, range: &Range<usize>) -> bool {
    range.start <= range.end && cell.get(range.clone()).is_some()
}

fn variables() -> Known {
    Known(&[
        ("numbers", "Vec<u64>"),
        ("range", "std::ops::Range<i32>"),
        ("squares", "Vec<u64>"),
    ])
}

#[test]
fn it_can_be_run_or_is_refused_at_a_place() {
    for_all(CASES, changed(cells(), WORDS), |cell| {
        // As the session does it.
        if let Some(place) = too_deep(&cell) {
            return assert!(is_in(&cell, &place), "{place:?}");
        }
        if let Some(unbalanced) = unbalanced(&cell) {
            assert!(is_in(&cell, &unbalanced.range), "{unbalanced:?}");
        }
        let known = variables();
        query(&cell, &known);
        for rewritten in [rewrite(&cell, &known), rewrite(&cell, &ForProgram(&known))] {
            match rewritten {
                Ok(parts) => {
                    assert!(!parts.is_empty());
                    for part in parts {
                        assert!(is_in(&cell, &part.range), "{:?}", part.range);
                        if let Step::Run(code) = part.step {
                            let whole = 0..code.map.text().len();
                            assert!(is_in(&cell, &code.map.place(whole).range()));
                        }
                    }
                }
                Err(error) => assert!(is_in(&cell, &error.range), "{error:?}"),
            }
        }
    });
}

#[test]
fn whoever_writes_it_is_answered() {
    for_all(
        CASES,
        (
            changed(cells(), WORDS),
            proptest::prelude::any::<proptest::sample::Index>(),
        ),
        |(cell, at)| {
            if too_deep(&cell).is_some() {
                return;
            }
            is_complete(&cell);
            let position = cell.floor_char_boundary(at.index(cell.len() + 1));
            if let Cursor::Rust(excerpt) = cursor(&cell, position, &variables()) {
                assert!(excerpt.map.text().is_char_boundary(excerpt.position));
                subject(excerpt.map.text(), excerpt.position);
            }
            definitions(&cell);
            imported(&cell);
        },
    );
}

#[test]
fn laying_it_out_loses_nothing() {
    let laid_out = |cell: &str| formatted(cell, |source| Ok::<_, ()>(source.to_owned()));
    for_all(CASES, changed(cells(), WORDS), |cell| {
        if too_deep(&cell).is_some() {
            return;
        }
        if let Ok(Some(text)) = laid_out(&cell) {
            let letters =
                |text: &str| -> String { text.chars().filter(|character| character.is_alphanumeric()).collect() };
            assert_eq!(letters(&text), letters(&cell));
        }
    });
}
