"""Each parser meets a few hundred broken inputs, the same ones each time; `python -m tests.inputs.fuzz all` looks much further."""

import random

import pytest

from tests.inputs import corpus
from tests.inputs.fuzz import DATA, MOST_BYTES
from tests.inputs.parsers import PARSERS

ROUNDS = 250
SPARKS = (
    b"\x00",
    b"\xff",
    b'"',
    b"\\",
    b"{",
    b"[",
    b"]",
    b"}",
    b":",
    b",",
    b"-",
    b"9" * 400,
    b"1e999",
    b"\\ud800",
    b"\xed\xa0\x80",
    b"%",
    b"'",
)


def broken(seed: bytes, chance: random.Random) -> bytes:
    """A seed with a few things wrong: bytes changed, cut out, doubled, or something hostile put in."""
    data = bytearray(seed[:MOST_BYTES])
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        upto = min(len(data), at + chance.randint(1, 12))
        way = chance.randrange(4)
        if way == 0:
            data[at:upto] = chance.randbytes(upto - at)
        elif way == 1:
            del data[at:upto]
        elif way == 2:
            data[at:at] = data[at:upto] * chance.randint(1, 30)
        else:
            data[at:at] = chance.choice(SPARKS)
    return bytes(data)


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_takes_or_refuses_whatever_it_is_given(name: str) -> None:
    parser, chance = PARSERS[name], random.Random(name)
    files = sorted(DATA.glob(parser.files)) if parser.files and DATA.exists() else []
    seeds = [*parser.seeds, *(path.read_bytes() for path in files if path.is_file())]
    given = [b"", *seeds, *(text.encode("utf-8", "surrogatepass") for text in corpus.TEXTS), *corpus.BODIES[:31]]
    given += [text.encode("utf-8", "surrogatepass") for text in (*corpus.CURSORS, *corpus.MEMBERS)]
    given += [broken(chance.choice(seeds), chance) for _ in range(ROUNDS)]
    wrong = []
    for data in given:
        try:
            parser.run(data)
        except Exception as error:
            wrong.append(f"{type(error).__name__}: {str(error)[:100]} for {data[:80]!r} ({len(data)} bytes)")
    assert not wrong, f"{len(wrong)} of {len(given)}:\n" + "\n".join(wrong[:20])
