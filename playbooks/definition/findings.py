"""What a check says of a document: findings, each with a code, a severity, a place and a sentence."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ERROR, WARNING = "error", "warning"

Place = tuple[object, ...]

# What a document may hold at most. Far above any book that people write, and far below what would keep a process busy.
DEEPEST = 100
MOST_PARTS = 500_000
# The whole numbers that every JSON reader reads alike (RFC 8785 has no form for others).
LARGEST = 2**53 - 1
# NUL, which no database keeps, and halves of character pairs, which have no form in UTF-8.
UNKEPT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Finding:
    """One finding: a stable code, how bad, where (JSON pointer), and a sentence."""

    code: str
    severity: str  # error | warning
    pointer: str
    message: str


def pointer(*parts: object) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def worst(findings: Iterable[Finding]) -> str:
    """`error` where one finding is one, else `warning`, else an empty text."""
    severities = {one.severity for one in findings}
    return ERROR if ERROR in severities else WARNING if severities else ""


class Sheet:
    """Findings as they come up. What is worth refusing in a book of ours, and bearable in one of others, is `strictly` bad."""

    def __init__(self, *, lenient: bool = False) -> None:
        self.lenient = lenient
        self.guesses = 0
        self._found: dict[Finding, None] = {}

    def error(self, code: str, at: Place, message: str) -> None:
        """What cannot be run, or not as it says."""
        self._found[Finding(code, ERROR, pointer(*at), message)] = None

    def warning(self, code: str, at: Place, message: str) -> None:
        """What can be run and is not as it should be."""
        self._found[Finding(code, WARNING, pointer(*at), message)] = None

    def strictly(self, code: str, at: Place, message: str) -> None:
        """An error, or a warning where reading is lenient."""
        (self.warning if self.lenient else self.error)(code, at, message)

    def findings(self) -> list[Finding]:
        """Every finding once, in the order in which they came up."""
        return list(self._found)


def unreadable(message: str) -> Finding:
    """The document as a whole cannot be read."""
    return Finding("unreadable", ERROR, "", message)


def unsound(document: Any) -> list[Finding]:
    """What no JSON document of a bearable size may hold, wherever it stands. With an `unreadable` among it, look no further."""
    found: list[Finding] = []
    todo: list[tuple[tuple[object, ...], Any]] = [((), document)]
    parts = 0
    while todo:
        at, one = todo.pop()
        parts += 1
        if len(at) > DEEPEST:
            return [unreadable(f"The document is nested more than {DEEPEST} levels deep. Write it flatter.")]
        if parts > MOST_PARTS:
            return [unreadable(f"The document has more than {MOST_PARTS} parts. Split it into several playbooks.")]
        if isinstance(one, Mapping):
            for key, value in one.items():
                if not isinstance(key, str) or _bad_text(key):
                    return [unreadable("A property's name is no Unicode text. Rename it.")]
                todo.append(((*at, key), value))
        elif isinstance(one, list):
            todo += [((*at, number), value) for number, value in enumerate(one)]
        elif problem := _bad_value(one):
            found.append(Finding("schema", ERROR, pointer(*at), problem))
    return sorted(found, key=lambda one: one.pointer)


def _bad_text(text: str) -> bool:
    return UNKEPT.search(text) is not None


def _bad_value(one: Any) -> str:
    if isinstance(one, str):
        return "The text holds a NUL or half of a character pair. Remove it." if _bad_text(one) else ""
    if one is None or isinstance(one, bool):
        return ""
    if isinstance(one, int):
        return "" if -LARGEST <= one <= LARGEST else f"The number lies beyond {LARGEST}, where readers differ. Write it as a text."
    if isinstance(one, float):
        return "" if -float("inf") < one < float("inf") else "The number is not finite. Write a number."
    return "This is no JSON value. Write a text, a number, true, false, null, a list or an object."
