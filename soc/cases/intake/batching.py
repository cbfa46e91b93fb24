"""Cutting a file of alerts into what is posted: which form it has, and batches of a size that a server takes gladly."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from soc.cases.intake.splitting import split, texts_of_elements

JSON, NDJSON = "application/json", "application/x-ndjson"
MOST_ITEMS = 500
MOST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Batch:
    """One request's body, its media type, and how many items it holds."""

    body: bytes
    kind: str
    count: int


def batches(content: bytes, *, ndjson: bool | None = None) -> Iterator[Batch]:
    """The requests that carry a file: NDJSON line by line, an array element by element, anything else as one alert.

    `ndjson` None means that the content tells. Every item keeps its own bytes, so that its key stays the same.
    """
    if ndjson or (ndjson is None and looks_like_ndjson(content)):
        lines = (line.strip(b" \t\r") for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n"))
        for some in _grouped(line for line in lines if line):
            yield Batch(b"\n".join(some) + b"\n", NDJSON, len(some))
        return
    elements = texts_of_elements(content)
    if elements is None:
        yield Batch(content, JSON, 1)
        return
    for some in _grouped(text.encode() for text in elements):
        yield Batch(b"[" + b",".join(some) + b"]", JSON, len(some))


def looks_like_ndjson(content: bytes) -> bool:
    """Whether the content as a whole is not JSON, and its first line alone is."""
    posting = split(content, ndjson=False)
    if not posting.single or posting.items[0].problem is None:
        return False
    lines = [line for line in content.splitlines() if line.strip()]
    if len(lines) < 2:
        return False
    try:
        json.loads(lines[0])
    except (ValueError, RecursionError):
        return False
    return True


def _grouped(pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    some: list[bytes] = []
    size = 0
    for piece in pieces:
        if some and (len(some) >= MOST_ITEMS or size + len(piece) > MOST_BYTES):
            yield some
            some, size = [], 0
        some.append(piece)
        size += len(piece) + 1
    if some:
        yield some
