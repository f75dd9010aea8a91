//! Values as std and derives write them, and as nobody does.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::time::Duration;

use super::*;
use crate::fuzzing::for_all;

#[derive(Debug)]
struct Point {
    x: i32,
    #[expect(dead_code, reason = "it is shown")]
    name: &'static str,
}

#[derive(Debug)]
#[expect(dead_code, reason = "they are shown")]
struct Deep {
    points: Vec<Point>,
    pair: (u8, Option<String>),
    unit: (),
    empty: Vec<u8>,
    map: BTreeMap<&'static str, Vec<u8>>,
}

fn point(x: i32) -> Point {
    Point { x, name: "a: {b}" }
}

fn deep() -> Deep {
    Deep {
        points: vec![point(1), point(2)],
        pair: (7, Some("x\ny".to_owned())),
        unit: (),
        empty: Vec::new(),
        map: BTreeMap::from([("k: (", vec![1, 2]), ("l", vec![])]),
    }
}

fn parts(value: &dyn Debug, path: &[usize]) -> Vec<(String, String, bool)> {
    let range = 0..100;
    let outline = Outline::of(value, Wanted { path, range: &range });
    assert!(!outline.is_cut);
    outline
        .meant
        .unwrap()
        .into_parts()
        .map(|(name, part)| (name, part.line(60), part.has_parts()))
        .collect()
}

fn texts(value: &dyn Debug, path: &[usize]) -> Vec<String> {
    parts(value, path)
        .into_iter()
        .map(|(name, text, has_parts)| format!("{name}={text}{}", if has_parts { "+" } else { "" }))
        .collect()
}

#[test]
fn fields_elements_and_entries_have_names_and_values() {
    assert_eq!(
        texts(&deep(), &[]),
        [
            "points=[Point { x: 1, name: \"a: {b}\" }, Point { x: 2, name: \"a: {b}...+",
            "pair=(7, Some(\"x\\ny\"))+",
            "unit=()",
            "empty=[]",
            "map={\"k: (\": [1, 2], \"l\": []}+",
        ]
    );
    assert_eq!(texts(&deep(), &[0, 1]), ["x=2", "name=\"a: {b}\""]);
    assert_eq!(texts(&deep(), &[1]), ["0=7", "1=Some(\"x\\ny\")+"]);
    assert_eq!(texts(&deep(), &[4]), ["\"k: (\"=[1, 2]+", "\"l\"=[]"]);
    assert_eq!(texts(&deep(), &[4, 0]), ["[0]=1", "[1]=2"]);
}

#[test]
fn keys_that_have_parts_are_names() {
    let map = BTreeMap::from([((1, 'a'), vec![3]), ((2, ':'), vec![])]);
    assert_eq!(texts(&map, &[]), ["(1, 'a')=[3]+", "(2, ':')=[]"]);
    assert_eq!(texts(&map, &[0]), ["[0]=3"]);
    assert_eq!(texts(&BTreeSet::from(["a: b", "c"]), &[]).len(), 2);
    assert_eq!(texts(&HashMap::from([(1, 2.5)]), &[]), ["1=2.5"]);
}

#[test]
fn what_has_no_parts_or_is_nowhere_has_none() {
    assert!(texts(&7, &[]).is_empty());
    assert!(texts(&Duration::from_millis(1500), &[]).is_empty());
    let range = 0..1;
    let nowhere = |path: &[usize]| Outline::of(&deep(), Wanted { path, range: &range }).meant.is_none();
    assert!(nowhere(&[9]) && nowhere(&[2, 0]) && nowhere(&[0, 0, 0, 0]));
    assert!(!has_parts(&7) && !has_parts(&Vec::<u8>::new()) && !has_parts(&"("));
    assert!(has_parts(&deep()) && has_parts(&Some(1)) && is_list(&[1]) && !is_list(&(1, 2)));
}

#[test]
fn only_what_is_wanted_is_kept_of_much() {
    let range = 5_000..5_003;
    let many: Vec<_> = (0..10_000).map(|x| (point(x), vec![x; 100])).collect();
    let outline = Outline::of(
        &many,
        Wanted {
            path: &[],
            range: &range,
        },
    );
    let meant = outline.meant.unwrap();
    assert_eq!(meant.total(), 10_000);
    let parts: Vec<_> = meant.into_parts().collect();
    assert_eq!(parts.len(), 3);
    assert_eq!(parts[0].0, "[5000]");
    assert!(parts[0].1.parts[1].parts.len() == ON_A_LINE && parts[0].1.parts[1].total == 100);
    assert!(
        parts[0].1.line(1000).ends_with("5000, ...])"),
        "{}",
        parts[0].1.line(1000)
    );
}

#[test]
fn what_is_too_much_is_cut() {
    let much = vec!["x".repeat(1000); 40_000];
    let outline = Outline::of(
        &much,
        Wanted {
            path: &[],
            range: &(0..2),
        },
    );
    let meant = outline.meant.unwrap();
    assert!(outline.is_cut && meant.total() > 30_000 && meant.parts.len() == 2);
}

#[test]
fn a_layout_of_its_own_is_one_text() {
    struct Own(&'static str);
    impl Debug for Own {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }
    #[derive(Debug)]
    #[expect(dead_code, reason = "they are shown")]
    struct Holder {
        matrix: Own,
        broken: Own,
        last: u8,
    }
    let holder = Holder {
        matrix: Own("[[1, 2],\n [3, 4]], shape=[2, 2]"),
        broken: Own("begin\nnext {\n)"),
        last: 1,
    };
    let parts = texts(&holder, &[]);
    assert_eq!(parts[0], "matrix=[[1, 2], [3, 4]], shape=[2, 2]");
    assert!(parts[1].starts_with("broken=begin"), "{parts:?}");
    assert!(texts(&Own("a\nb {\nc"), &[]).is_empty());
    for text in [
        "",
        "{",
        "(\n",
        "}\n}",
        "[\n]\n]",
        "a {\n    b: c (\n",
        "\u{1f980} {\n  \u{1f980}",
    ] {
        let _ = texts(&Own(text), &[]);
        let _ = texts(&Some(Own(text)), &[]);
    }
}

#[test]
fn a_line_is_cut_where_it_is_full() {
    let line = |value: &dyn Debug, characters| {
        let range = 0..100;
        let outline = Outline::of(
            value,
            Wanted {
                path: &[],
                range: &range,
            },
        );
        outline.meant.unwrap().line(characters)
    };
    assert_eq!(line(&[1, 2, 3], 4), "[1, ...");
    assert_eq!(line(&point(1).x, 4), "1");
    assert_eq!(line(&"x".repeat(100_000), 4), "\"xxx...");
}

#[test]
fn any_text_is_read() {
    struct Own(String);
    impl Debug for Own {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }
    // What matters, and little else.
    let texts = "[a-c\u{e9}:{}()\\[\\], \"'\\\\\n]{0,120}";
    let paths = proptest::collection::vec(0..3_usize, 0..4);
    for_all(2000, (texts, paths), |(text, path)| {
        for value in [&Own(text.clone()) as &dyn Debug, &Some([Own(text.clone()), Own(text)])] {
            let outline = Outline::of(
                value,
                Wanted {
                    path: &path,
                    range: &(0..5),
                },
            );
            if let Some(meant) = outline.meant {
                assert!(meant.parts.len() <= meant.total().min(5));
                assert!(meant.line(20).chars().count() <= 20 + ELLIPSIS.len());
            }
            has_parts(value);
        }
    });
}
