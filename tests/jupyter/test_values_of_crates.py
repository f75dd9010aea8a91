"""Values of crates as results of cells: arrays, data frames, pictures, times and long numbers, with the real crates."""

import base64
import subprocess

import nbformat
import pytest

import lab

# Compiling polars takes minutes where there are few cores.
pytestmark = pytest.mark.timeout(1200)

# Nothing here is slow, and compiling is.
FAST = ":opt 0"

SMALL = {
    "crates": """\
:dep ndarray = "0.17"
:dep nalgebra = "0.35"
:dep chrono = { version = "0.4", default-features = false }
:dep time = "0.3"
:dep num-bigint = "0.4"
:dep picture = { package = "image", version = "0.25", default-features = false, features = ["png"] }
use ndarray::{Array3, array, s};
use picture::{DynamicImage, Rgb, RgbImage};""",
    "array": "let a = array![[1.0, 2.5], [3.0, 10.0]];\na",
    "reference": "&a",
    "view": "a.slice(s![.., 1])",
    "precise": "%precision 2\na.mapv(|x| x / 3.0)",
    "cube": "Array3::from_shape_fn((2, 1, 2), |(i, j, k)| i + j + k)",
    "matrix": "nalgebra::matrix![1, 2; 3, 4]",
    "vector": "nalgebra::Vector2::new(1.5, 2.0)",
    "chrono": "chrono::TimeDelta::seconds(-93_784)",
    "time": "time::Duration::minutes(2)",
    "std": "std::time::Duration::from_millis(1500)",
    "number": "num_bigint::BigUint::from(7u8).pow(60)",
    "image": "RgbImage::from_fn(3, 2, |x, y| Rgb([x as u8, y as u8, 7]))",
    "large image": "DynamicImage::new_luma8(4000, 10)",
    "within": "Some(nalgebra::Vector1::new(1))",
    "own": """\
trait Shown { fn evcxr_display(&self); }
impl Shown for ndarray::Array2<f64> { fn evcxr_display(&self) { println!("mine: {}", self.len()); } }
a""",
}

# Without the feature, polars cannot write its own tables.
LARGE = {
    "crates": """\
:dep polars = { version = "0.55", default-features = false }
:dep arrow = { version = "60", default-features = false }
use std::sync::Arc;
use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use polars::prelude::*;""",
    "frame": """\
let planets = df!("name" => ["Earth", "Venus"], "moons" => [Some(1i64), None], "radius" => [6371.0, 6051.8]).unwrap();
planets""",
    "column": 'planets.column("moons").unwrap()',
    "long": """\
let xs: Vec<i32> = (0..100_000).collect();
df!("x" => &xs).unwrap()""",
    "batch": """\
let numbers: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
let words: ArrayRef = Arc::new(StringArray::from(vec!["a", "007"]));
RecordBatch::try_from_iter(vec![("number", numbers.clone()), ("word", words)]).unwrap()""",
    "values": "numbers",
}


def run(parcell, directory, cells):
    """What each cell shows, by its name."""
    notebook = lab.write_notebook(directory / "values.ipynb", [FAST, *cells.values()])
    executed = directory / "executed.ipynb"
    done = subprocess.run(
        [parcell, "run", notebook, "-o", executed],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1100,
    )
    assert done.returncode == 0, done.stdout
    outputs = [cell.outputs for cell in nbformat.read(executed, as_version=4).cells[1:]]
    return dict(zip(cells, outputs, strict=True))


@pytest.fixture(scope="module")
def small(parcell, tmp_path_factory):
    return run(parcell, tmp_path_factory.mktemp("small"), SMALL)


@pytest.fixture(scope="module")
def large(parcell, tmp_path_factory):
    return run(parcell, tmp_path_factory.mktemp("large"), LARGE)


def text(outputs):
    return outputs[-1].data["text/plain"]


def test_arrays_are_grids(small):
    assert text(small["array"]) == "1.0   2.5\n3.0  10.0\n(2 × 2 array of f64)"
    assert text(small["reference"]) == text(small["array"])
    assert "<td" in small["array"][-1].data["text/html"]
    assert text(small["view"]) == "2.5  10.0\n(array of 2 f64)"
    assert text(small["precise"]) == "0.33  0.83\n1.00  3.33\n(2 × 2 array of f64)"
    assert text(small["cube"]) == "[0, .., ..]\n0  1\n[1, .., ..]\n1  2\n(2 × 1 × 2 array of usize)"


def test_matrices_are_grids(small):
    assert text(small["matrix"]) == "1  2\n3  4\n(2 × 2 array of i32)"
    assert text(small["vector"]) == "1.50\n2.00\n(2 × 1 array of f64)"


def test_times_and_long_numbers_are_readable(small):
    assert text(small["chrono"]) == "-93784s\n(-26 h 3 min 4 s)"
    assert text(small["time"]) == "120s\n(2 min 0 s)"
    assert text(small["std"]) == "1.5s"
    assert text(small["number"]) == f"{7**60}\n(51 digits)"


def test_images_are_pictures(small):
    image, large = small["image"][-1].data, small["large image"][-1].data
    assert image["text/plain"] == "<image, 3 × 2>"
    assert large["text/plain"] == "<image, 4,000 × 10>"

    def size(data):
        png = base64.b64decode(data["image/png"])
        assert png.startswith(b"\x89PNG")
        return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")

    assert size(image) == (3, 2)
    assert size(large) == (2048, 5), "it is shown smaller"


def test_what_is_inside_other_values_is_shown_by_its_debug(small):
    assert text(small["within"]) == "Some([[1]])"


def test_another_way_to_show_a_value_goes_first(small):
    assert [output.text for output in small["own"]] == ["mine: 4\n"]


def test_data_frames_are_tables(large):
    assert text(large["frame"]) == (
        "name   moons  radius\nstr      i64     f64\n-----  -----  ------\n"
        "Earth      1  6371.0\nVenus         6051.8\n(2 rows × 3 columns)"
    )
    assert "<p>2 rows × 3 columns</p>" in large["frame"][-1].data["text/html"]
    assert text(large["column"]) == "moons\n  i64\n-----\n    1\n\n(2 rows × 1 column)"
    lines = text(large["long"]).splitlines()
    assert [lines[3].strip(), lines[-2].strip(), lines[-1]] == ["0", "99999", "(100,000 rows × 1 column)"]


def test_record_batches_are_tables(large):
    assert text(large["batch"]) == (
        "number  word\n Int32  Utf8\n------  ----\n     1  a\n        007\n(2 rows × 2 columns)"
    )
    assert text(large["values"]) == "value\nInt32\n-----\n    1\n\n(2 rows × 1 column)"
