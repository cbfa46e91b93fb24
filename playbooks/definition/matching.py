"""Patterns of MATCHES and LIKE, matched in time linear in the text whatever the pattern is."""

import re
import unicodedata
import warnings
from functools import lru_cache

import re2

LONGEST_PATTERN = 1_000
# The matcher's time is at worst the length of the text times the size of its program: 20 million take a third of a second.
MOST_STEPS = 20_000_000
MOST_BYTES = 8 << 20


class BadPattern(ValueError):
    """The text is no regular expression."""


class NotBounded(ValueError):
    """The expression is one, but nothing that matches it keeps to a bounded time."""


def _options() -> "re2.Options":
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MOST_BYTES
    return options


@lru_cache(maxsize=512)
def pattern(text: str) -> "re2._Regexp | None":
    """A regular expression, ready; None for one that is valid but cannot be matched in bounded time. Raises BadPattern.

    Look-around, back-references and repetitions of enormous size are valid in PCRE, and their time has no useful bound.
    """
    if len(text) > LONGEST_PATTERN:
        raise BadPattern(f"it has more than {LONGEST_PATTERN} characters")
    try:
        return re2.compile(_normal(text), _options())
    except re2.error:
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadPattern(f"{error}") from error
    return None


def matches(value: str, expression: str) -> bool:
    """Whether the expression is found anywhere in the value. Raises BadPattern, NotBounded."""
    found = pattern(expression)
    if found is None:
        raise NotBounded("the pattern looks around, refers back or repeats without a bound on its time")
    return found.search(_within(found, value)) is not None


def like(value: str, wildcard: str) -> bool:
    """Whether the whole value looks like the wildcard: % is any text, _ any one character. Raises BadPattern, NotBounded."""
    found = _wildcard(wildcard)
    return found.fullmatch(_within(found, value)) is not None


@lru_cache(maxsize=512)
def _wildcard(text: str) -> "re2._Regexp":
    if len(text) > LONGEST_PATTERN:
        raise BadPattern(f"it has more than {LONGEST_PATTERN} characters")
    parts = re.split("([%_])", _normal(text).decode())
    quoted = "".join(".*" if part == "%" else "." if part == "_" else re2.escape(part) for part in parts)
    return re2.compile(("(?s)" + quoted).encode(), _options())


def _within(expression: "re2._Regexp", value: str) -> bytes:
    """The value's bytes, if matching them keeps to the time. Raises NotBounded."""
    found = _normal(value)
    if len(found) * expression.programsize > MOST_STEPS:
        raise NotBounded(f"a value of {len(value)} characters is too long for this pattern")
    return found


def _normal(text: str) -> bytes:
    """STIX compares with patterns in the normal form NFC; half a surrogate pair, which no UTF-8 has, becomes a question mark."""
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).encode("utf-8", "replace")
