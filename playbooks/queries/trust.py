"""Who is trusted to sign, what an agency asks for, and whether a version may run there now."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from playbooks.definition import signing
from playbooks.definition.instants import instant
from playbooks.definition.markings import Handling, handling_of
from playbooks.definition.trust import Requirement, refusal
from playbooks.models import SignaturePolicy, Signer, Version
from tenants.models import Entry

Signers = tuple[signing.Signer, ...]

# For the engine, in one statement and without the ORM: what the agency (the parameter) asks for, and every signer. Both tables are small.
STANDING = """
SELECT COALESCE((SELECT p.require FROM playbooks_signaturepolicy p WHERE p.agency_id = %s), 'none'),
  (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.id) FROM playbooks_signer s)
"""


def trusted_signers() -> Signers:
    """Everyone whose signatures were ever trusted, revoked ones with the time of it; one query."""
    return tuple(_signer(one) for one in Signer.objects.order_by("id").values())


def requirement_of(agency_id: int) -> str:
    """What an agency asks of signatures: none, valid or trusted; one query."""
    found = SignaturePolicy.objects.filter(agency_id=agency_id).values_list("require", flat=True).first()
    return found or Requirement.NONE.value


def refusal_of(version: Version, agency_id: int, now: datetime) -> str | None:
    """Why a version may not begin to run for an agency at `now`, in a sentence; None when it may. One or two queries."""
    require = requirement_of(agency_id)
    signers = trusted_signers() if require != Requirement.NONE else ()
    return _refusal(version.content_hash, lambda: version.canonical, require, signers, now)


def standing_refusal(
    content_hash: str, text: Callable[[], str], standing: tuple[str, str | Iterable[Mapping[str, Any]] | None], now: datetime
) -> str | None:
    """Why a run of that content must stop now, in a sentence; None when it may go on. `standing` is the row of STANDING. No query.

    `text` is asked only when this process has not read the content yet, and signatures are checked once for each set of signers.
    """
    require, told = standing
    rows = json.loads(told) if isinstance(told, str) else told  # a bare cursor gives JSON as text
    signers = tuple(_signer(one) for one in rows or ()) if require != Requirement.NONE else ()
    return _refusal(content_hash, text, require, signers, now)


def signatures_of(version: Version, now: datetime) -> tuple[signing.Signature, ...]:
    """A version's signatures with what they are worth at `now`; one query."""
    return signing.weighed(_read(version.content_hash, lambda: version.canonical, trusted_signers())[1], now)


def handling_at(content_hash: str, text: Callable[[], str], now: datetime) -> Handling:
    """How what a content says is to be handled at `now`. No query; `text` is asked as in `standing_refusal`."""
    return handling_of(_read(content_hash, text, ())[0], now)


def was_refused(*, agency_id: int, subject: str, event: Any) -> bool:
    """Whether this same refusal stands in the journal already: a rule asks again with each alert. One query."""
    same = {"data__rule": event.rule, "data__version": event.version, "data__reason": event.reason}
    return Entry.objects.filter(agency_id=agency_id, subject=subject, kind="playbooks.StartRefused", **same).exists()


def _refusal(content_hash: str, text: Callable[[], str], require: str, signers: Signers, now: datetime) -> str | None:
    said, checked = _read(content_hash, text, signers)
    return refusal(said, signing.weighed(checked, now), require, now)


MOST_KEPT = 256
SAID = ("revoked", "valid_from", "valid_until", "markings", "data_marking_definitions")
_kept: dict[tuple[str, Signers], tuple[dict[str, Any], tuple[signing.Examined, ...]]] = {}


def _read(content_hash: str, text: Callable[[], str], signers: Signers) -> tuple[dict[str, Any], tuple[signing.Examined, ...]]:
    """What a content says of its validity and handling, and its signatures; read once a process for the same content and signers."""
    known = _kept.get((content_hash, signers))
    if known is None:
        document = json.loads(text())
        said = {key: document[key] for key in SAID if key in document}
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        known = _kept[content_hash, signers] = said, signing.examined(document, signers)
    return known


def _signer(row: Mapping[str, Any]) -> signing.Signer:
    begins, ends, revoked = (_time(row[name]) for name in ("valid_from", "valid_until", "revoked_at"))
    return signing.Signer(row["name"], row["key_id"], row["thumbprint"], row["pem"], begins, ends, revoked)


def _time(value: Any) -> datetime | None:
    """A time as the ORM or as JSON gives it."""
    return instant(value) if isinstance(value, str) else value
