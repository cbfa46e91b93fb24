"""What a stranger may write where a signature belongs: never an exception, never a long wait, never `valid`."""

import json
import os
import random
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from playbooks.definition.signing import BASE64URL, MOST_DEEP, MOST_SIGNATURES, Signature, verify
from tests.playbooks.signatures import BOOK, COMMITTEE_KEY, NOW, certificate, pem, private, signed, signer

ODD: list[Any] = [
    None, True, False, 0, -1, 2**70, 1.5, float("nan"), float("inf"), "", " ", "x", "\x00", "\ud800", "é" * 10, "A" * 40_000, "====",
    "-----BEGIN PUBLIC KEY-----", "MAA=", "MIIB", COMMITTEE_KEY, COMMITTEE_KEY[:-9], [], [[]], [None], ["MAA="], {}, {"type": "jss"},
    "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000+23:59", "2026-02-31T00:00:00.000Z", "2026-11-24T00:00:00.000-24:00",
    "a+b/", "RS256", "PS512", "ES256", "Ed448", "sha-512", b"bytes", {1: 2},
]  # fmt: skip


def deep(levels: int, key: str = "signature") -> dict[str, Any]:
    one: dict[str, Any] = {}
    for _ in range(levels):
        one = {key: one, "type": "jss"}
    return one


def checked(document: Any) -> tuple[Signature, ...]:
    """What is told of a document, within a second."""
    began = time.monotonic()
    told = verify(document, [signer()], NOW)
    assert time.monotonic() - began < 1
    return told


def mutants(count: int, seed: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Signed books with one to three places made odd, each with what it was before."""
    rolls = random.Random(seed)
    books = [signed(kind) for kind in ("RSA", "ES384", "Ed25519", "Ed448")]
    books.append(signed("ES256", document=books[1], countersign=books[1]["signatures"][0]["id"]))
    names = ["type", "id", "created", "signee", "related_to", "related_version", "hash_algorithm", "algorithm", "value", "revoked"]
    names += ["public_key", "public_cert_chain", "cert_url", "thumbprint", "signature", "valid_from", "valid_until", "strange"]
    for _ in range(count):
        before = rolls.choice(books)
        book = deepcopy(before)
        for _ in range(rolls.randint(1, 3)):
            place: Any = book["signatures"][0] if isinstance(book["signatures"], list) and book["signatures"] else book
            if not isinstance(place, dict):
                continue
            match rolls.randint(0, 4):
                case 0:
                    place.pop(rolls.choice(names), None)
                case 1:
                    book[rolls.choice([*BOOK, "signatures"])] = rolls.choice(ODD)
                case 2 if isinstance(place.get("value"), str) and place["value"]:
                    at = rolls.randrange(len(place["value"]))
                    place["value"] = place["value"][:at] + rolls.choice("AZaz09-_=+ é") + place["value"][at + 1 :]
                case _:
                    place[rolls.choice(names)] = rolls.choice(ODD)
        yield book, before


def essence(book: dict[str, Any]) -> str:
    """A book as its own signature covers it: without what countersigns it, and without the spare bits of a value's last letter."""
    book = deepcopy(book)
    if isinstance(book["signatures"], list) and book["signatures"] and isinstance(book["signatures"][0], dict):
        one = book["signatures"][0]
        one.pop("signature", None)
        if isinstance(one.get("value"), str) and BASE64URL.fullmatch(one["value"]) and len(one["value"].rstrip("=")) % 4 != 1:
            one["value"] = urlsafe_b64decode(one["value"].rstrip("=") + "===")
    return repr(sorted(book.items()))


def test_no_mutant_raises_or_passes_for_a_signed_book() -> None:
    counted = 0
    for book, before in mutants(int(os.environ.get("MUTANTS", "1500")), seed=9):
        told = checked(book)
        assert json.dumps([(one.why, one.signee, one.id) for one in told]).isprintable()
        if essence(book) != essence(before):
            assert all(one.state != "valid" for one in told if not one.countersigns), book
            counted += 1
    assert counted > 1_000


NO_BOOKS: list[Any] = [None, 1, "x", [], {}, {"signatures": None}, {"signatures": {}}, {"signatures": "x"}, {"signatures": 7}]


@pytest.mark.parametrize("document", NO_BOOKS)
def test_what_is_no_signed_book_has_no_valid_signature(document: Any) -> None:
    assert all(one.state == "invalid" for one in checked(document))


@pytest.mark.parametrize("one", ODD, ids=range(len(ODD)))
def test_an_odd_thing_among_the_signatures_is_invalid_and_spoils_no_other(one: Any) -> None:
    good = signed()
    told = checked({**good, "signatures": [one, *good["signatures"]]})
    assert [told[0].state, told[-1].state] == ["invalid", "valid"]


def test_numbers_and_depth_are_bounded() -> None:
    good = signed()
    told = checked({**good, "signatures": good["signatures"] * 5_000})
    assert len(told) == MOST_SIGNATURES + 1 and told[-1].state == "invalid"
    told = checked({**good, "signatures": [{**good["signatures"][0], "signature": deep(5_000)}]})
    assert len(told) == MOST_DEEP + 1
    assert checked({**good, "workflow": deep(50_000)})[0].state == "invalid"
    assert checked({**good, "signatures": [{**good["signatures"][0], "strange": deep(50_000)}]})[0].state == "invalid"
    wide = {**BOOK, "workflow": {str(number): number for number in range(20_000)}}
    assert all(one.state == "valid" for one in checked(signed(document=signed(document=wide))))


def test_huge_keys_and_long_chains_are_put_aside_unread() -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    good = signed()

    def with_key(**more: Any) -> Signature:
        one = {key: part for key, part in good["signatures"][0].items() if key != "public_key"}
        return checked({**good, "signatures": [one | more]})[0]

    huge = rsa.RSAPublicNumbers(65537, (1 << 9_000) + 1).public_key()
    text = "".join(pem(type("Holder", (), {"public_key": lambda self: huge})()).splitlines()[1:-1])
    assert with_key(public_key=text, algorithm="RS256").state == "unsupported"
    slow = rsa.RSAPublicNumbers((1 << 40) + 1, private("RSA").public_key().public_numbers().n).public_key()  # type: ignore[union-attr]
    text = "".join(pem(type("Holder", (), {"public_key": lambda self: slow})()).splitlines()[1:-1])
    assert with_key(public_key=text, algorithm="RS256").state == "unsupported"
    one = certificate(private("ES384"))
    assert with_key(public_cert_chain=[one] * 500).state == "invalid"
    assert with_key(public_cert_chain=[one, one]).state == "invalid"


def test_a_sentence_repeats_little_of_what_a_stranger_wrote() -> None:
    good = signed()
    one = good["signatures"][0] | {"algorithm": "\x1b[31m" + "Q" * 9_000, "signee": "\x07bell" * 999, "id": "\n" * 99}
    (told,) = checked({**good, "signatures": [one]})
    assert len(told.why) < 200 and len(told.signee) <= 60 and told.why.isprintable() and told.signee.isprintable()
