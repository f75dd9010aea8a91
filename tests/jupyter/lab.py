"""JupyterLab on a directory, and a notebook open in a browser: what a person does, and what a person sees."""

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jupyter_client
import nbformat
from playwright.sync_api import BrowserContext, Locator, Page, Playwright, expect

START_SECONDS = 60
KERNEL_SECONDS = 120
STOP_SECONDS = 15
PAUSE_SECONDS = 0.1
# Starting a kernel and running a notebook, on a machine that is busy otherwise.
IDLE_MILLISECONDS = 180_000
WINDOW = {"width": 1280, "height": 800}
# The height of what is around the notebook: menus, toolbar, status bar.
FRAME = 200

# JupyterLab asks at the first start whether it may look for news, over what is on the pictures, and looks for updates.
NOTIFICATIONS = Path("lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings")

# Completion that takes longer is thrown away, after a second by default.
COMPLETION = Path("lab/user-settings/@jupyterlab/completer-extension/manager.jupyterlab-settings")

STDOUT = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stdout"]'
STDERR = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]'

# The five seconds that are waited for everything else by default are few on a busy machine.
expect.set_options(timeout=30_000)

BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextlib.contextmanager
def server(jupyter: str, directory: Path, log: Path) -> Iterator[str]:
    """Serves the directory; gives the address to open, token included."""
    with serving([jupyter, "lab", f"--ServerApp.root_dir={directory}"], log) as (address, _):
        yield address


@contextlib.contextmanager
def serving(command: list[str | Path], log: Path) -> Iterator[tuple[str, subprocess.Popen]]:
    """Runs a command that starts JupyterLab with the arguments added to it; gives the address to open, and the process."""
    change_settings()
    token, port = secrets.token_hex(16), free_port()
    arguments = [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_serving(process, f"http://127.0.0.1:{port}/api/status?token={token}", log)
            yield f"http://127.0.0.1:{port}/lab?token={token}", process
        finally:
            end_group(process)


def ask(address: str, path: str, content: dict | None = None) -> dict:
    """Asks the server at this address something, or sends it something."""
    place = urlsplit(address)
    headers = {"Authorization": f"token {parse_qs(place.query)['token'][0]}", "Content-Type": "application/json"}
    data = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(f"http://{place.netloc}/api/{path}", data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=KERNEL_SECONDS) as response:
        return json.load(response)


@contextlib.contextmanager
def kernel(address: str) -> Iterator[tuple[str, jupyter_client.BlockingKernelClient]]:
    """Has the server start a kernel; gives its ID and a client at the kernel's own sockets."""
    identity = ask(address, "kernels", {"name": "parcell"})["id"]
    file = Path(os.environ["JUPYTER_RUNTIME_DIR"]) / f"kernel-{identity}.json"
    deadline = time.monotonic() + KERNEL_SECONDS
    while not file.is_file():
        assert time.monotonic() < deadline, f"there is no {file}"
        time.sleep(PAUSE_SECONDS)
    client = jupyter_client.BlockingKernelClient(connection_file=str(file))
    client.load_connection_file()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=KERNEL_SECONDS)
        yield identity, client
    finally:
        client.stop_channels()


@contextlib.contextmanager
def browser(playwright: Playwright, chromium: str, profile: Path) -> Iterator[BrowserContext]:
    """A headless Chromium that has never been used before."""
    context = playwright.chromium.launch_persistent_context(
        str(profile), executable_path=chromium, headless=True, args=BROWSER_FLAGS, viewport=WINDOW
    )
    try:
        yield context
    finally:
        context.close()


class NotebookPage:
    """A notebook that is open in JupyterLab, with its kernel started."""

    def __init__(self, page: Page, address: str, name: str):
        self.page = page
        base, query = address.split("?")
        # A workspace of its own, so that no tab of another test opens too.
        page.goto(f"{base}/workspaces/{Path(name).stem}/tree/{name}?{query}&reset")
        self.panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        self.panel.wait_for(timeout=START_SECONDS * 1000)
        self.wait_for_status("Idle")

    def cell(self, index: int) -> Locator:
        """The code cell with this index, counted from 0 among the code cells."""
        return self.panel.locator(".jp-CodeCell").nth(index)

    def outputs(self, index: int) -> Locator:
        """What a code cell shows below its code."""
        return self.cell(index).locator(".jp-OutputArea-output")

    def output_area(self, index: int) -> Locator:
        """All that a code cell shows below its code, as one element."""
        return self.cell(index).locator(".jp-Cell-outputArea")

    def stdout(self, index: int) -> Locator:
        """What a code cell printed to standard output, an element for each piece between which there is other output."""
        return self.cell(index).locator(STDOUT)

    def stderr(self, index: int) -> Locator:
        """What a code cell printed to standard error."""
        return self.cell(index).locator(STDERR)

    def error(self, index: int) -> Locator:
        """The error that ended a code cell, which JupyterLab marks as it does standard error."""
        return self.stderr(index)

    def prompt(self, index: int) -> Locator:
        """What stands beside a code cell: nothing, `[*]:` while it runs, or its number."""
        return self.cell(index).locator(".jp-InputPrompt")

    def number(self, index: int) -> int:
        """The number of a code cell that has ended."""
        return int(self.prompt(index).text_content().strip("[]:"))

    def question(self, index: int, prompt: str) -> Locator:
        """The field for the answer to a cell's question, which shows this prompt."""
        shown = self.page.locator(".jp-Stdin-prompt", has_text=re.compile(rf"^{re.escape(prompt.strip())}\s*$"))
        return self.cell(index).locator(".jp-Stdin", has=shown).locator("input")

    def answer(self, index: int, prompt: str, text: str) -> None:
        """Answers a cell's question once it is asked, and waits until JupyterLab has sent the answer."""
        field = self.question(index, prompt)
        expect(field).to_be_visible(timeout=IDLE_MILLISECONDS)
        field.fill(text)
        field.press("Enter")
        expect(field).to_have_count(0)

    def run_all(self) -> None:
        """Run > Run All Cells."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()

    def run_cell(self, index: int) -> None:
        """Runs one cell with Ctrl+Enter."""
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def run_to_end(self, index: int) -> None:
        """Runs one cell and waits until it has ended."""
        before = self.prompt(index).text_content()
        self.run_cell(index)
        expect(self.prompt(index)).not_to_have_text(before)
        self.wait_for_end(index)

    def complete(self, index: int) -> None:
        """Asks for completion at the end of a cell."""
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.press("Tab")

    def restart(self) -> None:
        """The toolbar's button to restart the kernel, and the question whether one means it."""
        with self.page.expect_response(re.compile(r"/api/kernels/[^/]+/restart"), timeout=IDLE_MILLISECONDS):
            self.panel.locator('[data-jp-item-name="restart"]').click()
            self.page.locator(".jp-Dialog button.jp-mod-accept").click()
        self.wait_for_status("Idle")

    def choose_theme(self, name: str) -> None:
        """The command of the palette."""
        self.page.keyboard.press("Control+Shift+C")
        palette = self.page.locator("#modal-command-palette, #command-palette").locator("input:visible").first
        palette.fill(f"Use Theme: {name}")
        palette.press("Enter")
        light = "false" if name.endswith("Dark") else "true"
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", light)
        # JupyterLab covers everything with it while the theme is loaded.
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)

    def interrupt(self) -> None:
        """The toolbar's stop button."""
        self.panel.locator('[data-jp-item-name="interrupt"]').click()

    def wait_for_end(self, index: int) -> None:
        """Waits until a cell that was started has its number, which it has when its reply came."""
        expect(self.prompt(index)).to_have_text(re.compile(r"\[\d+\]:"), timeout=IDLE_MILLISECONDS)

    def is_running(self, index: int) -> bool:
        """Whether the cell shows that it has not ended: `[*]`."""
        return self.prompt(index).text_content().startswith("[*]")

    def wait_for_status(self, status: str) -> None:
        """Waits until the status bar shows this status of the kernel.

        The notebook's own indicator shows an idle kernel before there is one, and loses cells that are run then.
        """
        self.page.locator("#jp-main-statusbar").get_by_text(f"| {status}").wait_for(timeout=IDLE_MILLISECONDS)

    def screenshot(self, path: Path, first: int | None = None, last: int | None = None) -> None:
        """A picture of the whole notebook, or of these cells: of the window, made as high as what is in it."""
        content = self.panel.locator(".jp-WindowedPanel-viewport")
        height = content.evaluate("element => element.getBoundingClientRect().height")
        self.page.set_viewport_size({"width": WINDOW["width"], "height": max(WINDOW["height"], int(height) + FRAME)})
        self.panel.locator(".jp-WindowedPanel-outer").evaluate("element => element.scrollTo(0, 0)")
        self.page.screenshot(path=str(path), clip=None if first is None else self.area(first, last))
        self.page.set_viewport_size(WINDOW)

    def area(self, first: int, last: int) -> dict[str, float]:
        """Where in the window the cells from the first to the last one are."""
        top, bottom = self.cell(first).bounding_box(), self.cell(last).bounding_box()
        return {
            "x": top["x"],
            "y": top["y"],
            "width": top["width"],
            "height": bottom["y"] + bottom["height"] - top["y"],
        }


def style(element: Locator, name: str) -> str:
    """A property of an element as the browser computes it."""
    return element.evaluate("(element, name) => getComputedStyle(element).getPropertyValue(name)", name)


def contrast(first: str, second: str) -> float:
    """How well two colours can be told apart, from 1 to 21, as WCAG 2 defines it; 4.5 is what text should have."""
    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of a colour, as `rgb(1, 2, 3)`, `#123` or `#010203`, or one of the names that themes use."""
    colour = {"white": "#ffffff", "black": "#000000"}.get(colour.strip(), colour.strip())
    if colour.startswith("#"):
        digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
        parts = [int(digits[at : at + 2], 16) for at in (0, 2, 4)]
    else:
        parts = [float(part) for part in re.findall(r"[\d.]+", colour)[:3]]
    linear = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def run(command: list[str | Path]) -> None:
    """Runs a program to its end, which is to be a good one."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=IDLE_MILLISECONDS / 1000)
    assert done.returncode == 0, done.stderr


def write_notebook(path: Path, sources: list[str]) -> Path:
    """Writes a notebook of these cells that says to run in parcell."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata.kernelspec = {"name": "parcell", "display_name": "Rust (parcell)", "language": "rust"}
    nbformat.write(notebook, path)
    return path


def change_settings() -> None:
    """Answers JupyterLab's questions in its settings, and gives a busy machine time."""
    for setting, values in {
        NOTIFICATIONS: {"fetchNews": "false", "checkForUpdates": False},
        COMPLETION: {"providerTimeout": IDLE_MILLISECONDS},
    }.items():
        path = Path(os.environ["JUPYTER_CONFIG_DIR"]) / setting
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))


def wait_until_serving(process: subprocess.Popen, address: str, log: Path) -> None:
    """Waits until the server answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(PAUSE_SECONDS)
    raise AssertionError(f"JupyterLab does not serve:\n{log.read_text()}")


def end_group(process: subprocess.Popen) -> None:
    """Ends the server, which ends its kernels; then whatever of its process group is still there."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
