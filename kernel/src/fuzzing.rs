//! Inputs that nobody would think of: real ones, of which pieces are cut out, repeated, and mixed with others. For tests of
//! what reads what others have written.
//!
//! Each test tries the same cases each time: what one run finds, the next finds too. `PARCELL_FUZZ=100` in the environment tries
//! a hundred times as many.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRng, TestRunner};

/// How often an input is changed, at most.
const CHANGES: usize = 8;
/// The longest piece that is cut out or repeated, in characters.
const LONGEST: usize = 40;

/// So many times as many inputs as usual are tried, where this says a number.
const LONGER: &str = "PARCELL_FUZZ";

/// Does the test for so many inputs. It fails by a panic, and the input is told that is the smallest to make it.
pub(crate) fn for_all<S: Strategy>(cases: u32, inputs: S, test: impl Fn(S::Value)) {
    let longer = std::env::var(LONGER).ok().and_then(|times| times.parse().ok());
    let config = Config {
        cases: cases.saturating_mul(longer.unwrap_or(1)),
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let tested = TestRunner::new_with_rng(config, rng).run(&inputs, |input| {
        test(input);
        Ok(())
    });
    if let Err(error) = tested {
        panic!("{error}");
    }
}

/// One of these texts, changed in some places: by pieces of its own, and by these words.
pub(crate) fn changed(texts: Vec<String>, words: &'static [&'static str]) -> impl Strategy<Value = String> {
    let change = (any::<Index>(), any::<Index>(), 0..LONGEST, select(words), 0..4_u8);
    (select(texts), vec(change, 0..CHANGES)).prop_map(|(text, changes)| {
        let mut text: Vec<char> = text.chars().collect();
        for (at, other, length, word, kind) in changes {
            let place = |index: Index| index.index(text.len() + 1);
            let (at, other) = (place(at), place(other));
            let end = (at + length).min(text.len());
            match kind {
                0 => drop(text.drain(at..end)),
                1 => {
                    let piece: Vec<char> = text[at..end].to_vec();
                    text.splice(other..other, piece);
                }
                2 => text.truncate(at),
                _ => drop(text.splice(at..at, word.chars())),
            }
        }
        text.into_iter().collect()
    })
}

/// Any value of JSON, not too large.
pub(crate) fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "[a-z_]{0,8}".prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Into::into),
            vec(("[a-z_]{0,8}", inner), 0..6)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Bytes, cut into pieces.
pub(crate) fn pieces(bytes: &[u8], cuts: &[Index]) -> Vec<Vec<u8>> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|cut| bytes[cut[0]..cut[1]].to_vec()).collect()
}

/// The notebooks of the project, as they are in their files.
pub(crate) fn notebooks() -> Vec<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../notebooks");
    let mut paths: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ipynb"))
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// The code cells of the project's notebooks.
pub(crate) fn cells() -> Vec<String> {
    let source = |cell: &serde_json::Value| -> String {
        let lines = cell["source"].as_array().into_iter().flatten();
        lines.filter_map(serde_json::Value::as_str).collect()
    };
    let code = |notebook: &String| -> Vec<String> {
        let notebook: serde_json::Value = serde_json::from_str(notebook).unwrap();
        let cells = notebook["cells"].as_array().unwrap().iter();
        cells.filter(|cell| cell["cell_type"] == "code").map(source).collect()
    };
    notebooks().iter().flat_map(code).collect()
}
