"""`parcell install` and `parcell uninstall`, as Jupyter sees them."""

import json
import os
import subprocess
from pathlib import Path

import pytest

LIMIT_SECONDS = 240
FILES = {"kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def prefix(parcell, tmp_path) -> Path:
    """A prefix with the kernel installed."""
    prefix = tmp_path / "prefix"
    command(parcell, "install", "--prefix", prefix)
    return prefix


def test_jupyter_sees_the_kernel(parcell, jupyter, prefix):
    kernel = kernelspecs(jupyter, prefix)["parcell"]
    spec = kernel["spec"]
    assert kernel["resource_dir"] == str(prefix / "share/jupyter/kernels/parcell")
    assert spec["display_name"] == "Rust (parcell)"
    assert spec["language"] == "rust"
    assert spec["interrupt_mode"] == "message"
    assert Path(spec["argv"][0]).samefile(parcell)
    assert "{connection_file}" in spec["argv"]


def test_the_logos_are_pictures(prefix):
    directory = prefix / "share/jupyter/kernels/parcell"
    assert {path.name for path in directory.iterdir()} == FILES
    assert (directory / "logo-32x32.png").read_bytes().startswith(PNG)
    assert (directory / "logo-64x64.png").read_bytes().startswith(PNG)
    assert "<svg" in (directory / "logo-svg.svg").read_text()


def test_uninstall_leaves_nothing(parcell, jupyter, prefix):
    command(parcell, "uninstall", "--prefix", prefix)
    assert not (prefix / "share/jupyter/kernels/parcell").exists()
    # Another kernel called parcell may be installed beside Jupyter itself.
    directories = [kernel["resource_dir"] for kernel in kernelspecs(jupyter, prefix).values()]
    assert not any(directory.startswith(str(prefix)) for directory in directories)


def test_two_kernels_can_stand_side_by_side(parcell, jupyter, prefix):
    command(parcell, "install", "--prefix", prefix, "--name", "parcell-next")
    assert {"parcell", "parcell-next"} <= kernelspecs(jupyter, prefix).keys()
    command(parcell, "uninstall", "--prefix", prefix, "--name", "parcell-next")
    assert (prefix / "share/jupyter/kernels/parcell/kernel.json").is_file()


def test_a_kernel_that_is_not_there_cannot_be_removed(parcell, tmp_path):
    done = subprocess.run(
        [parcell, "uninstall", "--prefix", tmp_path], capture_output=True, text=True, timeout=LIMIT_SECONDS
    )
    assert done.returncode == 1
    assert "there is no kernel of parcell in" in done.stderr


def kernelspecs(jupyter: str, prefix: Path) -> dict:
    """What Jupyter lists when it looks into the prefix first."""
    environment = os.environ | {"JUPYTER_PATH": str(prefix / "share/jupyter")}
    listed = command(jupyter, "kernelspec", "list", "--json", environment=environment)
    return json.loads(listed)["kernelspecs"]


def command(*arguments: str | Path, environment=None) -> str:
    """Runs a command, which must succeed; returns what it printed."""
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    assert done.returncode == 0, done.stderr
    return done.stdout
