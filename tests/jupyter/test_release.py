"""What makes a release: the notes that a tag gets, and the workflows."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from conftest import ROOT

CHANGELOG = """\
# Changelog

## Unreleased

- Not yet.

## 0.2.0 - 2027-01-31

### Added

- Something.

## 0.1.0 - 2026-12-01

- The first.
"""
MANIFEST = '[workspace.package]\nversion = "{version}"\n\n[package]\nversion = "9.9.9"\n'
LOCK = '[[package]]\nname = "parcell"\nversion = "{version}"\n'


@pytest.fixture
def tree(tmp_path) -> Path:
    """A repository at version 0.2.0 with a changelog."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/release-notes", tmp_path / ".ci")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    set_version(tmp_path, "0.2.0")
    return tmp_path


def test_a_tags_notes_are_its_section(tree):
    done = notes(tree, "v0.2.0")
    assert (done.returncode, done.stdout) == (0, "### Added\n\n- Something.\n")


@pytest.mark.parametrize(
    ("tag", "complaint"),
    [
        ("v0.3.0", "Cargo.toml says version 0.2.0"),
        ("0.2.0", "say which tag"),
        ("v", "say which tag"),
    ],
)
def test_a_tag_that_is_not_the_version_is_refused(tree, tag, complaint):
    done = notes(tree, tag)
    assert (done.returncode, done.stdout) == (1, "")
    assert complaint in done.stderr


def test_a_version_that_the_changelog_does_not_tell_of_is_refused(tree):
    set_version(tree, "0.2")
    done = notes(tree, "v0.2")
    assert done.returncode == 1
    assert 'nothing under "## 0.2"' in done.stderr


def test_a_lock_file_of_another_version_is_refused(tree):
    (tree / "Cargo.lock").write_text(LOCK.format(version="0.1.0"))
    done = notes(tree, "v0.2.0")
    assert done.returncode == 1
    assert "run cargo build" in done.stderr


def test_the_real_files_are_read(tmp_path):
    """What the repository has now differs from the fixture above in nothing that matters."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/release-notes", tmp_path / ".ci")
    for name in ("Cargo.toml", "Cargo.lock"):
        shutil.copy(ROOT / name, tmp_path)
    version = re.search(r'^\[workspace\.package\]\nversion = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
    released = (ROOT / "CHANGELOG.md").read_text().replace("## Unreleased", f"## {version} - 2027-01-31", 1)
    (tmp_path / "CHANGELOG.md").write_text(released)
    done = notes(tmp_path, f"v{version}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("#") and done.stdout in released


@pytest.mark.parametrize("workflow", ["ci.yml", "release.yml"])
def test_a_workflow_calls_what_is_there(workflow):
    jobs = yaml.safe_load((ROOT / ".github/workflows" / workflow).read_text())["jobs"]
    steps = [step for job in jobs.values() for step in job.get("steps", [])]
    scripts = "\n".join(step.get("run", "") for step in steps)
    for script in re.findall(r"(?<!\S)\.ci/[\w-]+", scripts):
        assert (ROOT / script).stat().st_mode & 0o100, script
    for job in jobs.values():
        assert set(as_list(job.get("needs", []))) <= jobs.keys()
        if job.get("uses", "").startswith("./"):
            assert (ROOT / job["uses"]).is_file()
    # A tag that does not hold to its version must stop everything.
    if workflow == "release.yml":
        assert {name for name, job in jobs.items() if "needs" not in job} == {"notes"}


def as_list(value: str | list[str]) -> list[str]:
    """What YAML may say as one word or as a list."""
    return [value] if isinstance(value, str) else value


def set_version(tree: Path, version: str) -> None:
    """Writes the files that name the version."""
    (tree / "Cargo.toml").write_text(MANIFEST.format(version=version))
    (tree / "Cargo.lock").write_text(LOCK.format(version=version))


def notes(tree: Path, tag: str) -> subprocess.CompletedProcess:
    """What .ci/release-notes says of a tag."""
    return subprocess.run([tree / ".ci/release-notes", tag], capture_output=True, text=True, timeout=60)
