"""Finds the processes that a run of the tests has left behind.

They are known by a variable in their environment, which everything started from here inherits, whoever its parent is
by now.
"""

import os
import time
from pathlib import Path

VARIABLE = "PARCELL_TEST_RUN"

# Jupyter gives a kernel this long to end by itself; a process that was just killed is gone sooner.
PATIENCE_SECONDS = 10.0
PAUSE_SECONDS = 0.05


def wait_for_none(mark: str) -> list[str]:
    """Waits until no process carries the mark; returns those that still do after a while."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (left := marked(mark)) and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
    return left


def marked(mark: str) -> list[str]:
    """Each process that carries the mark, as "PID command line"."""
    entry = f"{VARIABLE}={mark}".encode()
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal() or int(process.name) == os.getpid():
            continue
        try:
            # What this process put into its own environment later is not in its file, so it never finds itself.
            if entry in (process / "environ").read_bytes().split(b"\0"):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append(f"{process.name} {command}")
        except (OSError, ProcessLookupError):
            continue  # It ended meanwhile, or is another user's.
    return found
