"""What cells display, as notebooks keep it: `parcell run` must agree with Jupyter's own way of reading the messages."""

from pathlib import Path

import nbformat

import runners
from runners import Programs

SOURCES = [
    'let handle = display(html("<b>old</b>"));\ndisplay_with_id("mine", 1);\nprintln!("between");',
    'for step in 0..3 {\n    clear_output(true);\n    println!("step {step}");\n    display(step);\n}',
    'println!("gone");\nclear_output(false);\ndisplay(png([104, 105]).width(20));',
    'handle.update(html("<b>new</b>"));\nupdate_display("mine", 2);',
    'println!("stays");\nclear_output(true);',
    "table([(1, 'a'), (2, 'b')])",
]


def test_updates_and_clearing_change_what_is_kept(parcell, jupyter, papermill, tmp_path):
    notebook = tmp_path / "display.ipynb"
    document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in SOURCES])
    document.metadata.kernelspec = {"name": "parcell", "display_name": "Rust (parcell)", "language": "rust"}
    nbformat.write(document, notebook)
    programs = Programs(parcell, jupyter, papermill)
    ours, theirs = tmp_path / "ours.ipynb", tmp_path / "theirs.ipynb"
    runners.run_with_parcell(programs, notebook, ours)
    runners.run_with_nbclient(programs, notebook, theirs)
    assert runners.comparable_cells(ours) == runners.comparable_cells(theirs)

    first, steps, cleared, updating, kept, table = outputs(ours)
    assert first[0].data == {"text/html": "<b>new</b>", "text/plain": "new"}
    assert first[1].data == {"text/plain": "2"}
    assert first[2].text == "between\n"
    assert (steps[0].text, steps[1].data["text/plain"]) == ("step 2\n", "2")
    assert [output.metadata for output in cleared] == [{"image/png": {"width": 20}}]
    assert updating == []
    assert kept[0].text == "stays\n"
    assert table[0].output_type == "execute_result"
    assert table[0].data["text/plain"] == "0  1\n-  -\n1  a\n2  b"


def outputs(notebook: Path) -> list[list]:
    """What each cell has below it."""
    return [cell.outputs for cell in nbformat.read(notebook, as_version=4).cells]
