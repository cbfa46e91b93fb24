"""A public key as a JSON Web Key (RFC 7517), read into PEM: nothing of a private key is ever taken."""

import json
from base64 import b64decode, urlsafe_b64decode
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from playbooks.definition.keys import MOST_RSA_BITS, BadKey, PublicKey

MOST_LETTERS = 32_000
CURVES: dict[str, type[ec.EllipticCurve]] = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
EDWARDS: dict[str, Any] = {"Ed25519": ed25519.Ed25519PublicKey, "Ed448": ed448.Ed448PublicKey}
PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


def pem_of(text: str) -> str:
    """A key or certificate in PEM: the text itself, unless it is a JWK (RFC 7518 section 6, RFC 8037 section 2). Raises BadKey."""
    if not text.lstrip().startswith("{"):
        return text
    if len(text) > MOST_LETTERS:
        raise BadKey("The JSON Web Key is too large for a key.")
    try:
        told = json.loads(text)
        if "keys" in told:
            raise BadKey("This is a set of keys: give one of them.")
        if any(name in told for name in PRIVATE):
            raise BadKey("This is a private or a shared key: give its public key, and keep this one secret.")
        return _in_pem(told)
    except BadKey:
        raise
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadKey("This is no public key as a JSON Web Key that can be read.") from error


def _in_pem(told: dict[str, Any]) -> str:
    chain = told.get("x5c")
    if chain:
        certificate = x509.load_der_x509_certificate(b64decode(chain[0], validate=True))
        if _spki(certificate.public_key()) != _spki(_public(told)):
            raise BadKey("The certificate in x5c is of another key than the JSON Web Key.")
        return certificate.public_bytes(serialization.Encoding.PEM).decode()
    return _spki(_public(told))


def _public(told: dict[str, Any]) -> PublicKey:
    kind, curve = told.get("kty"), str(told.get("crv", ""))
    if kind == "RSA":
        modulus = _number(told["n"])
        if modulus.bit_length() > MOST_RSA_BITS:
            raise BadKey(f"An RSA key may have {MOST_RSA_BITS} bits at most.")
        return rsa.RSAPublicNumbers(_number(told["e"]), modulus).public_key()
    if kind == "EC" and curve in CURVES:
        return ec.EllipticCurvePublicNumbers(_number(told["x"]), _number(told["y"]), CURVES[curve]()).public_key()
    if kind == "OKP" and curve in EDWARDS:
        key: PublicKey = EDWARDS[curve].from_public_bytes(_bytes(told["x"]))
        return key
    raise BadKey("The key is of a kind that signs no playbook: use RSA, P-256, P-384, P-521, Ed25519 or Ed448.")


def _spki(key: Any) -> str:
    return str(key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode())


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")
