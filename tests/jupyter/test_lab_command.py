"""`parcell lab` with the real JupyterLab: it serves, has the kernel, and ends with everything it started."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import lab
import leftovers


@pytest.fixture
def elsewhere(parcell, tmp_path) -> Path:
    """The executable at a path of its own, so that no kernel that is installed starts it."""
    executable = tmp_path / "bin/parcell"
    executable.parent.mkdir()
    try:
        os.link(parcell, executable)
    except OSError:
        shutil.copy2(parcell, executable)
    return executable


@pytest.fixture
def path(jupyter, monkeypatch) -> Iterator[None]:
    """JupyterLab's command in PATH."""
    monkeypatch.setenv("PATH", f"{Path(jupyter).parent}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_jupyterlab_has_the_kernel_and_ends_with_it(elsewhere, path, mark, tmp_path, home, end):
    directory = tmp_path / "work"
    directory.mkdir()
    (directory / "a.ipynb").write_text("{}")
    before = set(leftovers.marked(mark))
    with lab.serving([elsewhere, "lab", directory, "--"], tmp_path / "log") as (address, process):
        specs = lab.ask(address, "kernelspecs")["kernelspecs"]
        assert specs["parcell"]["spec"]["argv"][0] == str(elsewhere)
        assert [entry["name"] for entry in lab.ask(address, "contents")["content"]] == ["a.ipynb"]
        with lab.kernel(address) as (_, client):
            assert value(client, "1 + 1") == "2"
        process.send_signal(end)
        process.wait(lab.STOP_SECONDS)
        # Jupyter ends its kernels before it ends, and all is gone with them.
        assert set(leftovers.wait_for_none(mark)) <= before
    assert not (home / "jupyter-data/kernels").exists()


def value(client, code: str) -> str:
    """What a cell's last expression is shown as."""
    shown = []

    def take(message: dict) -> None:
        if message["msg_type"] == "execute_result":
            shown.append(message["content"]["data"]["text/plain"])

    reply = client.execute_interactive(code, timeout=lab.KERNEL_SECONDS, output_hook=take)
    assert reply["content"]["status"] == "ok", reply
    return "".join(shown)
