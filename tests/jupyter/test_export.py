"""`parcell export`: every notebook of the project as a program that prints what the notebook printed."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

import runners
from conftest import TARGET
from runners import NOTEBOOKS

# The library is compiled once for all programs, and each of them after it.
BUILD_SECONDS = 400
RUN_SECONDS = 100
pytestmark = pytest.mark.timeout(BUILD_SECONDS + RUN_SECONDS)

PLACE = re.compile(r"at (?:cell \d+, line \d+|src/main\.rs:\d+)")
PATH_OF_LIBRARY = 'parcell = { path = "parcell" }'


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """Where the library is that all programs share, so that it is compiled once."""
    return tmp_path_factory.mktemp("library")


def export(parcell: Path, notebook: Path, directory: Path) -> subprocess.CompletedProcess:
    """Exports a notebook."""
    return subprocess.run(
        [parcell, "export", notebook, "-o", directory], capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )


def build(package: Path) -> Path:
    """Compiles a package; returns the program."""
    settings = {
        "CARGO_TARGET_DIR": str(TARGET / "exported"),
        # It is compiled for one run.
        "CARGO_PROFILE_DEV_OPT_LEVEL": "0",
        "CARGO_PROFILE_DEV_DEBUG": "false",
    }
    build = subprocess.run(
        ["cargo", "build", "--message-format", "json", "--manifest-path", package / "Cargo.toml"],
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        env=os.environ | settings,
        check=False,
    )
    assert build.returncode == 0, build.stderr
    messages = [json.loads(line) for line in build.stdout.splitlines()]
    (program,) = [message["executable"] for message in messages if message.get("executable")]
    return Path(program)


def comparable(line: str) -> str:
    """A line without what differs between a notebook and a program: PIDs, and where code is."""
    return PLACE.sub("at its place", runners.ERROR_PID.sub(r"\1", runners.ANSI.sub("", line)))


def printed_by_cells(notebook: Path, left_out: set[int]) -> tuple[Counter, list[str]]:
    """The lines of workers, and all others in their order, of what cells printed and showed but for these."""
    workers, others = Counter(), []
    for position, cell in enumerate(json.loads(notebook.read_text())["cells"], 1):
        if cell["cell_type"] != "code" or position in left_out:
            continue
        assert all(output["output_type"] != "error" for output in cell["outputs"]), f"cell {position}"
        for output in runners.outputs(cell):
            if output["output_type"] == "stream" and output["name"] == "stdout":
                of_workers, of_cell = runners.comparable_lines(runners.joined(output["text"]))
                workers.update(re.sub(r"^\[[^\]]*\] ", "", line).rstrip("\n") for line in of_workers)
                others += of_cell
            elif output["output_type"] in ("execute_result", "display_data"):
                others += runners.joined(output["data"].get("text/plain", "")).splitlines()
    return workers, [line.rstrip("\n") for line in others if line.strip()]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_a_program_that_prints_the_same(parcell, notebook, library, tmp_path):
    package = tmp_path / notebook.stem
    exported = export(parcell, shutil.copy(notebook, tmp_path), package)
    assert exported.returncode == 0, exported.stderr
    manifest = (package / "Cargo.toml").read_text()
    assert PATH_OF_LIBRARY in manifest
    if not (library / "Cargo.toml").exists():
        shutil.copytree(package / "parcell", library, dirs_exist_ok=True)
    (package / "Cargo.toml").write_text(manifest.replace(PATH_OF_LIBRARY, f'parcell = {{ path = "{library}" }}'))
    program = build(package)
    run = subprocess.run([program], capture_output=True, text=True, timeout=RUN_SECONDS, cwd=tmp_path, check=False)
    assert run.returncode == 0, run.stderr
    lines = [comparable(line) for line in run.stdout.splitlines()]
    left_out = {int(cell) for cell in re.findall(r"^note: cell (\d+) is a comment", exported.stderr, re.MULTILINE)}
    workers, others = printed_by_cells(notebook, left_out)
    missing = workers - Counter(lines)
    assert not missing, run.stdout
    rest = iter(lines)
    missing = [line for line in map(comparable, others) if line not in rest]
    assert not missing, run.stdout
