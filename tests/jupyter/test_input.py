"""Questions of cells, as Jupyter's own clients put them to people, or do not."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest
from jupyter_client.manager import start_new_kernel

LIMIT_SECONDS = 120

READ = "let mut line = String::new();\nstd::io::stdin().read_line(&mut line).unwrap();\nline"
NOTE = "parcell: nobody can be asked for input here, so standard input is empty\n"


@pytest.fixture(scope="module")
def client():
    """A client of a kernel of its own."""
    manager, client = start_new_kernel(kernel_name="parcell", startup_timeout=LIMIT_SECONDS)
    yield client
    client.stop_channels()
    manager.shutdown_kernel()


def ask(client, code: str, answers: list[str]) -> tuple[list[dict], list[dict]]:
    """Runs a cell, and answers its questions; returns these, and what the cell put out."""
    questions, outputs = [], []

    def answer(message: dict) -> None:
        questions.append(message["content"])
        client.input(answers[len(questions) - 1])

    def take(message: dict) -> None:
        # What told that the cell had to wait is taken away again.
        if message["msg_type"] == "clear_output":
            outputs.clear()
        else:
            outputs.append(message["content"])

    reply = client.execute_interactive(
        code,
        allow_stdin=True,
        stdin_hook=answer,
        output_hook=take,
        timeout=LIMIT_SECONDS,
    )
    assert reply["content"]["status"] == "ok", reply["content"]
    return questions, [output for output in outputs if "data" in output]


def test_jupyter_client_asks_and_answers(client):
    """jupyter_client's answers do not say which question they belong to."""
    questions, [result] = ask(client, 'print!("Name: ");\n' + READ, ["Ada"])
    assert questions == [{"prompt": "", "password": False}]
    assert result["data"]["text/plain"] == r'"Ada\n"'

    code = '(input("Name? ").unwrap(), password("Key? ").unwrap())'
    questions, [result] = ask(client, code, ["Ada", "secret"])
    assert questions == [{"prompt": "Name? ", "password": False}, {"prompt": "Key? ", "password": True}]
    assert result["data"]["text/plain"] == '("Ada", "secret")'


def test_the_end_of_a_persons_input_is_the_end_of_the_cells(client):
    """What jupyter_client answers when a person types Ctrl-D."""
    _, [result] = ask(client, "std::io::read_to_string(std::io::stdin()).unwrap()", ["a", "b", "\x04"])
    assert result["data"]["text/plain"] == r'"a\nb\n"'


def test_nbclient_which_has_nobody_to_ask_is_not_asked():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(READ)])
    notebook.metadata["kernelspec"] = {"name": "parcell", "display_name": "parcell"}
    nbclient.NotebookClient(notebook, timeout=LIMIT_SECONDS).execute()
    assert_told_and_empty(notebook.cells[0]["outputs"])


def test_parcell_run_asks_nobody_not_even_at_a_terminal(parcell: Path, tmp_path: Path):
    """A process in the background that read the terminal would be stopped, and the run would never end."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(READ),
            nbformat.v4.new_code_cell('std::fs::read_to_string("/dev/tty").is_err()'),
        ]
    )
    path, output = tmp_path / "asks.ipynb", tmp_path / "out.ipynb"
    nbformat.write(notebook, path)
    at_terminal(str(parcell), "run", str(path), "-o", str(output))
    reads, terminal = json.loads(output.read_text())["cells"]
    assert_told_and_empty(reads["outputs"])
    assert terminal["outputs"][0]["data"]["text/plain"] in ("true", ["true"])


def assert_told_and_empty(outputs: list[dict]) -> None:
    """The cell found the end of input, and says why."""
    note, result = outputs
    assert (note["name"], "".join(note["text"])) == ("stderr", NOTE)
    assert "".join(result["data"]["text/plain"]) == '""'


def at_terminal(*command: str) -> None:
    """Runs a command that has a terminal of its own; nobody types anything there."""
    person, terminal = pty.openpty()
    script = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    try:
        subprocess.run(
            [sys.executable, "-c", script, *command],
            stdin=terminal,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            check=True,
            timeout=LIMIT_SECONDS,
        )
    finally:
        os.close(terminal)
        os.close(person)
