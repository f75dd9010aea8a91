"""The messages that a person can get to see, as they are in the sources: texts with gaps.

This reads Rust as far as it needs to: string literals, and the arguments of a few functions that all errors go through.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Rust's string literals, but for raw ones, which no message is.
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
# What is formatted into a text.
GAP = re.compile(r"\{[^{}]*\}")
# What makes a text of an error, whose own texts are found where the error is defined.
OF_ERROR = r"\.to_string\(\)|\bwith_causes\("
# From here on a file has only tests.
TESTS = "#[cfg(test)]\nmod tests {"
OPENING, CLOSING = "([{", ")]}"


@dataclass(frozen=True)
class Message:
    """A text of the sources, and the file it is in."""

    file: Path
    text: str

    def is_in(self, page: str) -> bool:
        """Whether the page, whose blanks are single ones, quotes all of it but the gaps."""
        return re.search(r".{0,300}?".join(map(re.escape, self.parts())), page) is not None

    def parts(self) -> list[str]:
        """What stands between the gaps, as far as it has words."""
        parts = [" ".join(part.split()) for part in GAP.split(self.text.replace("{{", "").replace("}}", ""))]
        return [part for part in parts if re.search(r"[A-Za-z]{2}", part)]


def of_errors(file: Path) -> Iterator[Message]:
    """The texts of a file's error types."""
    for match in re.finditer(r"#\[error\(\s*(?=\")", code(file)):
        yield Message(file, first_literal(code(file)[match.end() :]))


def of_calls(file: Path, function: str, index: int) -> Iterator[Message]:
    """The texts that a file hands to a function as the argument of this index, directly or by way of a variable."""
    text = code(file)
    for match in re.finditer(rf"\b{re.escape(function)}\(", text):
        argument = arguments(text, match.end())[index].strip().removeprefix("&")
        if not LITERAL.search(argument):
            argument += value_of(text[: match.start()], argument)
        literals = LITERAL.findall(argument)
        assert literals or re.search(OF_ERROR, argument), f"{file}: no text is found in {argument!r}"
        yield from (Message(file, unescaped(literal)) for literal in literals)


def of_literals(file: Path, pattern: str) -> Iterator[Message]:
    """A file's texts that match."""
    for literal in LITERAL.findall(code(file)):
        if re.search(pattern, unescaped(literal)):
            yield Message(file, unescaped(literal))


def code(file: Path) -> str:
    """A file without comments and tests."""
    text = file.read_text(encoding="utf-8").partition(TESTS)[0]
    return re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)


def first_literal(text: str) -> str:
    """The first string literal."""
    match = LITERAL.search(text)
    assert match is not None, f"there is no text in {text[:80]!r}"
    return unescaped(match[1])


def value_of(text: str, name: str) -> str:
    """What was last assigned to a variable in front of the end of a text."""
    *_, start = [0, *(match.start() for match in re.finditer(rf"\blet (?:mut )?\(?{re.escape(name)}\b", text))]
    return text[start : end_of_statement(text, start)]


def end_of_statement(text: str, start: int) -> int:
    """Where the statement that begins at `start` ends."""
    return next((at for at, character, depth in outside_literals(text, start) if character == ";" and depth == 0), start)


def arguments(text: str, start: int) -> list[str]:
    """The arguments of a call, from behind its parenthesis on."""
    found, begin = [], start
    for at, character, depth in outside_literals(text, start):
        if depth < 0:
            return [*found, text[begin:at]]
        if character == "," and depth == 0:
            found.append(text[begin:at])
            begin = at + 1
    raise AssertionError("a call has no end")


def outside_literals(text: str, start: int) -> Iterator[tuple[int, str, int]]:
    """The characters that are in no literal, with how deep they are in brackets; a bracket that closes is outside."""
    depth, at = 0, start
    while at < len(text):
        literal = LITERAL.match(text, at) or re.compile(r"'(?:[^'\\]|\\.)'").match(text, at)
        if literal is not None:
            at = literal.end()
            continue
        depth += (text[at] in OPENING) - (text[at] in CLOSING)
        yield at, text[at], depth
        at += 1


def unescaped(literal: str) -> str:
    """A literal's text."""
    text = re.sub(r"\\\n\s*", "", literal)
    return text.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
