"""What every test here needs: the programs, a home of its own, and the promise that nothing is left behind."""

import functools
import os
import shutil
import signal
import sys
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

import lab
import leftovers
import runners

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).absolute()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What can be asked for that no run does by itself."""
    parser.addoption("--external", action="store_true", help="ask the sites that pages link to for an answer")


def pytest_configure() -> None:
    """Makes a request to end tear down what runs, like Ctrl+C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def parcell() -> Path:
    """The binary under test: what PARCELL_BIN names, or the one that cargo built."""
    binary = Path(os.environ.get("PARCELL_BIN", TARGET / "debug" / "parcell"))
    if not binary.is_file():
        pytest.exit(f"there is no {binary}: build it first, or run ./test", returncode=2)
    return binary


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pictures go for a person to look at."""
    directory = TARGET / "screenshots"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.fixture(scope="session")
def notebooks() -> Path:
    """The teaching notebooks, which are not to be written to."""
    return ROOT / "notebooks"


@pytest.fixture(scope="session")
def jupyter() -> str:
    """Jupyter's command, of the environment that runs the tests."""
    return program("jupyter")


@pytest.fixture(scope="session")
def papermill() -> str:
    """papermill's command, of the environment that runs the tests."""
    return program("papermill")


@pytest.fixture(scope="session")
def executed(tmp_path_factory, parcell, jupyter, papermill):
    """Executes a notebook with a runner, the first time that it is asked to; returns what was written."""
    programs = runners.Programs(parcell, jupyter, papermill)

    @functools.cache
    def execute(notebook: Path, runner: str) -> Path:
        directory = tmp_path_factory.mktemp(f"{notebook.stem}-{runner}")
        # A copy: some write beside the notebook, and its directory is where cells run.
        copy = Path(shutil.copy(notebook, directory))
        output = directory / "executed.ipynb"
        runners.RUNNERS[runner](programs, copy, output)
        return output

    return execute


@pytest.fixture(scope="module")
def chromium() -> str:
    """The distribution's browser; none is downloaded."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no chromium on this machine; .ci/run installs it")
    return path


@pytest.fixture(scope="module")
def playwright(chromium):
    """The driver of the browser."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Path:
    """Where the notebooks are, and where their cells run."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def open_notebook(playwright, chromium, jupyter, directory, tmp_path_factory):
    """Opens a notebook of the directory in JupyterLab, with a kernel of its own."""
    elsewhere = tmp_path_factory.mktemp("browser")
    with (
        lab.server(jupyter, directory, elsewhere / "server.log") as address,
        lab.browser(playwright, chromium, elsewhere / "profile") as context,
    ):
        yield lambda notebook: lab.NotebookPage(context.new_page(), address, notebook.name)


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of our own, so that neither what the user configured changes a test nor a test what the user has."""
    home = tmp_path_factory.mktemp("home")
    # Where they are is derived from the home, and Rust must be found from the new one too.
    os.environ["CARGO_HOME"] = os.environ.get("CARGO_HOME", str(Path.home() / ".cargo"))
    os.environ["RUSTUP_HOME"] = os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup"))
    os.environ["PARCELL_CACHE_DIR"] = os.environ.get("PARCELL_CACHE_DIR", str(TARGET / "parcell-cache"))
    # Where notebooks find the library that they compile programs with, which go where these programs are.
    os.environ["PARCELL_CHECKOUT"] = str(ROOT)
    # What programs that notebooks compile have in common is compiled once.
    os.environ["CARGO_BUILD_BUILD_DIR"] = str(TARGET / "programs")
    # Where there is Dask.
    os.environ["PARCELL_PYTHON"] = sys.executable
    for name in (
        "CARGO_TARGET_DIR",
        "JUPYTERLAB_DIR",
        "JUPYTERLAB_SETTINGS_DIR",
        "JUPYTER_CONFIG_PATH",
        "JUPYTER_PATH",
        "PARCELL_DATA_DIR",
    ):
        os.environ.pop(name, None)
    for name, directory in {
        "HOME": "",
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "jupyter-config",
        "JUPYTER_DATA_DIR": "jupyter-data",
        "JUPYTER_RUNTIME_DIR": "jupyter-runtime",
        "XDG_CACHE_HOME": "cache",
        "XDG_CONFIG_HOME": "config",
        "XDG_DATA_HOME": "data",
    }.items():
        os.environ[name] = str(home / directory)
    return home


@pytest.fixture(scope="session")
def mark(home: Path) -> str:
    """What the processes of this run have in their environment, to be told from those of others."""
    os.environ[leftovers.VARIABLE] = uuid.uuid4().hex
    return os.environ[leftovers.VARIABLE]


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left(mark: str):
    """Fails a file of tests whose processes outlive it."""
    yield
    left = leftovers.wait_for_none(mark)
    assert not left, "left running:\n" + "\n".join(left)


def program(name: str) -> str:
    """The path of a command that was installed beside this Python."""
    path = shutil.which(name, path=str(Path(sys.executable).parent))
    if path is None:
        pytest.exit(f"{name} is not installed beside {sys.executable}; run ./test", returncode=2)
    return path
