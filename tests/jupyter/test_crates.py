"""Crates from elsewhere: a git repository, the registry, the cache when neither can be reached, and what is compiled ahead."""

import hashlib
import os
import re
import subprocess
import zlib
from pathlib import Path

import nbformat
import pytest

import lab

pytestmark = pytest.mark.timeout(300)

# Nothing listens there.
NO_NETWORK = {"CARGO_HTTP_PROXY": "http://127.0.0.1:9"}


def run(parcell: Path, *arguments: str | Path, status: int = 0, **environment: str) -> str:
    """What the command prints, which must end with this status."""
    done = subprocess.run(
        [parcell, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        env={**os.environ, **environment},
    )
    assert done.returncode == status, done.stdout
    return done.stdout


def results(notebook: Path) -> list[str]:
    """The values that the cells of an executed notebook show."""
    cells = nbformat.read(notebook, as_version=4).cells
    outputs = [output for cell in cells for output in cell.outputs if output.output_type == "execute_result"]
    return [output.data["text/plain"] for output in outputs]


def write_repository(directory: Path, files: dict[str, bytes]) -> str:
    """A git repository of one commit, with files and directories in which there are files; gives the commit's name.

    It is written as git does (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects), so that git need not be there.
    """

    def write(kind: str, content: bytes) -> bytes:
        stored = f"{kind} {len(content)}".encode() + b"\0" + content
        name = hashlib.sha1(stored)
        path = directory / "objects" / name.hexdigest()[:2] / name.hexdigest()[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(zlib.compress(stored))
        return name.digest()

    def write_tree(files: dict[str, bytes]) -> bytes:
        entries = {}
        for path, content in files.items():
            first, _, rest = path.partition("/")
            if rest:
                entries.setdefault(first, {})[rest] = content
            else:
                entries[first] = content
        lines = [
            b"40000 " + name.encode() + b"\0" + write_tree(entry)
            if isinstance(entry, dict)
            else b"100644 " + name.encode() + b"\0" + write("blob", entry)
            for name, entry in sorted(entries.items())
        ]
        return write("tree", b"".join(lines))

    who = "Somebody <somebody@example.org> 0 +0000"
    commit = write("commit", f"tree {write_tree(files).hex()}\nauthor {who}\ncommitter {who}\n\nAll\n".encode()).hex()
    (directory / "refs" / "heads").mkdir(parents=True)
    (directory / "refs" / "heads" / "main").write_text(commit + "\n")
    (directory / "HEAD").write_text("ref: refs/heads/main\n")
    (directory / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
    return commit


def test_a_crate_comes_from_a_git_repository(parcell, tmp_path):
    repository = tmp_path / "repository"
    manifest = b'[package]\nname = "of_git"\nversion = "0.1.0"\nedition = "2024"\n'
    write_repository(repository, {"Cargo.toml": manifest, "src/lib.rs": b"pub fn seven() -> u8 { 7 }"})
    cells = [f':dep of_git = {{ git = "file://{repository}", branch = "main" }}', "of_git::seven()"]
    notebook = lab.write_notebook(tmp_path / "git.ipynb", cells)
    for executed in (tmp_path / "first.ipynb", tmp_path / "second.ipynb"):
        run(parcell, "run", notebook, "-o", executed)
        assert results(executed) == ["7"]


def test_the_next_session_has_the_crates_at_once_and_without_a_network(parcell, tmp_path):
    cells = [":timing", ':dep fnv = "1"\nuse std::hash::Hasher;', "fnv::FnvHasher::default().finish()"]
    notebook = lab.write_notebook(tmp_path / "fnv.ipynb", cells)
    run(parcell, "run", notebook, "-o", tmp_path / "first.ipynb")
    text = run(parcell, "run", notebook, "-o", tmp_path / "second.ipynb", **NO_NETWORK)
    assert results(tmp_path / "second.ipynb")[-1] == "14695981039346656037"
    assert "compiling: " not in text
    # Of the cell that adds the crate.
    crates = re.findall(r"^Timing: crates ([\d.]+) (\S+),", text, re.MULTILINE)[1]
    assert crates[1] in {"µs", "ms"}, text


def test_what_is_missing_without_a_network_is_named(parcell, tmp_path):
    notebook = lab.write_notebook(tmp_path / "missing.ipynb", ['let kept = 1;\n:dep parcell-has-no-such-crate = "1"', "1 + 1"])
    text = run(parcell, "run", notebook, "--allow-errors", **NO_NETWORK)
    assert (
        "the registry cannot be reached, and `parcell-has-no-such-crate` has not been downloaded to this machine before" in text
    )
    assert "Out[2]: 2" in text


def test_crates_are_compiled_ahead_and_listed(parcell, tmp_path):
    file = tmp_path / "crates.txt"
    file.write_text('# for the lesson\n:dep fnv = "1"\nsmallvec = { version = "1", features = ["union"] }\n')
    assert run(parcell, "warm", "--file", file).splitlines()[-1] == "compiled, for notebooks to use: fnv, smallvec"
    listed = run(parcell, "cache")
    for name in ("fnv", "smallvec", "serde_core"):
        assert re.search(rf"^{name} +\d+\.\d+\.\d+ +\d+ +[\d.]+ [KM]iB  in the last 24 hours$", listed, re.MULTILINE), listed
    assert re.search(r"^[\d.]+ [MG]iB of at most 5\.0 GiB$", listed, re.MULTILINE), listed
    notebook = lab.write_notebook(tmp_path / "warmed.ipynb", [':dep smallvec = { version = "1", features = ["union"] }'])
    assert "compiling: " not in run(parcell, "run", notebook, **NO_NETWORK)


def test_mistakes_are_told(parcell):
    assert "`fnv =`: this is not as in Cargo.toml" in run(parcell, "warm", "fnv =", status=1)
    text = run(parcell, "cache", status=1, PARCELL_CACHE_LIMIT="much")
    assert text.startswith("error: PARCELL_CACHE_LIMIT is no size: a size is a number of bytes or has a unit"), text
