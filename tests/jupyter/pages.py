"""The examples of documentation pages: run as one notebook, in order, and compared with what the page says of them.

What a page's fences mean:

- `rust`: a cell. `rust fails`: a cell that fails. `rust varies`: a cell whose output is not looked at.
- `text` directly behind a cell: its output. `text varies`: an output that differs from run to run, which is only shown.
- `console`: commands behind `$`, run by bash in an empty directory, with what they print. `console varies` as above.

All other fences are only shown. PIDs are compared as PIDs, and workers' lines in any order.
"""

import itertools
import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import nbformat

import dask_cluster
import runners

FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
# Everything in messages that is a PID, with what stands before it.
PID = re.compile(r"(\b(?:pid|process|worker) |^\[[^\W\d][^\],\n]* )(\d+)", re.MULTILINE)
# The first PID that a page shows.
FIRST_PID = 4711


@dataclass(frozen=True)
class Fence:
    """A fenced part of a page."""

    kind: str
    flags: frozenset[str]
    body: str
    # Where the body begins and ends in the page.
    start: int
    end: int


@dataclass(frozen=True)
class Example:
    """A cell or a command of a page, with the output that the page shows, if any."""

    fence: Fence
    output: Fence | None

    @property
    def name(self) -> str:
        """How a failure names it."""
        return next((line for line in self.fence.body.splitlines() if line.strip()), "an empty cell")

    @property
    def varies(self) -> bool:
        """Whether its output is not compared."""
        return "varies" in self.fence.flags or (self.output is not None and "varies" in self.output.flags)


def examples(page: str) -> list[Example]:
    """The page's cells, then its commands."""
    return [*cells(page), *commands(page)]


def cells(page: str) -> list[Example]:
    """The page's cells."""
    found = list(fences(page))
    return [
        Example(fence, output_of(page, fence, found[index + 1 : index + 2]))
        for index, fence in enumerate(found)
        if fence.kind == "rust"
    ]


def commands(page: str) -> list[Example]:
    """The page's commands, each with what it prints in the same fence."""
    found = []
    for fence in fences(page):
        if fence.kind == "console":
            command, _, _ = fence.body.partition("\n")
            assert command.startswith("$ "), f"{command!r} is no command behind $"
            start = fence.start + len(command) + 1
            printed = Fence("text", fence.flags, page[start : fence.end], start, fence.end)
            found.append(Example(Fence("console", fence.flags, command[2:], fence.start, start), printed))
    return found


def fences(page: str) -> Iterable[Fence]:
    """All fenced parts of a page."""
    for match in FENCE.finditer(page):
        kind, *flags = match["info"].split() or [""]
        yield Fence(kind, frozenset(flags), match["body"], match.start("body"), match.end("body"))


def output_of(page: str, cell: Fence, following: list[Fence]) -> Fence | None:
    """The output that stands directly behind a cell."""
    for fence in following:
        between = page[cell.end : fence.start].removeprefix("```")
        if fence.kind == "text" and re.fullmatch(r"\s*```text[^\n]*\n", between):
            return fence
    return None


def run_cells(parcell: Path, page: str, directory: Path) -> list[nbformat.NotebookNode]:
    """Runs the page's cells in one notebook, in this directory, and returns them with their outputs. Where the page is about
    clusters there is one."""
    if not cells(page):
        return []
    sources = [example.fence.body.rstrip("\n") for example in cells(page)]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata.kernelspec = {"name": "parcell", "display_name": "Rust (parcell)", "language": "rust"}
    nbformat.write(notebook, directory / "page.ipynb")
    output = directory / "page.out.ipynb"
    needs_cluster = any("--cluster" in source for source in sources)
    with dask_cluster.running(directory) if needs_cluster else nullcontext():
        command = (parcell, "run", directory / "page.ipynb", "--allow-errors", "-o", output)
        runners.command(*command, directory=directory)
    return nbformat.read(output, as_version=4).cells


def run_command(parcell: Path, command: str, directory: Path) -> str:
    """What a command prints, on both streams."""
    environment = {**os.environ, "PATH": f"{parcell.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=runners.LIMIT_SECONDS,
    )
    return clean(done.stdout)


def output_text(cell: nbformat.NotebookNode) -> str:
    """What a reader sees below a cell: what it printed and showed, then what it printed to stderr, then its error."""
    shown, warned, failed = [], [], []
    for output in cell.outputs:
        match output.output_type:
            case "stream":
                (warned if output.name == "stderr" else shown).append(output.text)
            case "error":
                failed.append("\n".join(output.traceback) + "\n")
            case _:
                shown.append(output.data.get("text/plain", "") + "\n")
    return clean("".join(shown + warned + failed))


def clean(text: str) -> str:
    """Text without colours, and without blanks at the ends of lines."""
    lines = runners.ANSI.sub("", text).splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


def comparable(text: str) -> tuple[list[str], list[str]]:
    """Output without PIDs and what else is chance: the lines of workers, sorted, and all others in their order."""
    workers, others = runners.comparable_lines(text)
    return workers, [PID.sub(r"\1PID", line) for line in others if not runners.KEPT.match(line)]


def with_outputs(page: str, outputs: list[tuple[Example, str]]) -> str:
    """The page with these outputs in the place of those that say something else. PIDs are numbered."""
    numbers = defaultdict(itertools.count(FIRST_PID).__next__)
    parts, end = [], 0
    for example, output in sorted(outputs, key=lambda pair: pair[0].fence.start):
        shown = example.output
        if shown is None or (example.varies and shown.body) or comparable(shown.body) == comparable(output):
            continue
        parts += [page[end : shown.start], PID.sub(lambda match: f"{match[1]}{numbers[match[2]]}", output)]
        end = shown.end
    return "".join([*parts, page[end:]])
