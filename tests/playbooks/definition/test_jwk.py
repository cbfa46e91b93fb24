"""Keys as JSON Web Keys: read into the same key as their PEM; private ones and broken ones are refused in a sentence."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from playbooks.definition import keys
from playbooks.definition.jwk import pem_of
from tests.playbooks.signatures import certificate, pem, private

CURVES = {"ES256": ("P-256", 32), "ES384": ("P-384", 48), "ES512": ("P-521", 66)}


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwk(kind: str) -> dict[str, Any]:
    key = private(kind).public_key()
    if kind in CURVES:
        name, size = CURVES[kind]
        numbers: Any = key.public_numbers()  # type: ignore[union-attr]
        return {"kty": "EC", "crv": name, "x": b64(numbers.x.to_bytes(size)), "y": b64(numbers.y.to_bytes(size))}
    if kind.startswith("Ed"):
        return {"kty": "OKP", "crv": kind, "x": b64(key.public_bytes_raw())}  # type: ignore[union-attr]
    numbers = key.public_numbers()  # type: ignore[union-attr]
    return {"kty": "RSA", "n": b64(numbers.n.to_bytes(384)), "e": "AQAB"}


@pytest.mark.parametrize("kind", ["ES256", "ES384", "ES512", "Ed25519", "Ed448", "RS256"])
def test_a_key_is_the_same_key_as_its_pem(kind: str) -> None:
    assert keys.key_in_pem(pem_of(json.dumps(jwk(kind)))).id == keys.key_in_pem(pem(private(kind))).id


def test_pem_stays_as_it_is_and_a_certificate_in_a_jwk_counts() -> None:
    assert pem_of(pem(private("ES384"))) == pem(private("ES384"))
    found = keys.key_in_pem(pem_of(json.dumps({**jwk("ES384"), "x5c": [certificate(private("ES384"))]})))
    assert found.not_after is not None and found.id == keys.key_in_pem(pem(private("ES384"))).id


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"d": "AQAB"}, "private or a shared key"),
        ({"keys": []}, "set of keys"),
        ({"kty": "oct", "k": "AQAB"}, "private or a shared key"),
        ({"kty": "EC", "crv": "secp256k1"}, "of a kind that signs no playbook"),
        ({"x": "AQAB"}, "no public key"),
        ({"x": None}, "no public key"),
        ({"x": ["AQAB"]}, "no public key"),
        ({"x5c": ["AQAB"]}, "no public key"),
        ({"x5c": "no list"}, "no public key"),
        ({"kty": "RSA", "n": "_" * 2_000, "e": "AQAB"}, "bits at most"),
        ({"note": "A" * 40_000}, "too large"),
    ],
)
def test_what_is_no_public_key_is_refused_in_a_sentence(told: dict[str, Any], said: str) -> None:
    with pytest.raises(keys.BadKey, match=said):
        pem_of(json.dumps({**jwk("ES384"), **told}))


@pytest.mark.parametrize("text", ["{", "{}", "{" * 30_000, '{"kty": 3}', '{"kty": "RSA", "n": "", "e": ""}'])
def test_broken_texts_are_refused_too(text: str) -> None:
    with pytest.raises((keys.BadKey, keys.WeakKey)):
        keys.key_in_pem(pem_of(text))
