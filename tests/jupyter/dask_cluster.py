"""A Dask cluster on this machine, as it was for others: workers in processes of their own, which share nothing with the
notebook but what it sends them."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from distributed import Client

# The name that notebooks know the scheduler's file by.
SCHEDULER_FILE = "scheduler.json"
LIMIT_SECONDS = 60


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
        stack.enter_context(
            process(directory, "scheduler", "--host=127.0.0.1", "--port=0", f"--scheduler-file={file}")
        )
        # It waits for the scheduler's file.
        stack.enter_context(
            process(
                directory,
                "worker",
                f"--scheduler-file={file}",
                f"--nworkers={workers}",
                f"--nthreads={threads}",
                f"--local-directory={directory / 'workers'}",
            )
        )
        client = stack.enter_context(Client(scheduler_file=str(file), timeout=LIMIT_SECONDS))
        client.wait_for_workers(workers, timeout=LIMIT_SECONDS)
        yield Cluster(json.loads(file.read_text())["address"], client, directory)


@contextmanager
def process(directory: Path, role: str, *options: str):
    """Runs one of Dask's commands, which writes its log to the directory."""
    with open(directory / f"{role}.log", "wb") as log:
        command = [Path(sys.executable).parent / "dask", role, "--no-dashboard", *options]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(LIMIT_SECONDS)
