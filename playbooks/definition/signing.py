"""Signatures of a playbook (`jss`), made and checked; checking never raises, whatever a stranger wrote."""

import hashlib
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import rfc8785

from playbooks.definition import keys
from playbooks.definition.instants import instant

# IANA's names of the hashes that are not broken. The text that is signed is the hash in lower-case hex, not its bytes.
HASHES = {f"sha-{bits}": f"sha{bits}" for bits in (256, 384, 512)} | {f"sha3-{bits}": f"sha3_{bits}" for bits in (256, 384, 512)}
KEY_SOURCES = ("public_key", "public_cert_chain", "cert_url", "thumbprint")
TEXTS = ("id", "created", "modified", "signee", "related_to", "related_version", "hash_algorithm", "algorithm", "value")
BASE64URL = re.compile(r"[A-Za-z0-9_-]+={0,2}")
MOST_SIGNATURES, MOST_DEEP, MOST_LETTERS = 20, 5, 16_000
WIDEST = 60  # letters of what a stranger wrote that a sentence repeats


class SignatureState(StrEnum):
    """What one signature is worth now."""

    VALID = "valid"
    INVALID = "invalid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    NOT_YET = "not_yet"
    UNKNOWN_SIGNER = "unknown_signer"
    UNVERIFIABLE = "unverifiable"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class Signer:
    """One whose signatures are trusted: `id` is the SHA-256 of the public key in hex, `pem` the key or certificate itself."""

    name: str
    id: str
    thumbprint: str
    pem: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class Signature:
    """One signature that was checked. `signer` is the trusted signer's name, empty while nobody trusts the key.

    `countersigns` is the id of the signature that this one signs, empty for a signature of the book itself.
    """

    id: str
    signee: str
    state: SignatureState
    why: str
    key: str = ""
    signer: str = ""
    countersigns: str = ""


@dataclass(frozen=True)
class Examined:
    """A signature with what time still decides: since when it is revoked, and between which times it counts."""

    told: Signature
    revoked: tuple[tuple[datetime, str], ...] = ()  # since when, and whose trust ended
    times: tuple[tuple[str, datetime | None, datetime | None], ...] = ()


class CannotSign(ValueError):
    """The book cannot be signed so; the message is a sentence."""


class _Bad(Exception):
    """Why a signature is not valid."""

    def __init__(self, state: SignatureState, why: str) -> None:
        super().__init__(why)
        self.state, self.why = state, why


def verify(document: object, signers: Iterable[Signer], now: datetime) -> tuple[Signature, ...]:
    """Every signature of a book, each followed by those that countersign it, with what it is worth at `now`. Never raises."""
    return weighed(examined(document, signers), now)


def weighed(signatures: Iterable[Examined], now: datetime) -> tuple[Signature, ...]:
    """What signatures that were examined are worth at `now`: comparisons of times only."""
    return tuple(_weighed(one, now) for one in signatures)


def examined(document: object, signers: Iterable[Signer]) -> tuple[Examined, ...]:
    """The signatures of a book with all of the arithmetic done, which the same book and signers need once. Never raises.

    A sound signature by a key that nobody trusts is `valid` with no `signer`; `trust.known` turns it into `unknown_signer`.
    Source of the method: CACAO 2.0 sections 2.5 and 10.15 and the committee's example, RFC 8785, RFC 7518, RFC 8037.
    """
    listed = document.get("signatures", []) if isinstance(document, Mapping) else []
    if not isinstance(document, Mapping) or listed == []:
        return ()
    if not isinstance(listed, list):
        return (_odd("The signatures are no list."),)
    trusted, around, found = tuple(signers), _Around(document), []
    for one in listed[:MOST_SIGNATURES]:
        chain = _chain(one)
        found += [_examined(document, around, chain[: place + 1], trusted) for place in range(min(len(chain), MOST_DEEP))]
        if len(chain) > MOST_DEEP:
            found.append(_odd(f"More than {MOST_DEEP} signatures sign each other."))
    if len(listed) > MOST_SIGNATURES:
        found.append(_odd(f"There are more than {MOST_SIGNATURES} signatures; the rest was not read."))
    return tuple(found)


def _odd(why: str) -> Examined:
    return Examined(Signature("", "", SignatureState.INVALID, why))


def sign(
    document: Mapping[str, Any],
    key: keys.PrivateKey,
    *,
    signee: str,
    now: datetime,
    created_by: str = "",
    algorithm: str = "",
    hash_algorithm: str = "",
    valid_until: datetime | None = None,
    certificates: Sequence[str] = (),
    countersign: str = "",
) -> dict[str, Any]:
    """The book with one signature more; nothing else of it changes, and its version stays.

    `certificates` are base64 DER, the key's own first. `countersign` is the id of the signature to sign instead of the book alone.
    Raises CannotSign, keys.WeakKey.
    """
    public = keys.of_private(key)
    algorithm = algorithm or keys.natural_algorithm(public.public)
    hash_algorithm = hash_algorithm or {"ES384": "sha-384", "ES512": "sha-512"}.get(algorithm, "sha-256")
    if not keys.fits(public.public, algorithm) or hash_algorithm not in HASHES:
        raise CannotSign(f"The key does not fit {algorithm} over {hash_algorithm}.")
    if not isinstance(document.get("id"), str) or not isinstance(document.get("modified"), str) or not signee.strip():
        raise CannotSign("A book has an id and a time of modification before it is signed, and a signature says whose it is.")
    listed = document.get("signatures", [])
    at = _written(now)
    made: dict[str, Any] = {"type": "jss", "created": at, "modified": at, "signee": signee.strip()}
    made |= {"related_to": document["id"], "related_version": document["modified"]}
    made |= {"hash_algorithm": hash_algorithm, "algorithm": algorithm}
    made |= {"created_by": created_by} if created_by else {}
    made |= {"valid_until": _written(valid_until)} if valid_until else {}
    made |= {"public_cert_chain": list(certificates)} if certificates else {"public_key": keys.in_base64(public)}
    try:
        around = _Around(document)
        identifier = f"jss--{uuid5(NAMESPACE_URL, f'{public.id} {at} {countersign} {around.text([made]).hex()}')}"
        made = {"type": "jss", "id": identifier, **made}
        place = _place(listed, countersign) if countersign else len(listed)
        chain = [*(_chain(listed[place]) if countersign else []), made]
        text = _hashed(around, chain, hash_algorithm)
    except (ValueError, TypeError, RecursionError, _Bad) as error:
        raise CannotSign(str(error) or "The book has no canonical form.") from error
    made["value"] = keys.in_base64url(keys.signature(key, algorithm, text))
    return {**document, "signatures": [*listed[:place], _nested(chain), *listed[place + 1 :]]}


def _place(listed: Any, wanted: str) -> int:
    for place, one in enumerate(listed):
        if any(part.get("id") == wanted for part in _chain(one) if isinstance(part, Mapping)):
            return place
    raise CannotSign(f"No signature has the id {wanted}.")


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Around:
    """The canonical form of a book without its signatures, in two halves, so that each signature costs its own length only."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        try:
            before = {key: one for key, one in document.items() if _order(key) < _order("signatures")}
            after = {key: one for key, one in document.items() if _order(key) > _order("signatures")}
            self.before, self.after = rfc8785.dumps(before)[1:-1], rfc8785.dumps(after)[1:-1]
        except (ValueError, TypeError, RecursionError, AttributeError) as error:
            self.before = self.after = b""
            self.fault = f"The book has no canonical form: {str(error)[:WIDEST]}" if str(error) else "The book has no canonical form."
        else:
            self.fault = ""

    def text(self, signatures: Sequence[Any]) -> bytes:
        """The canonical form with these signatures. Raises ValueError, TypeError, RecursionError."""
        if self.fault:
            raise ValueError(self.fault)
        inner = b'"signatures":' + rfc8785.dumps(list(signatures))
        return b"{" + b",".join(part for part in (self.before, inner, self.after) if part) + b"}"


def _order(key: str) -> bytes:
    return key.encode("utf-16be")  # RFC 8785 sorts by UTF-16 code units


def _chain(one: object) -> list[Any]:
    """A signature and those that countersign it, outermost first; one more than are looked at at most."""
    chain = [one]
    while len(chain) <= MOST_DEEP and isinstance(chain[-1], Mapping) and "signature" in chain[-1]:
        chain.append(chain[-1]["signature"])
    return chain


def _nested(chain: Sequence[Any]) -> dict[str, Any]:
    """A chain as one object again."""
    inner: dict[str, Any] = dict(chain[-1])
    for one in reversed(chain[:-1]):
        inner = {**one, "signature": inner}
    return inner


def _hashed(around: _Around, chain: Sequence[Mapping[str, Any]], name: str, *also_without: str) -> bytes:
    """What the last of a chain signs: the hash of the book with that chain alone, without its own value. In hex, as text."""
    last = {key: value for key, value in chain[-1].items() if key != "value" and key not in also_without}
    return hashlib.new(HASHES[name], around.text([_nested([*chain[:-1], last])])).hexdigest().encode()


def _examined(document: Mapping[str, Any], around: _Around, chain: Sequence[Any], signers: Sequence[Signer]) -> Examined:
    one = chain[-1]
    said = one if isinstance(one, Mapping) else {}
    below = chain[-2].get("id") if len(chain) > 1 else ""
    told = Signature(_short(said.get("id")), _short(said.get("signee")), SignatureState.VALID, "", countersigns=_short(below))
    try:
        key, signer = _sound(document, around, chain, signers)
        times = _times(one, key, signer)
    except _Bad as bad:
        return Examined(replace(told, state=bad.state, why=bad.why))
    except (ValueError, TypeError, RecursionError, OverflowError, AttributeError, KeyError):
        return Examined(replace(told, state=SignatureState.INVALID, why="The signature is not one that can be read."))
    if one.get("revoked", False) is not False:
        return Examined(replace(told, state=SignatureState.REVOKED, why="Its maker revoked this signature.", key=key.id))
    whose = f"by {signer.name}, who is trusted" if signer else "but nobody here trusts its key yet"
    sound = replace(told, key=key.id, signer=signer.name if signer else "", why=f"The signature fits the book, {whose}.")
    revoked = ((signer.revoked_at, signer.name),) if signer and signer.revoked_at else ()
    return Examined(sound, revoked, times)


def _weighed(one: Examined, now: datetime) -> Signature:
    for since, name in one.revoked:
        if since <= now:
            return replace(one.told, state=SignatureState.REVOKED, why=f"{name} is trusted no more since {_written(since)}.")
    for what, begins, ends in one.times:
        if begins is not None and now < begins:
            return replace(one.told, state=SignatureState.NOT_YET, why=f"{what} counts from {_written(begins)} only.")
        if ends is not None and now >= ends:
            return replace(one.told, state=SignatureState.EXPIRED, why=f"{what} ran out at {_written(ends)}.")
    return one.told


def _short(text: object) -> str:
    """What a stranger wrote, as a sentence may repeat it."""
    clean = "".join(letter for letter in text if letter.isprintable()) if isinstance(text, str) else ""
    return clean if len(clean) <= WIDEST else clean[: WIDEST - 1] + "…"


def _sound(document: Mapping[str, Any], around: _Around, chain: Sequence[Any], signers: Sequence[Signer]) -> tuple[keys.Key, Signer | None]:
    """The key that made the last signature of a chain, and the trusted signer whose it is. Raises _Bad."""
    one = chain[-1]
    if not isinstance(one, Mapping) or one.get("type") != "jss":
        raise _Bad(SignatureState.INVALID, "A signature is an object of type jss.")
    missing = next((name for name in TEXTS if not isinstance(one.get(name), str) or not one[name]), "")
    if missing:
        raise _Bad(SignatureState.INVALID, f"The signature has no {missing}.")
    algorithm, hashed_by = one["algorithm"], one["hash_algorithm"]
    if algorithm not in keys.ALGORITHMS:
        raise _Bad(SignatureState.UNSUPPORTED, _refused(algorithm))
    if hashed_by not in HASHES:
        raise _Bad(SignatureState.UNSUPPORTED, f"The hash {_short(hashed_by)} is not accepted: use {', '.join(HASHES)}.")
    key = _key_of(one, signers)
    if not keys.fits(key.public, algorithm):
        raise _Bad(SignatureState.INVALID, f"The key is not one for {algorithm}.")
    value = _decoded(one["value"])
    # What countersigns came later, so it is left out; a signature that was made over it all the same counts too.
    texts = [_hashed(around, chain, hashed_by, "signature")]
    texts += [_hashed(around, chain, hashed_by)] if "signature" in one else []
    if not any(keys.is_signed(key.public, algorithm, value, text) for text in texts):
        raise _Bad(SignatureState.INVALID, "The signature does not fit the book: one of them was changed.")
    if one["related_to"] != document.get("id") or one["related_version"] != document.get("modified"):
        raise _Bad(SignatureState.INVALID, "The signature is for another book, or for another version of it.")
    return key, next((signer for signer in signers if signer.id == key.id), None)


def _refused(algorithm: str) -> str:
    if algorithm.startswith("HS"):
        return f"{_short(algorithm)} is symmetric: whoever can check it can forge it, so it is refused."
    if algorithm.lower() == "none":
        return f"The algorithm {_short(algorithm)} signs nothing, so it is refused."
    if algorithm.startswith(("XMSS", "LMS")):
        return f"{_short(algorithm)} cannot be checked here."
    return f"The algorithm {_short(algorithm)} is unknown here, so it is refused."


def _key_of(one: Mapping[str, Any], signers: Sequence[Signer]) -> keys.Key:
    named = [source for source in KEY_SOURCES if one.get(source) is not None]
    if len(named) != 1:
        raise _Bad(SignatureState.INVALID, f"A signature names its key by exactly one of {', '.join(KEY_SOURCES)}.")
    try:
        match named[0]:
            case "public_key":
                return keys.key_in_base64(one["public_key"])
            case "public_cert_chain":
                return keys.key_in_chain(one["public_cert_chain"])
            case "thumbprint":
                signer = next((signer for signer in signers if signer.thumbprint == one["thumbprint"]), None)
                if signer is None:
                    raise _Bad(SignatureState.UNKNOWN_SIGNER, "No trusted signer has this thumbprint.")
                return keys.key_in_pem(signer.pem)
            case _:
                raise _Bad(SignatureState.UNVERIFIABLE, "The key stands at an address, and addresses in a book are never fetched.")
    except keys.WeakKey as error:
        raise _Bad(SignatureState.UNSUPPORTED, str(error)) from error
    except keys.BadKey as error:
        raise _Bad(SignatureState.INVALID, str(error)) from error


def _decoded(value: str) -> bytes:
    if len(value) > MOST_LETTERS or not BASE64URL.fullmatch(value):
        raise _Bad(SignatureState.INVALID, "The value is not in base64url.")
    bare = value.rstrip("=")
    return urlsafe_b64decode(bare + "=" * (-len(bare) % 4))


def _times(one: Mapping[str, Any], key: keys.Key, signer: Signer | None) -> tuple[tuple[str, datetime | None, datetime | None], ...]:
    """When the signature, its certificate and the trust in its signer count. Raises _Bad."""
    times = [("The signature", _time(one, "valid_from"), _time(one, "valid_until")), ("The certificate", key.not_before, key.not_after)]
    times += [(f"The trust in {signer.name}", signer.valid_from, signer.valid_until)] if signer else []
    return tuple(times)


def _time(one: Mapping[str, Any], name: str) -> datetime | None:
    if one.get(name) is None:
        return None
    at = instant(one[name])
    if at is None:
        raise _Bad(SignatureState.INVALID, f"The {name} of the signature cannot be read as a time.")
    return at
