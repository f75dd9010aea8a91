"""What jupyter_server passes on of much output: all that the kernel has sent."""

import contextlib
import json
import os
import re
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jupyter_client
import pytest
import websocket

import lab

START_SECONDS = 120
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
        address = urlsplit(stack.enter_context(lab.server(jupyter, directory, directory / "server.log")))
        token = parse_qs(address.query)["token"][0]
        kernel = start_kernel(f"http://{address.netloc}/api/kernels", token)
        direct = direct_client(kernel)
        stack.callback(direct.stop_channels)
        url = f"ws://{address.netloc}/api/kernels/{kernel}/channels?token={token}"
        socket = websocket.create_connection(url, timeout=CELL_SECONDS)
        stack.callback(socket.close)
        yield Notebook(socket, direct)


def start_kernel(url: str, token: str) -> str:
    """Has the server start a kernel; gives its ID."""
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=json.dumps({"name": "parcell"}).encode(), headers=headers)
    with urllib.request.urlopen(request, timeout=START_SECONDS) as response:
        return json.load(response)["id"]


def direct_client(kernel: str) -> jupyter_client.BlockingKernelClient:
    """A client at the kernel's own sockets."""
    file = Path(os.environ["JUPYTER_RUNTIME_DIR"]) / f"kernel-{kernel}.json"
    deadline = time.monotonic() + START_SECONDS
    while not file.is_file():
        assert time.monotonic() < deadline, f"there is no {file}"
        time.sleep(lab.PAUSE_SECONDS)
    client = jupyter_client.BlockingKernelClient(connection_file=str(file))
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=START_SECONDS)
    return client


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
