"""kernel/docs/failures.md quotes every message that a person can get to see."""

import pytest

import messages
from conftest import ROOT

KERNEL, LIBRARY = ROOT / "kernel" / "src", ROOT / "workers" / "src"
# What only another program is told, or the log, or what an error above it puts into its own words.
NOT_SHOWN = {
    KERNEL / file
    for file in (
        "jupyter/history/file.rs",
        "jupyter/requests.rs",
        "jupyter/subscriber.rs",
        "jupyter/wire.rs",
        "process/channel.rs",
        "process/supervisor/cells.rs",
        "session/backtrace.rs",
    )
} | {LIBRARY / "manager" / "message.rs"}
FILES = [
    file
    for part in (KERNEL, LIBRARY)
    for file in sorted(part.rglob("*.rs"))
    if file not in NOT_SHOWN and "tests" not in {file.stem, file.parent.name}
]
# The functions that errors of cells go through, and which of their arguments is the message.
FUNCTIONS = {"MagicError::new": 1, "failure::fail_with": 1, "diagnostics::plain_error": 1}
# What the kernel and the library print by themselves.
NOTICE = r"^(?:\{begin\})?parcell: .*[a-z]{2}"
# What the end of the notebook process is told with.
ENDINGS = KERNEL / "session" / "endings.rs"


@pytest.fixture(scope="module")
def page() -> str:
    """The page, with single blanks."""
    return " ".join((ROOT / "kernel" / "docs" / "failures.md").read_text(encoding="utf-8").split())


def test_the_page_quotes_every_error(page):
    missing(page, (message for file in FILES for message in messages.of_errors(file)), 90)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_page_quotes_what_fails_cells(page, function):
    found = (message for file in FILES for message in messages.of_calls(file, function, FUNCTIONS[function]))
    missing(page, found, 4)


def test_the_page_quotes_notices(page):
    missing(page, (message for file in FILES for message in messages.of_literals(file, NOTICE)), 12)


def test_the_page_quotes_the_ends_of_the_notebook_process(page):
    missing(page, messages.of_literals(ENDINGS, r"[a-z]+ [a-z]+ [a-z]+"), 20)


def missing(page, found, least):
    """Fails with the messages that the page does not quote. There are at least so many in the sources."""
    found = [message for message in found if message.parts()]
    assert len(found) >= least, found
    texts = [f"{message.file.relative_to(ROOT)}: {message.text}" for message in found if not message.is_in(page)]
    assert not texts, "not in kernel/docs/failures.md:\n" + "\n".join(texts)


def test_messages_are_read_from_rust(tmp_path):
    file = tmp_path / "code.rs"
    file.write_text(
        '#[error("cannot {action} {}", path.display())]\n'
        'fn a() { let message = format!("`{}` is \\"no\\" \\\n    name", x[0]); E::new(range(1, 2), message, "label", ")") }\n'
        'fn b() { E::new(1, "it is ; gone", \'"\', x) }\n'
        '// E::new(1, "a comment", 2, 3)\n'
        "#[cfg(test)]\nmod tests { fn c() { E::new(1, \"a test\", 2, 3) } }\n"
    )
    assert [message.text for message in messages.of_errors(file)] == ["cannot {action} {}"]
    called = list(messages.of_calls(file, "E::new", 1))
    assert [message.text for message in called] == ['`{}` is "no" name', "it is ; gone"]
    assert called[0].is_in('`x` is "no" name') and not called[0].is_in("`x` is a name")
    assert [message.text for message in messages.of_literals(file, "gone")] == ["it is ; gone"]
