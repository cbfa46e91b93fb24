"""Keys that playbooks are signed with: read from what a stranger wrote, weighed, and used. Nothing here asks the network."""

import binascii
import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey

# What may be checked. Making a signature asks more: NIST SP 800-57 gives 2048 bits no future beyond 2030.
LEAST_RSA_BITS, LEAST_RSA_BITS_TO_SIGN = 2048, 3072
# Above these a single check takes so long that it can be used to stop us.
MOST_RSA_BITS, MOST_RSA_EXPONENT = 8192, 2**32
MOST_KEY_LETTERS, MOST_CERTIFICATES = 32_000, 8

HASHES: dict[str, type[hashes.HashAlgorithm]] = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
# RFC 7518 section 3.4 ties each algorithm to one curve.
CURVES: dict[str, type[ec.EllipticCurve]] = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
EDWARDS = {"Ed25519": ed25519.Ed25519PublicKey, "Ed448": ed448.Ed448PublicKey}
ALGORITHMS = frozenset([*(f"{family}{bits}" for family in ("RS", "PS") for bits in HASHES), *CURVES, *EDWARDS])
WEAK_HASHES = ("md5", "sha1")
FRAME = re.compile(r"-----(?:BEGIN|END) [A-Z ]{1,40}-----")  # a header that should have been left out is forgiven


class BadKey(Exception):
    """What should be a key is none; the message is a sentence."""


class WeakKey(Exception):
    """The key is too weak, or too large to be checked in time; the message is a sentence."""


@dataclass(frozen=True)
class Key:
    """A public key with what names it: `id` is the SHA-256 of its SubjectPublicKeyInfo in hex, so a key and its certificate are one."""

    public: PublicKey
    id: str
    thumbprint: str  # RFC 7515 x5t#S256 of the certificate; of the bare key where there is none
    not_before: datetime | None = None
    not_after: datetime | None = None


def key_in_base64(text: object) -> Key:
    """The key of a `public_key` property: PEM without its header and footer. Raises BadKey, WeakKey."""
    if not isinstance(text, str):
        raise BadKey("The public key is no text.")
    return _key(_public(_der(text)))


def key_in_chain(chain: object) -> Key:
    """The key of a `public_cert_chain` (RFC 7515 x5c): the first certificate's; each next one certified the one before.

    Raises BadKey, WeakKey.
    """
    if not isinstance(chain, list) or not 0 < len(chain) <= MOST_CERTIFICATES or not all(isinstance(one, str) for one in chain):
        raise BadKey(f"A certificate chain is a list of one to {MOST_CERTIFICATES} certificates.")
    certificates = [_certificate(_der(one)) for one in chain]
    for below, above in pairwise(certificates):
        _certified(below, above)
    return _of_certificate(certificates[0], certificates)


def key_in_pem(text: str) -> Key:
    """The key of a PEM file with a public key or a certificate. Raises BadKey, WeakKey."""
    raw = text.encode("utf-8", "replace")
    if len(raw) > MOST_KEY_LETTERS * MOST_CERTIFICATES:
        raise BadKey("The file is too large for a key.")
    try:
        if b"BEGIN CERTIFICATE" in raw:
            certificate = x509.load_pem_x509_certificate(raw)
            return _of_certificate(certificate, [certificate])
        if b"PRIVATE KEY" in raw:
            raise BadKey("This is a private key: give its public key or certificate, and keep this file secret.")
        return _key(_fit(serialization.load_pem_public_key(raw)))
    except (ValueError, UnsupportedAlgorithm, TypeError) as error:
        raise BadKey("The file holds no public key or certificate in PEM.") from error


def private_key(pem: bytes, password: bytes | None = None) -> PrivateKey:
    """The private key of a PEM file. Raises BadKey, WeakKey (under 3072 bits of RSA)."""
    try:
        key = serialization.load_pem_private_key(pem, password)
    except TypeError as error:
        raise BadKey("The key is encrypted and needs its password, or has none and was given one.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey("The file holds no private key in PEM that can be read.") from error
    if not isinstance(key, PrivateKey):
        raise BadKey("The key is of a kind that signs no playbook: use RSA, P-256, P-384, P-521, Ed25519 or Ed448.")
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < LEAST_RSA_BITS_TO_SIGN:
        raise WeakKey(f"An RSA key that signs has at least {LEAST_RSA_BITS_TO_SIGN} bits; this has {key.key_size}.")
    return key


def of_private(key: PrivateKey) -> Key:
    """The public half of a private key."""
    return _key(_fit(key.public_key()))


def in_base64(key: Key) -> str:
    """A key as a `public_key` property has it."""
    der = key.public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return binascii.b2a_base64(der, newline=False).decode()


def fits(key: PublicKey, algorithm: str) -> bool:
    """Whether an algorithm is one for this kind of key."""
    if algorithm in CURVES:
        return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, CURVES[algorithm])
    if algorithm in EDWARDS:
        return isinstance(key, EDWARDS[algorithm])
    return algorithm in ALGORITHMS and isinstance(key, rsa.RSAPublicKey)


def natural_algorithm(key: PublicKey) -> str:
    """The algorithm that a key signs with unless another is asked for."""
    return next((name for name in (*CURVES, *EDWARDS, "RS256") if fits(key, name)), "")


def is_signed(key: PublicKey, algorithm: str, value: bytes, text: bytes) -> bool:
    """Whether `value` is this key's signature of `text`. ECDSA is r||s as RFC 7518 says; DER, which many tools make, counts too."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            used = HASHES[algorithm[2:]]()
            key.verify(value, text, _padding(algorithm, used), used)
            return True
        if isinstance(key, ec.EllipticCurvePublicKey):
            return any(_is_signed_ec(key, algorithm, one, text) for one in _in_der(value, key))
        key.verify(value, text)
        return True
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False


def signature(key: PrivateKey, algorithm: str, text: bytes) -> bytes:
    """The signature of `text`; `algorithm` fits the key."""
    if isinstance(key, rsa.RSAPrivateKey):
        used = HASHES[algorithm[2:]]()
        return key.sign(text, _padding(algorithm, used), used)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(text, ec.ECDSA(HASHES[algorithm[2:]]())))
        size = _coordinate(key.curve)
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return key.sign(text)


def _padding(algorithm: str, used: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    return padding.PKCS1v15() if algorithm.startswith("RS") else padding.PSS(padding.MGF1(used), used.digest_size)


def _coordinate(curve: ec.EllipticCurve) -> int:
    return (curve.key_size + 7) // 8


def _in_der(value: bytes, key: ec.EllipticCurvePublicKey) -> list[bytes]:
    size = _coordinate(key.curve)
    found = [value] if value[:1] == b"\x30" else []
    if len(value) == 2 * size:
        found.append(encode_dss_signature(int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big")))
    return found


def _is_signed_ec(key: ec.EllipticCurvePublicKey, algorithm: str, der: bytes, text: bytes) -> bool:
    try:
        key.verify(der, text, ec.ECDSA(HASHES[algorithm[2:]]()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _der(text: str) -> bytes:
    if len(text) > MOST_KEY_LETTERS:
        raise BadKey("The key is too long.")
    try:
        return b64decode("".join(FRAME.sub("", text).split()), validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadKey("The key is not in base64.") from error


def _public(der: bytes) -> PublicKey:
    try:
        return _fit(serialization.load_der_public_key(der))
    except (ValueError, UnsupportedAlgorithm, TypeError) as error:
        raise BadKey("The key cannot be read.") from error


def _fit(key: object) -> PublicKey:
    """The key, if it is of a kind and strength that counts. Raises BadKey, WeakKey."""
    if not isinstance(key, PublicKey):
        raise BadKey("The key is of a kind that signs no playbook.")
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < LEAST_RSA_BITS:
            raise WeakKey(f"An RSA key of {key.key_size} bits is too weak: {LEAST_RSA_BITS} is the least.")
        if key.key_size > MOST_RSA_BITS or key.public_numbers().e > MOST_RSA_EXPONENT:
            raise WeakKey(f"An RSA key of {key.key_size} bits with this exponent takes too long to check.")
    if isinstance(key, ec.EllipticCurvePublicKey) and not isinstance(key.curve, tuple(CURVES.values())):
        raise WeakKey(f"The curve {key.curve.name} is not accepted: use P-256, P-384 or P-521.")
    return key


def _key(public: PublicKey) -> Key:
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Key(public, sha256(der).hexdigest(), in_base64url(sha256(der).digest()))


def in_base64url(raw: bytes) -> str:
    """Bytes in base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _certificate(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except (ValueError, UnsupportedAlgorithm, TypeError) as error:
        raise BadKey("A certificate cannot be read.") from error


def _of_certificate(leaf: x509.Certificate, chain: Sequence[x509.Certificate]) -> Key:
    """The key of a certificate, with the time in which the whole chain holds."""
    try:
        public = _fit(leaf.public_key())
        usage = next((one.value for one in leaf.extensions if isinstance(one.value, x509.KeyUsage)), None)
        print_ = in_base64url(leaf.fingerprint(hashes.SHA256()))
        begins, ends = max(one.not_valid_before_utc for one in chain), min(one.not_valid_after_utc for one in chain)
    except (ValueError, UnsupportedAlgorithm, TypeError, x509.DuplicateExtension) as error:
        raise BadKey("The certificate's key cannot be read.") from error
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise BadKey("The certificate is not for signatures.")
    return Key(public, _key(public).id, print_, begins, ends)


def _certified(below: x509.Certificate, above: x509.Certificate) -> None:
    try:
        authority = next((one.value for one in above.extensions if isinstance(one.value, x509.BasicConstraints)), None)
        weak = below.signature_hash_algorithm is not None and below.signature_hash_algorithm.name in WEAK_HASHES
        if authority is None or not authority.ca or weak:
            raise BadKey("A certificate of the chain may not certify another, or did so with a broken hash.")
        _fit(above.public_key())
        below.verify_directly_issued_by(above)
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature, x509.DuplicateExtension) as error:
        raise BadKey("The chain is broken: a certificate was not made by the one after it.") from error
