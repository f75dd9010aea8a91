"""jupyter console: what a person sees who works in a terminal."""

import os
import re
import sys

import pexpect
import pytest

from runners import ANSI

LIMIT_SECONDS = 60

LINE = re.compile(r"^\[pid (\d+)\] item (\d)$", re.MULTILINE)


@pytest.fixture(scope="module")
def console(home):
    """A console with a kernel of its own, on a terminal that knows no escape sequences."""
    shell = "--ZMQTerminalInteractiveShell"
    arguments = ["-m", "jupyter_console", "--kernel=parcell", f"{shell}.kernel_timeout={LIMIT_SECONDS}"]
    arguments.append(f"{shell}.confirm_exit=False")
    environment = {**os.environ, "TERM": "dumb"}
    console = pexpect.spawn(sys.executable, arguments, timeout=LIMIT_SECONDS, encoding="utf-8", env=environment)
    console.expect_exact("In [1]: ")
    yield console
    # It ends its kernel. The end of input is lost where it comes before the console has made the terminal its own.
    for _ in range(LIMIT_SECONDS):
        console.sendeof()
        if console.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=1) == 0:
            break
    console.close()


def entered(console, number: int, *lines: str) -> str:
    """What is printed when these lines are entered as the cell with this number."""
    for line in lines:
        console.send(line + "\r")
    console.expect_exact(f"In [{number + 1}]: ")
    return ANSI.sub("", console.before).replace("\r", "")


def test_a_cell_of_several_lines_prints_its_workers_lines(console):
    """Each line is text, with the PID of its worker in front."""
    function = 'fn look(n: u8) -> u8 { println!("item {n}"); n }'
    printed = entered(console, 1, "%%pool -n 2 -c 1 --grouped 0..3u8 -> seen", function)
    found = LINE.findall(printed)
    assert [item for _, item in found] == ["0", "1", "2"], printed
    assert len({pid for pid, _ in found}) == 2, printed


def test_what_a_worker_displays_is_text(console):
    """Below a line that says whose it is."""
    code = 'Pool::new(1).for_each(|n: u8| { display(html(format!("<b>bold {n}</b>"))); }, [7]);'
    printed = entered(console, 2, code)
    assert re.search(r"^\[pid \d+\]\n(?:.*\n)*?.*bold 7", printed, re.MULTILINE), printed
