"""The teaching notebooks through `parcell run`, and notebooks that fail. `test_notebooks_in_jupyter.py` has the other runners."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import nbformat
import pytest

import runners
from conftest import ROOT
from runners import NOTEBOOKS

# A notebook with a picture in it; text takes much less.
MOST_BYTES = 60_000
# What no `parcell run` may start.
NOT_NEEDED = ("jupyter", "jupyter-kernelspec", "python", "python3")

each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


@each_notebook
def test_what_is_written_is_a_valid_notebook(executed, notebook):
    runners.assert_valid(executed(notebook, "parcell"))


@each_notebook
def test_outputs_are_those_that_readers_see(executed, notebook):
    """The outputs in the repository are those of a run, but for what differs between any two runs."""
    assert runners.comparable_cells(executed(notebook, "parcell")) == runners.comparable_cells(notebook)


@each_notebook
def test_a_notebook_is_small_and_does_not_say_where_it_was_run(notebook):
    text = notebook.read_text()
    assert not re.findall(r"/(?:home|root|tmp|work|Users)/", text)
    assert len(text) < MOST_BYTES


def test_the_overview_names_every_notebook(notebooks):
    linked = re.findall(r"\]\(([a-z-]+\.ipynb)\)", (notebooks / "README.md").read_text())
    assert set(linked) == {notebook.name for notebook in NOTEBOOKS}


def test_the_overview_names_headings_that_are_there(notebooks):
    places = re.findall(r"\[([a-z-]+)\]\(\1\.ipynb\), \"([^\"|]+)\"", (notebooks / "README.md").read_text())
    assert len(places) == 30
    for stem, heading in places:
        cells = nbformat.read(notebooks / f"{stem}.ipynb", as_version=4).cells
        headings = [cell.source.splitlines()[0].lstrip("# ") for cell in cells if cell.source.startswith("#")]
        assert heading in headings, f"{stem} has no {heading!r}"


def test_results_come_in_the_order_of_the_items(executed, notebooks):
    cells = cells_by_id(executed(notebooks / "calls.ipynb", "parcell"))
    assert result(cells["map"]) == "[1, 4, 9, 16, 25]"
    assert result(cells["imap"]) == "[1, 4, 9, 16, 25, 36]"
    assert result(cells["starmap"]) == "[1024, 27, 1000000]"


def test_each_process_has_its_part_of_an_array(executed, notebooks):
    means = cells_by_id(executed(notebooks / "numbers.ipynb", "parcell"))["process-array"].outputs[-1].text
    assert re.fullmatch(r"Results: \[1\.301\d(, 1\.301\d){7}\]\n", means)


def test_maps_that_take_their_time_are_summed_up_and_drawn(executed, notebooks):
    cells = cells_by_id(executed(notebooks / "progress-and-timeline.ipynb", "parcell"))
    assert re.fullmatch(r"12 items in \d+\.\d+ s by 4 workers \(.*/s\)", displayed(cells["progress"]))
    assert displayed(cells["failures"]).endswith("2 failed, 2 tried again")
    for name in ("uneven", "sorted", "chunks", "crashed"):
        (drawn,) = cells[name].outputs
        assert "items by 2 workers in" in drawn.data["text/plain"]
        assert drawn.data["image/svg+xml"].startswith("<svg")
    assert displayed(cells["workers"]).startswith("2 workers: 2 ended\n")
    assert re.search(r"^speed-up +\d+\.\d+ of 2$", displayed(cells["profile"]), re.MULTILINE)
    (grouped,) = cells["grouped"].outputs
    texts = [re.sub(r"^\[pid \d+\] ", "", line) for line in runners.ANSI.sub("", grouped.text).splitlines()]
    assert texts == [f"item {item}: {step}" for item in range(3) for step in ("one", "two")]


def test_the_program_that_is_written_is_the_example(notebooks):
    """All of it but the words about the file; `workers/tests/it/examples.rs` runs it."""
    written = cells_by_id(notebooks / "from-notebook-to-program.ipynb")["main"].source
    example = (ROOT / "workers" / "examples" / "primes.rs").read_text()
    _, program = example.split("\n\n", 1)
    assert written == f"%%writefile src/main.rs\n{program}".rstrip("\n")


def test_named_processes_print_in_their_own_order(executed, notebooks):
    cells = cells_by_id(executed(notebooks / "processes.ipynb", "parcell"))
    text = "".join(output.get("text", "") for output in cells["names"].outputs)
    lines = runners.ANSI.sub("", text).splitlines()
    for name in ("Task A", "Task B"):
        assert [line.split("] ")[1] for line in lines if line.startswith(f"[{name} ")] == ["Starting", "Finished"]


def cells_by_id(notebook: Path) -> dict[str, nbformat.NotebookNode]:
    """The cells of a notebook."""
    return {cell.id: cell for cell in nbformat.read(notebook, as_version=4).cells}


def result(cell: nbformat.NotebookNode) -> str:
    """The value of a cell's last expression, as text."""
    return cell.outputs[-1].data["text/plain"]


def displayed(cell: nbformat.NotebookNode) -> str:
    """The only display of a cell, as text."""
    (output,) = (output for output in cell.outputs if output.output_type == "display_data")
    return output.data["text/plain"]


def test_workers_print_under_their_pids(executed, notebooks):
    cells = runners.comparable_cells(executed(notebooks / "pool.ipynb", "parcell"))
    workers, others = cells[1]["streams"]["stdout"]
    assert workers == [f"[pid] squaring {n}\n" for n in range(1, 6)]
    assert others == []


def test_run_needs_no_jupyter(parcell, notebooks, tmp_path):
    """With nothing to find but Rust and the system, and with decoys that report whoever starts them."""
    decoys, calls = tmp_path / "decoys", tmp_path / "calls"
    decoys.mkdir()
    for name in NOT_NEEDED:
        decoy = decoys / name
        decoy.write_text(f'#!/bin/sh\necho "{name} $*" >> "{calls}"\nexit 1\n')
        decoy.chmod(decoy.stat().st_mode | stat.S_IXUSR)
    rust = Path(shutil.which("cargo")).parent
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "VIRTUAL"))}
    environment["PATH"] = os.pathsep.join(map(str, [decoys, rust, "/usr/bin", "/bin"]))

    output = tmp_path / "executed.ipynb"
    done = run(parcell, notebooks / "pool.ipynb", "-o", output, environment=environment)

    assert done.returncode == 0, done.stderr
    assert not calls.exists(), calls.read_text()
    nbformat.validate(nbformat.read(output, as_version=nbformat.NO_CONVERT))
    assert len(set(re.findall(r"\[pid (\d+)\] Worker:", done.stdout))) == 5
    assert "Out[3]: 55" in done.stdout


def test_the_notebook_is_written_beside_the_one_that_was_run(parcell, tmp_path):
    notebook = write_notebook(tmp_path / "one.ipynb", ["1 + 2"])
    before = notebook.read_bytes()
    done = run(parcell, notebook)
    assert done.returncode == 0, done.stderr
    assert notebook.read_bytes() == before
    written = nbformat.read(tmp_path / "one.out.ipynb", as_version=4)
    assert written.cells[0].outputs[0].data["text/plain"] == "3"


def test_a_cell_that_fails_ends_the_run_and_is_named(parcell, tmp_path):
    notebook = write_notebook(tmp_path / "fails.ipynb", ["let x = 1;", 'panic!("with x = {x}");', "x"])
    done = run(parcell, notebook)
    assert done.returncode == 1
    assert "cell 2 (In [2]) failed" in done.stderr
    assert "with x = 1" in done.stderr
    written = nbformat.read(tmp_path / "fails.out.ipynb", as_version=4)
    assert [cell.execution_count for cell in written.cells] == [1, 2, None]
    assert written.cells[1].outputs[0].output_type == "error"


def test_errors_can_be_allowed(parcell, tmp_path):
    notebook = write_notebook(tmp_path / "fails.ipynb", ['panic!("on purpose")', "1 + 2"])
    done = run(parcell, notebook, "--allow-errors")
    assert done.returncode == 0, done.stderr
    assert "Out[2]: 3" in done.stdout


def test_a_worker_that_crashes_fails_the_cell(parcell, tmp_path):
    crash = "%%process\nif true {\n    std::process::abort();\n}"
    notebook = write_notebook(tmp_path / "crash.ipynb", [crash])
    done = run(parcell, notebook)
    assert done.returncode == 1
    assert "cell 1 (In [1]) failed" in done.stderr
    assert "SIGABRT" in done.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no file"),
        ("", "the file is empty"),
        ("let x = 1;", "it is not JSON"),
        ("{}", "no `nbformat`"),
    ],
    ids=["missing", "empty", "not-json", "not-a-notebook"],
)
def test_what_is_no_notebook_is_refused(parcell, tmp_path, content, message):
    path = tmp_path / "broken.ipynb"
    if content is not None:
        path.write_text(content)
    assert_refused(parcell, path, message)


def test_a_notebook_for_another_language_is_refused(parcell, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(1)")])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = tmp_path / "python.ipynb"
    nbformat.write(notebook, path)
    assert_refused(parcell, path, "this is a notebook for python; parcell runs Rust notebooks")


def assert_refused(parcell: Path, path: Path, message: str) -> None:
    """Asserts that the file is named with what is wrong with it, and that nothing is written."""
    done = run(parcell, path)
    assert done.returncode == 1
    assert message in done.stderr
    assert str(path) in done.stderr
    assert not path.with_suffix(".out.ipynb").exists()


def write_notebook(path: Path, sources: list[str]) -> Path:
    """Writes a Rust notebook of these cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata.kernelspec = {"name": "parcell", "display_name": "Rust (parcell)", "language": "rust"}
    nbformat.write(notebook, path)
    return path


def run(parcell: Path, notebook: Path, *options, environment=None) -> subprocess.CompletedProcess:
    """`parcell run`."""
    return subprocess.run(
        [parcell, "run", notebook, *options],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=runners.LIMIT_SECONDS,
    )
