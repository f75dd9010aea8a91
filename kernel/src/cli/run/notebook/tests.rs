//! What is refused, and what comes through unchanged.

use rstest::rstest;

use super::*;
use crate::fuzzing::{changed, for_all, notebooks};

fn parse(value: &Value) -> Result<Notebook, FormatError> {
    Notebook::parse(value.to_string().as_bytes())
}

fn written(notebook: Notebook) -> Value {
    serde_json::from_slice(&notebook.into_json().unwrap()).unwrap()
}

fn notebook(cells: Value) -> Value {
    json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
}

fn code(source: &str) -> Value {
    json!({"cell_type": "code", "id": "a", "metadata": {}, "source": source, "outputs": [], "execution_count": null})
}

fn complaint(contents: &[u8]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("given.ipynb");
    fs::write(&path, contents).unwrap();
    let error = Notebook::read(&path).unwrap_err();
    format!("{error}: {}", std::error::Error::source(&error).unwrap())
}

#[test]
fn a_missing_file_is_named() {
    let error = Notebook::read(Path::new("/nowhere/lesson.ipynb")).unwrap_err();
    assert_eq!(error.to_string(), "there is no file /nowhere/lesson.ipynb");
}

#[test]
fn a_directory_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let error = Notebook::read(directory.path()).unwrap_err();
    assert!(error.to_string().contains("is a directory"), "{error}");
}

#[rstest]
#[case(b"", "the file is empty")]
#[case(b" \n", "the file is empty")]
#[case(b"{\n  \"cells\": oops", "it is not JSON: expected value at line 2 column 12")]
#[case(b"{\"a\": 1", "at line 1 column 7")]
#[case(b"{\"a\": \"\xff\"}", "not UTF-8 text (first bad byte at offset 7)")]
#[case(b"[]", "it has no `nbformat`")]
#[case(b"3", "it has no `nbformat`")]
#[case(br#"{"nbformat": "4"}"#, "its `nbformat` is not a number")]
#[case(br#"{"nbformat": 4, "metadata": {}}"#, "no list of `cells`")]
#[case(br#"{"nbformat": 4, "metadata": 1, "cells": []}"#, "`metadata` is not an object")]
#[case(
    br#"{"nbformat": 5, "cells": []}"#,
    "version 5 of the notebook format; parcell reads version 4"
)]
#[case(
    br#"{"nbformat": 2, "worksheets": []}"#,
    "`jupyter nbconvert --to notebook --nbformat 4`"
)]
#[case(br#"{"nbformat": 4, "cells": [1]}"#, "its cell 1 is not an object")]
#[case(br#"{"nbformat": 4, "cells": [{"source": ""}]}"#, "its cell 1 has no `cell_type`")]
#[case(
    br#"{"nbformat": 4, "cells": [{"cell_type": "code", "source": [1]}]}"#,
    "its cell 1 has no `source` of text"
)]
fn what_is_no_notebook_is_refused_with_the_reason(#[case] contents: &[u8], #[case] reason: &str) {
    let complaint = complaint(contents);
    assert!(
        complaint.contains("given.ipynb") && complaint.contains(reason),
        "{complaint}"
    );
}

#[rstest]
#[case(json!({"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}), "for python;")]
#[case(json!({"language_info": {"name": "julia"}}), "for julia;")]
#[case(json!({"kernelspec": {"name": "python3", "display_name": "Python 3"}}), "for the kernel \"python3\";")]
fn a_notebook_for_another_language_is_refused(#[case] metadata: Value, #[case] reason: &str) {
    let error = parse(&json!({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": []})).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains(reason) && text.contains("parcell runs Rust notebooks"),
        "{text}"
    );
}

#[rstest]
#[case(json!({}))]
#[case(json!({"kernelspec": {"name": "rust", "display_name": "Rust", "language": "rust"}}))]
#[case(json!({"language_info": {"name": "Rust"}}))]
#[case(json!({"kernelspec": {"name": "evcxr", "display_name": "Rust"}}))]
#[case(json!({"kernelspec": {"name": "parcell", "language": "rust"}, "language_info": {"name": "python"}}))]
fn a_notebook_for_rust_or_for_nothing_in_particular_is_accepted(#[case] metadata: Value) {
    parse(&json!({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": []})).unwrap();
}

#[test]
fn what_parcell_does_not_know_comes_through() {
    let given = json!({
        "nbformat": 4,
        "nbformat_minor": 5,
        "future": {"field": [1, 2.5, null]},
        "metadata": {"title": "Pools", "authors": [{"nickname": "ada"}], "widgets": {"x": 1}},
        "cells": [
            {"cell_type": "markdown", "id": "intro", "metadata": {"slideshow": {"slide_type": "slide"}},
             "attachments": {"a.png": {"image/png": "aGk="}}, "source": ["# Pools\n", "text"]},
            {"cell_type": "raw", "id": "raw-1", "metadata": {"format": "text/latex"},
             "attachments": {"b.png": {"image/png": "aGk="}}, "source": ["x"]},
            {"cell_type": "chart", "id": "c", "metadata": {}, "source": ["?"], "spec": {"kind": "bar"}},
            {"cell_type": "code", "id": "run", "metadata": {"tags": ["keep"], "nbgrader": {"grade": true}},
             "source": ["1 +\n", "2"], "execution_count": 9,
             "outputs": [{"output_type": "from the future", "payload": 1}]},
        ],
    });
    assert_eq!(written(parse(&given).unwrap()), given);
}

#[test]
fn the_kernel_is_parcells_afterwards() {
    let mut given = notebook(json!([]));
    given["metadata"] = json!({"kernelspec": {"name": "rust", "display_name": "Rust", "language": "rust"}, "a": 1});
    let mut notebook = parse(&given).unwrap();
    notebook.set_kernel();
    let metadata = &written(notebook)["metadata"];
    let kernelspec = json!({"name": "parcell", "display_name": "Rust (parcell)", "language": "rust"});
    assert_eq!(metadata["kernelspec"], kernelspec);
    assert_eq!(metadata["language_info"]["name"], "rust");
    assert_eq!(metadata["language_info"]["file_extension"], ".rs");
    assert_eq!(metadata["a"], 1);
}

#[test]
fn missing_bad_and_repeated_ids_are_replaced_and_good_ones_kept() {
    let cell = |id: Value| json!({"cell_type": "raw", "id": id, "metadata": {}, "source": ""});
    let without_id = json!({"cell_type": "raw", "metadata": {}, "source": ""});
    let cells = json!([
        cell(json!("good")),
        cell(json!("good")),
        cell(json!("not good")),
        cell(json!(1)),
        without_id
    ]);
    let mut given = notebook(cells);
    given["nbformat_minor"] = json!(2);
    let written = written(parse(&given).unwrap());
    assert_eq!(written["nbformat_minor"], 5);
    let ids: Vec<_> = written["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| cell["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids[0], "good");
    let distinct: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), 5, "{ids:?}");
    assert!(ids.iter().all(|id| nbformat::v4::CellId::new(id).is_ok()), "{ids:?}");
}

#[test]
fn code_cells_are_found_with_their_place_source_and_tags() {
    let markdown = json!({"cell_type": "markdown", "id": "m", "metadata": {}, "source": "text"});
    let mut failing = code("");
    failing["source"] = json!(["panic!(\n", ")"]);
    failing["metadata"] = json!({"tags": ["raises-exception"]});
    let notebook = parse(&notebook(json!([code("1"), markdown, failing]))).unwrap();
    let expected = [
        CodeCell {
            index: 0,
            source: "1".into(),
            may_fail: false,
            failure: None,
        },
        CodeCell {
            index: 2,
            source: "panic!(\n)".into(),
            may_fail: true,
            failure: None,
        },
    ];
    assert_eq!(notebook.code_cells(), expected);
}

#[test]
fn what_came_of_a_cell_replaces_what_was_there() {
    let stream = json!({"output_type": "stream", "name": "stdout", "text": ["new\n"]});
    let mut cell = code("1");
    cell["execution_count"] = json!(5);
    cell["outputs"] = json!([{"output_type": "stream", "name": "stdout", "text": ["old\n"]}]);
    let mut notebook = parse(&notebook(json!([cell, cell]))).unwrap();
    notebook.clear_outputs();
    notebook.record(0, 1, vec![stream.clone()]);
    let written = written(notebook);
    assert_eq!(written["cells"][0]["execution_count"], 1);
    assert_eq!(written["cells"][0]["outputs"], json!([stream]));
    assert_eq!(written["cells"][1]["execution_count"], Value::Null);
    assert_eq!(written["cells"][1]["outputs"], json!([]));
}

#[test]
fn the_file_is_laid_out_as_jupyter_does_it() {
    let text = String::from_utf8(parse(&notebook(json!([code("a\nb")]))).unwrap().into_json().unwrap()).unwrap();
    assert!(
        text.starts_with("{\n \"cells\": [\n  {\n   \"cell_type\": \"code\",\n"),
        "{text}"
    );
    assert!(
        text.contains("   \"source\": [\n    \"a\\n\",\n    \"b\"\n   ]"),
        "{text}"
    );
    assert!(text.ends_with("}\n"), "{text}");
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_notebook() {
    let text = format!("\u{feff}{}", notebook(json!([])));
    Notebook::parse(text.as_bytes()).unwrap();
}

fn version_3(language: &str) -> Value {
    json!({"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"metadata": {}, "cells": [
        {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Pools"]},
        {"cell_type": "code", "language": language, "metadata": {}, "input": ["1 +\n", "2"], "outputs": [],
         "prompt_number": 1, "collapsed": false},
    ]}]})
}

#[test]
fn a_notebook_of_version_3_is_upgraded() {
    let notebook = parse(&version_3("rust")).unwrap();
    assert_eq!(
        notebook.code_cells(),
        [CodeCell {
            index: 1,
            source: "1 +\n2".into(),
            may_fail: false,
            failure: None,
        }]
    );
    let written = written(notebook);
    assert_eq!(
        (&written["nbformat"], &written["nbformat_minor"]),
        (&json!(4), &json!(5))
    );
    assert_eq!(written["cells"][0]["source"], json!(["## Pools"]));
}

#[test]
fn a_notebook_of_version_3_in_another_language_is_refused() {
    let error = parse(&version_3("python")).unwrap_err();
    assert!(matches!(error, FormatError::OtherLanguage { .. }), "{error:?}");
}

#[test]
fn any_file_is_a_notebook_or_refused_and_what_is_written_is_one() {
    const WORDS: &[&str] = &[
        "\"",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "null",
        "4",
        "5",
        "-1",
        "1e400",
        "\"cells\"",
        "\"source\"",
        "\"outputs\"",
        "\"metadata\"",
        "\"cell_type\"",
        "\"nbformat\"",
        "\u{0}",
        "é",
    ];
    // The beginning of a large one is a small one that is cut.
    let files: Vec<String> = notebooks()
        .into_iter()
        .chain([
            notebook(json!([code("1 + 1")])).to_string(),
            notebook(json!([])).to_string(),
        ])
        .collect();
    for_all(300, changed(files, WORDS), |file| {
        let Ok(read) = Notebook::parse(file.as_bytes()) else {
            return;
        };
        let (cells, headings) = (read.code_cells().len(), read.headings().count());
        let again = Notebook::parse(&read.into_json().unwrap()).unwrap();
        assert_eq!((again.code_cells().len(), again.headings().count()), (cells, headings));
    });
}
