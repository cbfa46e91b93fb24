"""A small document to sign, keys of every kind, and the committee's own signed example, for tests."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from playbooks.definition import keys
from playbooks.definition.signing import Signer, sign

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BOOK: dict[str, Any] = {
    "type": "playbook",
    "spec_version": "cacao-2.0",
    "id": "playbook--61a6c41e-6efc-4516-a242-dfbc5c89d562",
    "name": "A book to sign",
    "created_by": "identity--5abe695c-7bd5-4c31-8824-2528696cdbf1",
    "created": "2026-11-24T00:00:00.000Z",
    "modified": "2026-11-24T00:00:00.000Z",
    "workflow_start": "start--07bea005-4a36-4a77-bd1f-79a6e4682a13",
    "workflow": {},
    "été": [1, 1.5, None, True],
}
KINDS: dict[str, Any] = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}

# OASIS CACAO technical committee, Examples/CACAO-2.0/signature-example-rsa.md: the public key, the hash, the signature.
COMMITTEE_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAptKZyFPStvmOlb0WihOBhlHUr6wFDHC+tW7hJAudfTQ5mHZQpB8PoMz07udZA+dG8dhUIPkmXlp1TgREeYTHdhxh"
    "uf0y/GhbpZv5JPYHx3watO+HWO2qYkjRMEcrWhPMdaVkS/Xe/liaMcow4jYoWaFm8VobeYsyVD2bWWdyl4joTEETm1Z47RnnfR15kVhVudVrDzEFmM4nXV/6dmIg184RJE4h"
    "ttwBFxR8qZCQCwTiJmsoyJxfUR0Gs4ePKc5sB0NTkmFZc5klQSitd67RJn2ldhbqE7EpDl4XlIt+UyLJm1guCBltia8Agke7dXuhpB7hQ6LJwY4EjzthkJ8IPwIDAQAB"
)
COMMITTEE_HASH = "973bb6492184e4681b1eab9df1f56926fc1a91582e3529bfd0bfb231e1c51b0a"
COMMITTEE_VALUE = (
    "gXyPW--uUKvGXRh_oDC7IYlx13hGmkiQw6XX3YX_V_i4Y39OPilf0q0qf46aO3IrvG-5_fgeQ3dIunmizYneaVJKjsXo-gkJczvGDehlTjS7MBUIGyD9DRd41DnaxWWwzU-T"
    "4sZCur664_3J0C-WRCDgZxiB_ItFpeSnPJ8rR8GRFO6M9YS-ejEGJl-sd_hfZUqjZOE_S_UWp_Fd9QYlP2cWDvGH8vFhx2ek9KovEob5Bh2LX_Gaf7t237B34wKeN4B8aqap"
    "yTh3Q8v_Z61bDTNLyi6ZA8zcrUOgCVLVMx_EFizx31WIDZrePsSpX4bfRurcvRyvNNVdWLaS96JYog"
)
_COMMITTEE_BOOK = {"id": "playbook--a0777575-5c4c-4710-9f01-15776103837f", "modified": "2022-05-18T11:31:31.319Z"}
COMMITTEE: dict[str, Any] = {
    "type": "playbook",
    "spec_version": "cacao-2.0",
    **_COMMITTEE_BOOK,
    "name": "Playbook 1",
    "created_by": "identity--5abe695c-7bd5-4c31-8824-2528696cdbf1",
    "created": "2022-05-18T11:31:31.319Z",
    "signatures": [
        {"type": "jss", "id": "jss--af4b4bf3-677a-411d-887a-1f6fa5090c05", "value": "some signature", "public_key": "some public key"},
        {
            "type": "jss",
            "id": "jss--af892292-c4b4-47eb-9be6-4897ff4b9388",
            "created_by": "identity--5abe695c-7bd5-4c31-8824-2528696cdbf1",
            "created": "2023-01-10T17:39:31.319Z",
            "modified": "2023-01-10T17:39:31.319Z",
            "signee": "ACME Cyber Company",
            "valid_from": "2023-01-10T17:39:31.319Z",
            "valid_until": "2023-06-10T17:39:31.319Z",
            "related_to": _COMMITTEE_BOOK["id"],
            "related_version": _COMMITTEE_BOOK["modified"],
            "hash_algorithm": "sha-256",
            "algorithm": "RS256",
            "public_key": COMMITTEE_KEY,
            "value": COMMITTEE_VALUE,
        },
    ],
}


@cache
def private(kind: str) -> keys.PrivateKey:
    """A key for an algorithm; the same for each call of one process."""
    if kind in KINDS:
        return ec.generate_private_key(KINDS[kind]())
    if kind in ("Ed25519", "Ed448"):
        return ed25519.Ed25519PrivateKey.generate() if kind == "Ed25519" else ed448.Ed448PrivateKey.generate()
    return rsa.generate_private_key(65537, int(kind) if kind.isdigit() else 3072)


def pem(key: Any, *, secret: bool = False) -> str:
    """A key as a file has it."""
    if secret:
        form = serialization.PrivateFormat.PKCS8
        return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def new_pem() -> str:
    """The public half of a key that nobody has yet."""
    return pem(ed25519.Ed25519PrivateKey.generate())


def signed(kind: str = "ES384", **more: Any) -> dict[str, Any]:
    """The small document, signed and read again as it would be from a file."""
    given = {"signee": "Us", "now": NOW - DAY, **more}
    return json.loads(json.dumps(sign(given.pop("document", BOOK), private(kind), **given)))


def signer(kind: str = "ES384", **more: Any) -> Signer:
    """Trust in one of the keys."""
    public = keys.of_private(private(kind))
    return Signer(**{"name": "The press", "id": public.id, "thumbprint": public.thumbprint, "pem": pem(private(kind)), **more})


def certificate(key: Any, *, by: Any = None, issuer: str = "", name: str = "The press", authority: bool = False, days: int = 30) -> str:
    """A certificate of a key in base64 DER, made by itself or by another key."""
    subject, maker = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, one)]) for one in (name, issuer or name))
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(maker).public_key(key.public_key()).serial_number(7)
    made = made.not_valid_before(NOW - 2 * DAY).not_valid_after(NOW + days * DAY)
    made = made.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    return b64encode(made.sign(by or key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)).decode()
