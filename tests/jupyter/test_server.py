"""What jupyter_server passes on of much output: all that the kernel has sent."""

import contextlib
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import jupyter_client
import pytest
import websocket

import lab

CELL_SECONDS = 120

# Text by what prints it, as long as the cell says.
FIVE_MEGABYTES = """\
for n in 0..500 {
    print!("{n:04}{}", "x".repeat(9_996));
}
println!();"""
LONG_LINES = """\
for n in 0..100_000 {
    println!("{n:06} {}", "y".repeat(92));
}"""
SHORT_LINES = """\
for n in 0..100_000 {
    println!("{n}");
}"""
# Each goes out by itself; more than jupyter_server passes on.
TWO_STREAMS = """\
for n in 0..20_000 {
    println!("{n}");
    eprintln!("{n}");
}"""


@dataclass
class Output:
    """What a client saw of a cell: its text by stream, and in how many messages it came."""

    stdout: str = ""
    stderr: str = ""
    messages: int = 0
    ended: bool = field(default=False, compare=False)

    def take(self, message: dict, request: str) -> None:
        """Adds a broadcast, if the request is its cause."""
        if message["parent_header"].get("msg_id") != request:
            return
        content = message["content"]
        match message["header"]["msg_type"]:
            case "stream":
                self.messages += 1
                setattr(self, content["name"], getattr(self, content["name"]) + content["text"])
            case "status":
                self.ended |= content["execution_state"] == "idle"


class Notebook:
    """A kernel with two clients: one behind jupyter_server, as a browser is, and one at the kernel's own sockets."""

    def __init__(self, socket: websocket.WebSocket, direct: jupyter_client.BlockingKernelClient):
        self.socket = socket
        self.direct = direct

    def run(self, code: str) -> tuple[Output, Output]:
        """Runs a cell; gives what came through the server, and what the kernel sent."""
        request = uuid.uuid4().hex
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        header = {"msg_id": request, "msg_type": "execute_request", "session": "s", "username": "u", "version": "5.4"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        self.socket.send(json.dumps(message))
        passed_on, sent = Output(), Output()
        while not passed_on.ended:
            message = json.loads(self.socket.recv())
            if message["channel"] == "iopub":
                passed_on.take(message, request)
        while not sent.ended:
            sent.take(self.direct.get_iopub_msg(timeout=CELL_SECONDS), request)
        return passed_on, sent


@pytest.fixture(scope="module")
def notebook(tmp_path_factory, jupyter, home) -> Iterator[Notebook]:
    directory = tmp_path_factory.mktemp("server")
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(lab.server(jupyter, directory, directory / "server.log"))
        kernel, direct = stack.enter_context(lab.kernel(address))
        place = urlsplit(address)
        url = f"ws://{place.netloc}/api/kernels/{kernel}/channels?{place.query}"
        socket = websocket.create_connection(url, timeout=CELL_SECONDS)
        stack.callback(socket.close)
        yield Notebook(socket, direct)


def left_out(notice: str) -> int:
    """How many bytes a notice says are missing."""
    found = re.fullmatch(r"\n?parcell: .*\((\d+) bytes\) left out here: .*\n", notice)
    assert found, f"not a notice: {notice!r}"
    return int(found[1])


@pytest.mark.parametrize(
    ("code", "size", "begin", "end"),
    [
        pytest.param(FIVE_MEGABYTES, 5_000_001, "0000xxx", "xxx\n", id="five-megabytes"),
        pytest.param(LONG_LINES, 10_000_000, "000000 yyy", "yyy\n", id="long-lines"),
    ],
)
def test_output_is_cut_by_the_kernel_and_by_nobody_else(notebook, code, size, begin, end):
    passed_on, sent = notebook.run(code)
    assert passed_on == sent
    assert sent.stdout.startswith(begin) and sent.stdout.endswith(end)
    assert left_out(sent.stderr) + len(sent.stdout) == size
    assert len(sent.stdout) > 1_500_000


def test_output_that_fits_arrives_whole_in_few_messages(notebook):
    passed_on, sent = notebook.run(SHORT_LINES)
    assert passed_on == sent
    assert sent.stdout == "".join(f"{n}\n" for n in range(100_000))
    assert sent.stderr == ""
    assert sent.messages < 200


def test_many_small_pieces_are_not_too_many_messages(notebook):
    passed_on, sent = notebook.run(TWO_STREAMS)
    assert passed_on == sent
    assert sent.stdout.startswith("0\n1\n") and sent.stdout.endswith("19999\n")
