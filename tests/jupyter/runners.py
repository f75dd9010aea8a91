"""The ways to execute a notebook, all with the same interface, and what their outputs have in common."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbclient
import nbformat

DIRECTORY = Path(__file__).resolve().parents[2] / "notebooks"
# The teaching notebooks.
NOTEBOOKS = sorted(path for path in DIRECTORY.glob("*.ipynb") if not path.name.endswith(".out.ipynb"))

# The tag of a cell whose outputs differ from run to run, as times do.
VARIES = "varies"
# The representation by which front ends show widgets.
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

# How long one notebook may take, with a machine that is busy otherwise.
LIMIT_SECONDS = 240

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# What stands before a worker's line: its name, or "pid", and its PID. A list of numbers is none.
LINE_PID = re.compile(r"^\[([^\W\d][^\],]*) \d+\]")
# What an error says of the results of other items: how many had been done by then is a matter of time.
KEPT = re.compile(r"^  = \d+ of this cell's \d+ results (?:is|are) kept")
# How errors name a process.
ERROR_PID = re.compile(r"\b(pid|process) \d+")


def assert_valid(path: Path) -> None:
    """Asserts that a notebook is one by its format, and that all of its cells were executed in order."""
    written = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(written)
    counts = [cell.execution_count for cell in written.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@dataclass(frozen=True)
class Programs:
    """The commands that runners start."""

    parcell: Path
    jupyter: str
    papermill: str


Runner = Callable[[Programs, Path, Path], None]


def run_with_parcell(programs: Programs, notebook: Path, output: Path) -> None:
    """`parcell run`: no Jupyter."""
    command(str(programs.parcell), "run", str(notebook), "-o", str(output))


def run_with_nbclient(_: Programs, notebook: Path, output: Path) -> None:
    """nbclient as a library, as nbconvert and Jupyter Book use it."""
    document = nbformat.read(notebook, as_version=4)
    nbclient.NotebookClient(document, timeout=LIMIT_SECONDS).execute()
    nbformat.write(document, output)


def run_with_jupyter_execute(programs: Programs, notebook: Path, output: Path) -> None:
    """`jupyter execute`."""
    # A name that is not absolute is taken to be relative to the notebook, and its extension is added.
    command(programs.jupyter, "execute", str(notebook), f"--output={output.with_suffix('')}")


def run_with_nbconvert(programs: Programs, notebook: Path, output: Path) -> None:
    """`jupyter nbconvert --execute`."""
    directory = f"--output-dir={output.parent}"
    command(programs.jupyter, "nbconvert", "--execute", "--to=notebook", directory, f"--output={output.name}", notebook)


def run_with_papermill(programs: Programs, notebook: Path, output: Path) -> None:
    """papermill, which runs every cell but then reports errors that the notebook says are to be expected."""
    tags = [tag for cell in nbformat.read(notebook, as_version=4).cells for tag in cell.metadata.get("tags", [])]
    status = 1 if "raises-exception" in tags else 0
    command(programs.papermill, str(notebook), str(output), "--no-progress-bar", status=status)


RUNNERS: dict[str, Runner] = {
    "parcell": run_with_parcell,
    "nbclient": run_with_nbclient,
    "jupyter-execute": run_with_jupyter_execute,
    "nbconvert": run_with_nbconvert,
    "papermill": run_with_papermill,
}


def command(*arguments: str | Path, status: int = 0, directory: Path | None = None) -> None:
    """Runs a command, in this directory or here, which must end with this status; shows what it said where it does not."""
    done = subprocess.run(
        [str(argument) for argument in arguments],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT_SECONDS,
    )
    if done.returncode != status:
        sys.stdout.buffer.write(done.stdout)
        raise AssertionError(f"{arguments[0]} ended with status {done.returncode}")


def comparable_cells(notebook: Path) -> list[dict]:
    """The code cells and what they gave, without what may differ between two runs: PIDs, whose line came first, and all
    that a cell gave which says that it varies."""
    cells = json.loads(notebook.read_text())["cells"]
    return [
        {
            "source": joined(cell["source"]),
            "execution_count": cell["execution_count"],
            "streams": {name: comparable_lines(text) for name, text in streams(cell).items()},
            "others": [comparable_output(output) for output in outputs(cell) if output["output_type"] != "stream"],
        }
        for cell in cells
        if cell["cell_type"] == "code"
    ]


def outputs(cell: dict) -> list[dict]:
    """What a cell gave, or nothing if that varies."""
    return [] if VARIES in cell["metadata"].get("tags", []) else cell["outputs"]


def streams(cell: dict) -> dict[str, str]:
    """What a cell printed, by stream: each has an order, the two together have none."""
    text: dict[str, str] = {}
    for output in outputs(cell):
        if output["output_type"] == "stream":
            text[output["name"]] = text.get(output["name"], "") + joined(output["text"])
    return text


def comparable_lines(text: str) -> tuple[list[str], list[str]]:
    """The workers' lines, sorted, and all others in their order."""
    lines = ANSI.sub("", text).splitlines(keepends=True)
    workers = sorted(LINE_PID.sub(r"[\1]", line) for line in lines if LINE_PID.match(line))
    others = [ERROR_PID.sub(r"\1", line) for line in lines if not LINE_PID.match(line)]
    return workers, others


def comparable_output(output: dict) -> dict:
    """A result, a display or an error, its text in one piece and without PIDs."""
    output = dict(output)
    if output["output_type"] == "error":
        output["evalue"] = ERROR_PID.sub(r"\1", output["evalue"])
        lines = (line for line in output["traceback"] if not KEPT.match(line))
        output["traceback"] = [ERROR_PID.sub(r"\1", line) for line in lines]
    else:
        output["data"] = {
            mime: joined(data) if isinstance(data, str | list) else data for mime, data in output["data"].items()
        }
        # Widgets have other names in each run.
        if view := output["data"].get(WIDGET_VIEW):
            output["data"][WIDGET_VIEW] = {**view, "model_id": None}
    return output


def joined(text: str | list[str]) -> str:
    """Text as notebooks hold it: one string, or its lines."""
    return text if isinstance(text, str) else "".join(text)
