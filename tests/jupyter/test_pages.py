"""The examples in kernel/docs do what the pages say.

`UPDATE_DOCS=1 pytest tests/jupyter/test_pages.py` writes into the pages what the examples really give.
"""

import functools
import os

import pytest

import pages
from conftest import ROOT

PAGES = sorted((ROOT / "kernel" / "docs").glob("*.md"))

each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)


@pytest.fixture(scope="session")
def outputs(tmp_path_factory, parcell):
    """Runs a page's examples, the first time that it is asked to; returns each with what it gave, and of each cell
    whether it failed."""

    @functools.cache
    def run(path):
        page = path.read_text(encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            # On a machine that is busy, a map may take so long that it says how far it is.
            patch.setenv("PARCELL_PROGRESS", "0")
            cells = pages.run_cells(parcell, page, tmp_path_factory.mktemp(path.stem))
        directory = tmp_path_factory.mktemp(f"{path.stem}-commands")
        printed = [pages.run_command(parcell, example.fence.body, directory) for example in pages.commands(page)]
        given = [*map(pages.output_text, cells), *printed]
        if os.environ.get("UPDATE_DOCS"):
            page = pages.with_outputs(page, list(zip(pages.examples(page), given, strict=True)))
            path.write_text(page, encoding="utf-8")
        failed = [any(output.output_type == "error" for output in cell.outputs) for cell in cells]
        return list(zip(pages.examples(page), given, strict=True)), failed

    return run


@each_page
def test_a_page_shows_what_its_examples_give(outputs, path):
    given, _ = outputs(path)
    for example, output in given:
        if not example.varies:
            shown = example.output.body if example.output is not None else ""
            assert pages.comparable(output) == pages.comparable(shown), f"{path.name}: {example.name}"


@each_page
def test_the_cells_that_fail_are_those_that_should(outputs, path):
    given, failed = outputs(path)
    # Commands come behind the cells.
    cells = [example for example, _ in given[: len(failed)]]
    for example, has_failed in zip(cells, failed, strict=True):
        assert has_failed == ("fails" in example.fence.flags), f"{path.name}: {example.name}"


def test_fences_are_told_apart():
    page = (
        "```rust fails\na\n```\n\n```text\nb\n```\n\n```rust\nc\n```\nno output\n\n```text\nd\n```\n"
        "```console\n$ e\nf\n```\n"
    )
    cells = pages.cells(page)
    assert [(cell.name, cell.output and cell.output.body) for cell in cells] == [("a", "b\n"), ("c", None)]
    assert [cell.fence.flags for cell in cells] == [{"fails"}, set()]
    (command,) = pages.commands(page)
    assert (command.fence.body, command.output.body) == ("e", "f\n")


def test_outputs_are_put_in_their_place_with_numbered_pids():
    page = (
        "```rust\na\n```\n\n```text\nold\n```\n\n```rust\nb\n```\n\n```text\n[pid 7] stays\n```\n\n"
        "```rust\nc\n```\n```text varies\nas it is\n```\n"
    )
    first, second, third = pages.cells(page)
    given = [(first, "[pid 10] one\n[pid 11] two, by process 10\n"), (second, "[pid 99] stays\n"), (third, "new\n")]
    updated = pages.with_outputs(page, given)
    assert updated == page.replace("old\n", "[pid 4711] one\n[pid 4712] two, by process 4711\n")
