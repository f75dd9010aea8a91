"""A Dask cluster on this machine, as it was for others: workers in processes of their own, which share nothing with the
notebook but what it sends them; and cells that use it."""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from distributed import Client

import runners

# The name that notebooks know the scheduler's file by.
SCHEDULER_FILE = "scheduler.json"
LIMIT_SECONDS = 120
PAUSE_SECONDS = 0.05

WORKER_LINE = re.compile(r"^\[(\S+) (\d+)\] (.*)$")


@dataclass(frozen=True)
class Cluster:
    """A cluster that runs, and this process's connection to it."""

    address: str
    client: Client
    directory: Path

    def worker_pids(self) -> list[int]:
        """The PIDs of the Dask workers."""
        return list(self.client.run(os.getpid).values())

    def children(self) -> list[int]:
        """The PIDs of what the Dask workers have started."""
        workers = set(self.worker_pids())
        return [int(stat.parent.name) for stat in Path("/proc").glob("[0-9]*/stat") if parent(stat) in workers]

    def plugins(self) -> list[str]:
        """What parcell has registered at the scheduler, also for workers that start later."""
        names = self.client.run_on_scheduler(
            lambda dask_scheduler: [*dask_scheduler.plugins, *dask_scheduler.worker_plugins]
        )
        return [name for name in names if name.startswith("parcell")]

    def files(self) -> list[Path]:
        """What parcell has sent to the workers."""
        return sorted(self.directory.glob("workers/**/parcell-*"))


def parent(stat: Path) -> int | None:
    """The parent that a process's stat file names; None where the process has ended."""
    try:
        # The name before it may contain anything.
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


@contextmanager
def running(directory: Path, workers: int = 2, threads: int = 2):
    """Runs a cluster whose workers write to the directory, which gets the scheduler's file."""
    file = directory / SCHEDULER_FILE
    with ExitStack() as stack:
        stack.enter_context(scheduler(directory))
        stack.enter_context(worker(directory, f"--nworkers={workers}", f"--nthreads={threads}"))
        client = stack.enter_context(Client(scheduler_file=str(file), timeout=LIMIT_SECONDS))
        client.wait_for_workers(workers, timeout=LIMIT_SECONDS)
        yield Cluster(json.loads(file.read_text())["address"], client, directory)


def scheduler(directory: Path, *options: str, port: int = 0):
    """Runs a scheduler, which writes its file to the directory."""
    file = directory / SCHEDULER_FILE
    return process(directory, "scheduler", "--host=127.0.0.1", f"--port={port}", f"--scheduler-file={file}", *options)


def worker(directory: Path, *options: str, environment: dict[str, str] | None = None):
    """Runs workers of the scheduler whose file is in the directory, or comes there."""
    file = directory / SCHEDULER_FILE
    local = f"--local-directory={directory / 'workers'}"
    return process(directory, "worker", f"--scheduler-file={file}", local, *options, environment=environment)


@contextmanager
def process(directory: Path, role: str, *options: str, environment: dict[str, str] | None = None):
    """Runs one of Dask's commands, with more in its environment, which writes its log to the directory."""
    with open(directory / f"{role}.log", "ab") as log:
        command = [Path(sys.executable).parent / "dask", role, "--no-dashboard", *options]
        process = subprocess.Popen(
            command, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(LIMIT_SECONDS)


def run_cells(parcell, directory, sources, environment=None):
    """Runs cells in one notebook, which is written to the directory; returns what each gave."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata.kernelspec = {"name": "parcell", "display_name": "Rust (parcell)", "language": "rust"}
    nbformat.write(notebook, directory / "n.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (environment or {}).items():
            patch.setenv(name, value)
        runners.command(parcell, "run", directory / "n.ipynb", "--allow-errors", "-o", directory / "out.ipynb")
    return [Given(cell.outputs) for cell in nbformat.read(directory / "out.ipynb", as_version=4).cells]


class Given:
    """What a cell gave, without colours."""

    def __init__(self, outputs):
        def streams(name):
            texts = [o.text for o in outputs if o.output_type == "stream" and o.name == name]
            return runners.ANSI.sub("", "".join(texts))

        self.stdout, self.stderr = streams("stdout"), streams("stderr")
        errors = [output for output in outputs if output.output_type == "error"]
        self.ename = errors[0].ename if errors else None
        self.error = runners.ANSI.sub("", "\n".join(errors[0].traceback)) if errors else ""
        results = [output.data["text/plain"] for output in outputs if output.output_type == "execute_result"]
        self.result = results[0] if results else None
        displays = [output.data["text/plain"] for output in outputs if output.output_type == "display_data"]
        self.display = "\n".join(displays)

    def lines(self):
        """The workers' lines: host, PID, text."""
        return [WORKER_LINE.match(line).groups() for line in self.stdout.splitlines()]


def eventually(condition, what):
    """Waits until the condition holds."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(PAUSE_SECONDS)


def execute(client, code):
    """Runs a cell to its end; returns its result's text."""
    request = client.execute(code)
    result = None
    while (message := iopub(client, request))["content"].get("execution_state") != "idle":
        assert message["msg_type"] != "error", message["content"]
        if message["msg_type"] == "execute_result":
            result = message["content"]["data"]["text/plain"]
    return result


def iopub(client, request):
    """The next broadcast about the request."""
    while True:
        message = client.get_iopub_msg(timeout=LIMIT_SECONDS)
        if message["parent_header"].get("msg_id") == request:
            return message
