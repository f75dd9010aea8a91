"""The Python package: `pip install .` brings the executable, and the kernel where the Jupyter beside it looks."""

import json
import os
import subprocess
import sysconfig
import tarfile
import venv
from pathlib import Path

import pytest

from conftest import ROOT, TARGET, program

# With what cargo has built, as ./test does before this, a wheel is made in seconds.
BUILD_SECONDS = 900
LIMIT_SECONDS = 240

# What runs in the environment: a notebook's client, with no hint where the kernel is.
CLIENT = """\
import json
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(kernel_name="parcell", startup_timeout=200)
shown = []
for code in ("1 + 1", "%%pool -n 2 [1u64, 2, 3]\\n|n: u64| n * n"):
    def take(message):
        if message["msg_type"] == "execute_result":
            shown.append(message["content"]["data"]["text/plain"])
    client.execute_interactive(code, timeout=200, output_hook=take)
client.stop_channels()
manager.shutdown_kernel()
print(json.dumps({"directory": KernelSpecManager().find_kernel_specs()["parcell"], "shown": shown}))
"""


@pytest.fixture(scope="module")
def maturin() -> str:
    """What builds the package."""
    return program("maturin")


@pytest.mark.timeout(BUILD_SECONDS + 2 * LIMIT_SECONDS)
def test_a_wheel_brings_a_kernel_that_jupyter_finds_and_starts(maturin, tmp_path):
    wheel = built(maturin, "build", "--profile=dev", "--compatibility=linux", directory=tmp_path / "wheels")
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    python = environment / "bin/python"
    command(python, "-m", "pip", "install", "--no-index", "--no-deps", "--disable-pip-version-check", wheel)
    # The client is that of the tests; Jupyter takes the environment for its own all the same.
    libraries = os.environ | {"PYTHONPATH": sysconfig.get_path("purelib")}
    said = json.loads(command(python, "-c", CLIENT, environment=libraries))
    kernel = environment / "share/jupyter/kernels/parcell"
    assert said == {"directory": str(kernel), "shown": ["2", "[1, 4, 9]"]}
    assert {path.name for path in kernel.iterdir()} == {
        "kernel.json",
        "logo-32x32.png",
        "logo-64x64.png",
        "logo-svg.svg",
    }
    version = command(environment / "bin/parcell", "--version")
    assert f"-{version.removeprefix('parcell ').strip()}-" in wheel.name


def test_the_source_package_has_all_that_is_compiled_in(maturin, tmp_path):
    archive = built(maturin, "sdist", directory=tmp_path / "sources")
    with tarfile.open(archive) as sources:
        sources.extractall(tmp_path)
    root = tmp_path / archive.name.removesuffix(".tar.gz")
    for path in [Path("Cargo.lock"), *files_below("kernel"), *files_below("workers/src")]:
        assert (root / path).read_bytes() == (ROOT / path).read_bytes(), path
    # Its workspace leaves out the tests; the locked versions must hold there too.
    arguments = ("metadata", "--locked", "--offline", "--format-version=1", f"--manifest-path={root / 'Cargo.toml'}")
    command("cargo", *arguments)


def built(maturin: str, *arguments: str, directory: Path) -> Path:
    """What maturin makes, in a directory of its own."""
    environment = os.environ | {"CARGO_TARGET_DIR": str(TARGET), "CARGO_BUILD_BUILD_DIR": str(TARGET)}
    manifest = f"--manifest-path={ROOT / 'kernel/Cargo.toml'}"
    command(maturin, *arguments, manifest, f"--out={directory}", environment=environment, limit=BUILD_SECONDS)
    (made,) = directory.iterdir()
    return made


def files_below(directory: str) -> list[Path]:
    """The files below a directory of the repository, but the manifest, which is rewritten."""
    found = [path.relative_to(ROOT) for path in (ROOT / directory).rglob("*") if path.is_file()]
    return [path for path in found if path.name != "Cargo.toml"]


def command(*arguments: str | Path, environment=None, limit: int = LIMIT_SECONDS) -> str:
    """Runs a command, which must succeed; returns what it printed."""
    done = subprocess.run(
        arguments, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
