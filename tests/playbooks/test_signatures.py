"""Signatures of playbooks as the standard has them: the committee's example, every algorithm, every source of the key, trust and time."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from playbooks.definition import keys
from playbooks.definition.signing import CannotSign, SignatureState, _Around, _hashed, sign, verify
from playbooks.definition.trust import known, refusal
from tests.playbooks.signatures import (
    BOOK,
    COMMITTEE,
    COMMITTEE_HASH,
    DAY,
    NOW,
    certificate,
    pem,
    private,
    signed,
    signer,
)

EVERY = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "Ed448"]
RSA = ("RS", "PS")


def states(document: Any, *signers: Any, now: datetime = NOW) -> list[str]:
    return [one.state.value for one in verify(document, signers, now)]


def made(algorithm: str, **more: Any) -> dict[str, Any]:
    return signed("RSA" if algorithm.startswith(RSA) else algorithm, algorithm=algorithm, **more)


def test_the_committees_example_gives_its_hash_and_its_signature_fits() -> None:
    (_, one) = COMMITTEE["signatures"]
    assert _hashed(_Around(COMMITTEE), [one], "sha-256") == COMMITTEE_HASH.encode()
    other, theirs = verify(COMMITTEE, (), datetime(2023, 3, 1, tzinfo=UTC))
    assert (theirs.state, theirs.signee, theirs.signer) == ("valid", "ACME Cyber Company", "")
    assert other.state == "invalid"
    assert states(COMMITTEE, now=NOW) == ["invalid", "expired"]
    assert states(COMMITTEE, now=datetime(2022, 1, 1, tzinfo=UTC)) == ["invalid", "not_yet"]


def test_the_committees_example_changed_in_one_letter_fits_no_more() -> None:
    changed = {**COMMITTEE, "name": "Playbook 2"}
    assert verify(changed, (), datetime(2023, 3, 1, tzinfo=UTC))[1].state == "invalid"


@pytest.mark.parametrize("algorithm", EVERY)
def test_what_is_signed_is_valid_until_one_letter_changes(algorithm: str) -> None:
    book = made(algorithm)
    (one,) = book["signatures"]
    assert (one["algorithm"], one["related_to"], one["related_version"]) == (algorithm, BOOK["id"], BOOK["modified"])
    assert states(book) == ["valid"]
    assert states({**book, "name": "Another"}) == ["invalid"]
    assert states({**book, "signatures": [{**one, "signee": "Them"}]}) == ["invalid"]


@pytest.mark.parametrize(
    ("kind", "algorithm", "hashed"), [("RSA", "RS256", "sha-256"), ("ES384", "ES384", "sha-384"), ("Ed448", "Ed448", "sha-256")]
)
def test_a_key_has_its_natural_algorithm(kind: str, algorithm: str, hashed: str) -> None:
    (one,) = signed(kind)["signatures"]
    assert (one["algorithm"], one["hash_algorithm"]) == (algorithm, hashed)


@pytest.mark.parametrize("name", ["sha-256", "sha-384", "sha-512", "sha3-256", "sha3-512"])
def test_the_book_may_be_hashed_in_other_ways_than_the_signature(name: str) -> None:
    assert states(signed("ES256", hash_algorithm=name)) == ["valid"]


def test_an_elliptic_signature_is_written_as_two_numbers_and_read_in_der_too() -> None:
    book = signed("ES384")
    (one,) = book["signatures"]
    assert len(one["value"]) == 128  # 96 bytes
    text = _hashed(_Around(book), [one], "sha-384")
    one["value"] = keys.in_base64url(private("ES384").sign(text, ec.ECDSA(hashes.SHA384())))  # type: ignore[union-attr, call-arg, arg-type]
    assert states(book) == ["valid"]


def test_several_signatures_stand_side_by_side_and_each_counts_alone() -> None:
    book = signed("Ed25519", document=signed("ES384", document=signed("ES256")))
    assert states(book) == ["valid"] * 3
    book["signatures"][1]["value"] = book["signatures"][0]["value"]
    assert states(book) == ["valid", "invalid", "valid"]
    assert states({**book, "signatures": book["signatures"][2:]}) == ["valid"]


def test_signing_changes_nothing_else_of_a_book() -> None:
    book, before = signed(), deepcopy(BOOK)
    assert {key: value for key, value in book.items() if key != "signatures"} == before
    assert states(signed()) == states(json.loads(json.dumps(book, indent=8))) == ["valid"]


def test_a_countersignature_signs_the_signature_and_leaves_it_as_it_was() -> None:
    book = signed("ES384")
    (first,) = book["signatures"]
    book = signed("Ed25519", document=book, countersign=first["id"], signee="The auditor")
    second = book["signatures"][0]["signature"]
    book = signed("ES256", document=book, countersign=second["id"], signee="The auditor's auditor")
    told = verify(book, (), NOW)
    assert [(one.state, one.countersigns) for one in told] == [("valid", ""), ("valid", first["id"]), ("valid", second["id"])]
    book["signatures"][0]["signature"]["signee"] = "Somebody"
    assert states(book) == ["valid", "invalid", "invalid"]


def test_a_countersignature_of_another_value_is_none() -> None:
    book = signed("Ed25519", document=signed("ES384"), countersign=signed("ES384")["signatures"][0]["id"])
    book["signatures"][0] |= {"value": signed("ES384")["signatures"][0]["value"]}  # sound as well, but another one
    assert states(book) == ["valid", "invalid"]


def with_source(source: str, value: Any) -> dict[str, Any]:
    """A book whose signature names its key otherwise, signed anew over that."""
    book = signed("ES384")
    one = {key: part for key, part in book["signatures"][0].items() if key != "public_key"} | {source: value}
    text = _hashed(_Around(book), [one], "sha-384")
    one["value"] = keys.in_base64url(keys.signature(private("ES384"), "ES384", text))
    return {**book, "signatures": [one]}


def test_a_key_may_come_in_a_certificate_chain_while_every_link_holds() -> None:
    root, key = private("ES256"), private("ES384")
    chain = [certificate(key, by=root, issuer="Root"), certificate(root, name="Root", authority=True, days=5)]
    assert states(with_source("public_cert_chain", chain[:1])) == ["valid"]
    book = with_source("public_cert_chain", chain)
    assert states(book) == ["valid"]
    assert states(book, now=NOW + 6 * DAY) == ["expired"]
    assert states(book, now=NOW - 3 * DAY) == ["not_yet"]
    stranger = certificate(private("ES512"), name="Root", authority=True)
    assert states(with_source("public_cert_chain", [chain[0], stranger])) == ["invalid"]
    no_authority = certificate(root, name="Root")
    assert states(with_source("public_cert_chain", [chain[0], no_authority])) == ["invalid"]
    assert verify(book, [signer("ES384")], NOW)[0].signer == "The press"


def test_an_address_is_never_fetched_and_a_thumbprint_is_looked_up_among_the_trusted() -> None:
    assert states(with_source("cert_url", "https://keys.example/press.pem")) == ["unverifiable"]
    trusted = signer("ES384")
    book = with_source("thumbprint", trusted.thumbprint)
    assert states(book) == states(book, signer("ES256")) == ["unknown_signer"]
    (one,) = verify(book, [trusted], NOW)
    assert (one.state, one.signer) == ("valid", "The press")


@pytest.mark.parametrize("more", [{"cert_url": "https://keys.example"}, {"thumbprint": "x"}, {"public_key": None}])
def test_a_signature_names_its_key_exactly_once(more: dict[str, Any]) -> None:
    book = signed()
    book["signatures"][0] |= more
    (one,) = verify(book, (), NOW)
    assert one.state == "invalid" and "exactly one" in one.why


@pytest.mark.parametrize(
    "algorithm", ["HS256", "HS512", "none", "None", "XMSS-SHA2_10_256", "LMS_SHA256_M32_H5", "RSA-SHA256", "rs256", "EdDSA", "", "ES256K"]
)
def test_other_algorithms_are_refused_by_name(algorithm: str) -> None:
    book = signed()
    book["signatures"][0]["algorithm"] = algorithm
    (one,) = verify(book, (), NOW)
    assert one.state == ("unsupported" if algorithm else "invalid")
    assert algorithm in one.why


def test_a_broken_hash_and_a_key_for_another_algorithm_are_refused() -> None:
    book = signed()
    book["signatures"][0]["hash_algorithm"] = "sha-1"
    assert states(book) == ["unsupported"]
    book["signatures"][0] |= {"hash_algorithm": "sha-256", "algorithm": "ES256"}
    assert states(book) == ["invalid"]


def test_a_weak_key_is_refused_and_signs_nothing() -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    weak = rsa.generate_private_key(65537, 1024)
    (one,) = verify(sign(BOOK, private("RSA"), signee="Us", now=NOW), (), NOW)
    assert one.state == "valid"
    with pytest.raises(keys.WeakKey, match="2048"):
        sign(BOOK, weak, signee="Us", now=NOW)
    with pytest.raises(keys.WeakKey, match="3072"):
        keys.private_key(pem(weak, secret=True).encode())
    book = signed()
    book["signatures"][0]["public_key"] = "".join(pem(weak).splitlines()[1:-1])
    book["signatures"][0]["algorithm"] = "RS256"
    (one,) = verify(book, (), NOW)
    assert one.state == "unsupported" and "1024 bits is too weak" in one.why


def test_a_signature_of_another_version_is_not_this_ones() -> None:
    elsewhere = signed()["signatures"]
    moved = {**BOOK, "modified": "2026-11-25T00:00:00.000Z"}
    assert states({**moved, "signatures": elsewhere}) == ["invalid"]
    text = {**elsewhere[0], "related_version": "2020-01-01T00:00:00.000Z"}
    text["value"] = keys.in_base64url(keys.signature(private("ES384"), "ES384", _hashed(_Around(BOOK), [text], "sha-384")))
    (one,) = verify({**BOOK, "signatures": [text]}, (), NOW)
    assert one.state == "invalid" and "another version" in one.why


def test_time_and_revocation_are_read_after_the_signature_fits() -> None:
    book = signed(valid_until=NOW + DAY)
    assert states(book) == ["valid"]
    assert states(book, now=NOW + DAY) == ["expired"]
    assert states({**book, "name": "Another"}, now=NOW + DAY) == ["invalid"]
    (one,) = book["signatures"]
    revoked = one | {"revoked": True}
    revoked["value"] = keys.in_base64url(keys.signature(private("ES384"), "ES384", _hashed(_Around(book), [revoked], "sha-384")))
    assert states({**book, "signatures": [revoked]}) == ["revoked"]
    assert states({**book, "signatures": [one | {"revoked": True}]}) == ["invalid"]


def test_trust_is_in_a_key_for_a_time() -> None:
    book = signed()
    assert [one.state for one in known(verify(book, [], NOW))] == ["unknown_signer"]
    assert [one.state for one in known(verify(book, [signer()], NOW))] == ["valid"]
    assert states(book, signer(revoked_at=NOW)) == ["revoked"]
    assert states(book, signer(revoked_at=NOW + DAY)) == ["valid"]
    assert states(book, signer(valid_until=NOW)) == ["expired"]
    assert states(book, signer(valid_from=NOW + DAY)) == ["not_yet"]


VERDICTS: dict[str, Any] = {
    "an unsigned book": (BOOK, (), [None, "has no signature", "has no signature"]),
    "a signed one": (signed(), (), [None, None, "not one of the trusted"]),
    "one of a trusted signer": (signed(), (signer(),), [None, None, None]),
    "one of a signer who is trusted no more": (signed(), (signer(revoked_at=NOW - DAY),), [None, "trusted no more", "trusted no more"]),
    "one whose signature ran out": (signed(valid_until=NOW), (signer(),), [None, "ran out", "ran out"]),
    "one that was changed": ({**signed(), "name": "Changed"}, (signer(),), [None, "does not fit", "does not fit"]),
    "one that its author revoked": (signed(document={**BOOK, "revoked": True}), (signer(),), ["Its author revoked"] * 3),
    "one whose time is over": ({**BOOK, "valid_until": "2026-11-24T12:00:00.000Z"}, (), ["not valid any more"] * 3),
    "one whose time has not come": ({**BOOK, "valid_from": "2026-11-24T12:00:00.001Z"}, (), ["not valid before"] * 3),
    "one whose time cannot be read": ({**BOOK, "valid_until": "tomorrow"}, (), ["cannot be read"] * 3),
}


@pytest.mark.parametrize("which", VERDICTS)
def test_a_book_is_refused_as_the_agency_wants_it(which: str) -> None:
    document, signers, wanted = VERDICTS[which]
    for require, words in zip(("none", "valid", "trusted"), wanted, strict=True):
        said = refusal(document, verify(document, signers, NOW), require, NOW)
        assert (said is None) if words is None else (said is not None and words in said), (require, said)


def test_a_countersignature_alone_vouches_for_no_book() -> None:
    book = signed("ES256", document=signed("ES384"), countersign=signed("ES384")["signatures"][0]["id"])
    told = verify(book, [signer("ES256")], NOW)
    assert [one.signer for one in told] == ["", "The press"]
    assert refusal(book, told, "trusted", NOW) is not None


@pytest.mark.parametrize(
    ("more", "said"),
    [({"algorithm": "ES256"}, "does not fit"), ({"signee": " "}, "whose it is"), ({"countersign": "jss--none"}, "No signature"),
     ({"document": {"name": "x"}}, "has an id"), ({"document": {**BOOK, "big": 2**60}}, "canonical"),
     ({"hash_algorithm": "md5"}, "does not fit")],
)  # fmt: skip
def test_what_cannot_be_signed_says_why(more: dict[str, Any], said: str) -> None:
    with pytest.raises(CannotSign, match=said):
        signed(**more)


def test_every_state_is_reached_by_these_tests() -> None:
    assert {one.value for one in SignatureState} == {
        "valid", "invalid", "expired", "revoked", "not_yet", "unknown_signer", "unverifiable", "unsupported"
    }  # fmt: skip
