"""Who is trusted to sign, what an agency asks for, and whether a version may run there now."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from playbooks.definition import signing
from playbooks.definition.instants import instant
from playbooks.definition.markings import Handling, handling_of
from playbooks.definition.trust import Requirement, refusal
from playbooks.models import Run, SignaturePolicy, Signer, Version
from playbooks.states import RunState
from tenants.models import Entry

Signers = tuple[signing.Signer, ...]


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
    """Why a run of that content must stop now, in a sentence; None when it may go on. `standing` is what the agency asks for, and every
    signer as JSON. No query.

    `text` is asked only when this process has not read the content yet, and signatures are checked once for each set of signers.
    """
    require, told = standing
    rows = json.loads(told) if isinstance(told, str) else told  # a bare cursor gives JSON as text
    signers = tuple(_signer(one) for one in rows or ()) if require != Requirement.NONE else ()
    return _refusal(content_hash, text, require, signers, now)


def signatures_of(version: Version, now: datetime) -> tuple[signing.Signature, ...]:
    """A version's signatures with what they are worth at `now`; one query."""
    return signing.weighed(_examined(version, trusted_signers()), now)


def handling_at(content_hash: str, text: Callable[[], str], now: datetime) -> Handling:
    """How what a content says is to be handled at `now`. No query; `text` is asked as in `standing_refusal`."""
    return handling_of(_read(content_hash, text, ())[0], now)


def runs_on(key_id: str) -> list[int]:
    """Runs that are not over, of books that a key signed, of agencies that ask for signatures; in order of their ids. Three queries."""
    asking = SignaturePolicy.objects.exclude(require=Requirement.NONE).values("agency_id")
    under_way = Run.objects.filter(state__in=[RunState.RUNNING, RunState.WAITING], agency_id__in=asking).order_by("id")
    found = list(under_way.values_list("id", "version_id"))
    versions = Version.objects.filter(pk__in={version for _, version in found})
    signers = trusted_signers()
    signed = {one.pk for one in versions if any(key_id == made.told.key for made in _examined(one, signers))}
    return [run for run, version in found if version in signed]


def _examined(version: Version, signers: Signers) -> tuple[signing.Examined, ...]:
    return _read(version.content_hash, lambda: version.canonical, signers)[1]


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
