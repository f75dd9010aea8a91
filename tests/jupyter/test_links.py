"""Every link and every picture of the pages and notebooks leads somewhere.

The default run asks nobody: addresses on the web are only read. `pytest tests/jupyter/test_links.py --external` asks
each of them for an answer.
"""

import http.server
import json
import threading
from pathlib import Path

import pytest

import links
from conftest import ROOT

DOCUMENTS = list(links.documents(ROOT))
# A page to link to.
PAGE = """# A page

## Twice

## Twice

## `%%pool -n`: options & "more"

<a id="own"></a>
"""


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_every_link_leads_somewhere(path):
    assert links.problems(ROOT, path) == []


def test_external_links_answer(request):
    if not request.config.getoption("--external"):
        pytest.skip("asks sites on the web only with --external")
    addresses = sorted({link for path in DOCUMENTS for link in links.read(ROOT / path).links if "://" in link})
    problems = {address: links.answers(address) for address in addresses}
    assert {address: problem for address, problem in problems.items() if problem is not None} == {}


def test_the_pages_are_found():
    assert {Path("README.md"), Path("notebooks/README.md"), Path("notebooks/pool.ipynb")} <= set(DOCUMENTS)
    assert not any(path.parts[0] == "target" for path in DOCUMENTS)


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """A page and a notebook to link to."""
    root = tmp_path_factory.mktemp("repository")
    (root / "docs").mkdir()
    (root / "docs" / "page.md").write_text(PAGE)
    (root / "book.ipynb").write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": ["[gone](gone.md)"]}]}))
    return root


@pytest.mark.parametrize(
    "link",
    [
        "[page](docs/page.md)",
        "[directory](docs)",
        "[heading](docs/page.md#a-page)",
        "[the second](docs/page.md#twice-1)",
        "[signs](docs/page.md#pool--n-options--more)",
        "[of its own](docs/page.md#own)",
        "[notebook](book.ipynb)",
        "[in this page](#index)",
        "![picture](docs/page.md)",
        "[by name][page]\n\n[page]: docs/page.md",
        "<https://example.org/a#b>",
        "[address](https://example.org/a?b=c#d)",
        "`[code](gone.md)`",
        "```\n[code](gone.md)\n```",
        '<img src="docs/page.md">',
    ],
)
def test_what_is_right_is_let_be(repository, link):
    assert problems_of(repository, link) == []


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("[page](gone.md)", "gone.md: there is no such file"),
        ("![picture](gone.svg)", "gone.svg: there is no such file"),
        ("| a |\n|---|\n| [page](gone.md) |", "gone.md: there is no such file"),
        ('<img src="gone.svg">', "gone.svg: there is no such file"),
        ("[page][page]\n\n[page]: gone.md", "gone.md: there is no such file"),
        ("[page](docs/page.md#gone)", "docs/page.md#gone: there is no heading #gone in page.md"),
        ("[page](docs/page.md#twice-2)", "docs/page.md#twice-2: there is no heading #twice-2 in page.md"),
        ("[here](#gone)", "#gone: there is no heading #gone in index.md"),
        ("[book](book.ipynb#a-book)", "book.ipynb#a-book: only headings of pages can be linked to"),
        ("[out](../secret.md)", "../secret.md: this leads out of the repository"),
        ("[root](/docs/page.md)", "/docs/page.md: a link within the repository is a path from the document to the file"),
        ("[web](http://example.org)", "http://example.org: this is no address that begins with https://"),
        ("[web](https://example)", "https://example: this is no address that begins with https://"),
        ("[page][nowhere]", "this is no link: [page][nowhere]"),
    ],
)
def test_what_is_wrong_is_told(repository, link, problem):
    assert problems_of(repository, link) == [problem]


def test_links_of_notebooks_are_read(repository):
    assert links.problems(repository, Path("book.ipynb")) == ["gone.md: there is no such file"]


def problems_of(repository: Path, text: str) -> list[str]:
    """What is wrong with a page of this text."""
    (repository / "index.md").write_text(f"# Index\n\n{text}\n")
    return links.problems(repository, Path("index.md"))


def test_a_site_that_answers_with_an_error_does_not_count():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        assert links.answers(f"{address}/page") is None
        assert "404" in links.answers(f"{address}/gone")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert links.answers(address) is not None


class Site(http.server.BaseHTTPRequestHandler):
    """A site with one page."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/page" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing: pytest would show it."""
