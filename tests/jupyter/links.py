"""Links in Markdown: which there are, where they lead, and what is wrong with them.

Markdown is read by mistune, which nbconvert renders notebooks with. Links between a notebook's cells and pages follow the
same rules as those of pages.
"""

import html.parser
import json
import os
import re
import unicodedata
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mistune

# Directories that hold nothing of ours.
FOREIGN = {"target", "node_modules", "__pycache__"}
# What rustdoc reads: its links name items, and `cargo doc -D warnings` checks them.
READ_BY_RUSTDOC = {Path("workers/src/python.md")}
# Tokens that are text, whatever it looks like.
CODE = {"block_code", "codespan"}
# What a reference without a definition, or a link with a blank in its middle, leaves in the text.
LEFT_OVER = re.compile(r"\]\(|\]\[")
# How long a site may take to answer.
PATIENCE_SECONDS = 20

parse = mistune.create_markdown(renderer=None, plugins=["table", "strikethrough", "url"])


@dataclass(frozen=True)
class Page:
    """What is known of a page or a notebook."""

    links: tuple[str, ...]
    anchors: frozenset[str]
    left_over: tuple[str, ...]


def documents(root: Path) -> Iterator[Path]:
    """All pages and notebooks below `root`, by their paths from there."""
    for directory, directories, files in os.walk(root):
        directories[:] = sorted(name for name in directories if name not in FOREIGN and not name.startswith("."))
        for name in sorted(files):
            path = (Path(directory) / name).relative_to(root)
            is_page = path.suffix in {".md", ".ipynb"} and not name.endswith(".out.ipynb")
            if is_page and path not in READ_BY_RUSTDOC:
                yield path


def problems(root: Path, path: Path) -> list[str]:
    """What is wrong with the links of the document at `path`, which counts from `root`."""
    page = read(root / path)
    found = [f"this is no link: {text}" for text in page.left_over]
    for link in page.links:
        problem = problem_of(root, path, link)
        if problem is not None:
            found.append(f"{link}: {problem}")
    return found


def problem_of(root: Path, path: Path, link: str) -> str | None:
    """What is wrong with a link of the document at `path`."""
    parts = urllib.parse.urlsplit(link)
    if parts.scheme or parts.netloc:
        return None if is_well_formed(link) else "this is no address that begins with https://"
    if parts.query or parts.path.startswith("/"):
        return "a link within the repository is a path from the document to the file"
    target = root / path
    if parts.path:
        target = Path(os.path.normpath(target.parent / urllib.parse.unquote(parts.path)))
        if not target.is_relative_to(root):
            return "this leads out of the repository"
        if not target.exists():
            return "there is no such file"
    return anchor_problem(target, urllib.parse.unquote(parts.fragment))


def anchor_problem(target: Path, anchor: str) -> str | None:
    """What is wrong with the part of a link behind `#`."""
    if not anchor:
        return None
    if target.suffix != ".md":
        # In notebooks, Jupyter and GitHub name headings differently.
        return "only headings of pages can be linked to"
    return None if anchor in read(target).anchors else f"there is no heading #{anchor} in {target.name}"


def is_well_formed(address: str) -> bool:
    """Whether this can be the address of a page on the web."""
    parts = urllib.parse.urlsplit(address)
    host = re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.hostname or "")
    return parts.scheme == "https" and host is not None and not re.search(r"[\s<>\"]", address)


def answers(address: str) -> str | None:
    """What is wrong with what is at an address; asks the site."""
    request = urllib.request.Request(address, headers={"User-Agent": "parcell-link-check"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS):
            return None
    except (OSError, ValueError) as error:
        return str(error)


def read(path: Path) -> Page:
    """The links and headings of a page or of a notebook's cells."""
    links: list[str] = []
    left_over: list[str] = []
    headings: list[str] = []
    named: list[str] = []
    for source in sources(path):
        for token in tokens(parse(source)):
            match token["type"]:
                case "link" | "image":
                    links.append(token["attrs"]["url"])
                case "heading":
                    headings.append(text_of(token))
                case "block_html" | "inline_html":
                    tags = Tags(token["raw"])
                    links.extend(tags.links)
                    named.extend(tags.names)
                case "text" if LEFT_OVER.search(token["raw"]):
                    left_over.append(token["raw"])
    return Page(tuple(links), frozenset([*slugs(headings), *named]), tuple(left_over))


def sources(path: Path) -> Iterator[str]:
    """The Markdown in a document."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        yield text
        return
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "markdown":
            yield "".join(cell["source"])


def tokens(tree: list[dict]) -> Iterator[dict]:
    """All tokens of a document, those that hold others before these; code is one token."""
    for token in tree:
        yield token
        if token["type"] not in CODE:
            yield from tokens(token.get("children", []))


def text_of(token: dict) -> str:
    """The text of a heading, without what marks parts of it."""
    return "".join(part.get("raw", "") for part in tokens([token]) if part["type"] != "inline_html")


def slugs(headings: list[str]) -> list[str]:
    """How GitHub names headings: lower case, no punctuation, a hyphen for each blank, numbers behind repeated ones."""
    names: list[str] = []
    for heading in headings:
        slug = "".join(filter(is_kept, heading.strip().lower())).replace(" ", "-")
        name, repeated = slug, 0
        while name in names:
            repeated += 1
            name = f"{slug}-{repeated}"
        names.append(name)
    return names


def is_kept(character: str) -> bool:
    """Whether a character of a heading is in its name."""
    return character in " -_" or unicodedata.category(character)[0] in "LNM"


class Tags(html.parser.HTMLParser):
    """The links and the names of elements in a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if (tag, name) in {("a", "href"), ("img", "src"), ("source", "srcset")}:
                self.links.append(value or "")
            if name == "id" or (tag, name) == ("a", "name"):
                self.names.append(value or "")
