"""Signers as admins see them: whom we trust, what each signed, and what would be refused if trust or an agency's policy changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from playbooks.definition.trust import Requirement
from playbooks.models import Run, SignaturePolicy, Signer, Version
from playbooks.queries.standing import learn, refused_at, weighed_of
from playbooks.queries.trust import Signers, trusted_signers
from playbooks.states import RunState
from tenants.actors import Actor
from tenants.errors import Unknown
from tenants.models import Agency
from tenants.states import AgencyState

UNDER_WAY = (RunState.READY, RunState.RUNNING, RunState.WAITING)


@dataclass(frozen=True)
class SignerLine:
    """One signer: whose key, since when and until when it is trusted, and how many versions it signed."""

    id: str
    name: str
    key: str  # SHA-256 of the public key, in hex
    thumbprint: str
    state: str  # trusted | not_yet | expired | revoked
    added_at: datetime
    added_by: str
    valid_from: datetime | None
    valid_until: datetime | None
    revoked_at: datetime | None
    revoked_by: str
    revoked_why: str
    versions: int


@dataclass(frozen=True)
class Named:
    """A version by its book's name and its number."""

    slug: str
    book: str
    number: int


@dataclass(frozen=True)
class Refused:
    """What an agency would refuse: books whose newest version would not begin, and runs that would stop at their next step."""

    slug: str
    acronym: str
    name: str
    asked: str
    books: tuple[Named, ...]
    runs: int


@dataclass(frozen=True)
class SignerView:
    """One signer, the versions that it signed, and what the end of the trust in it would stop, agency by agency."""

    signer: SignerLine
    signed: tuple[Named, ...]
    stopped: tuple[Refused, ...]


@dataclass(frozen=True)
class PolicyLine:
    """What an agency asks for now, and what it would refuse today under each policy."""

    slug: str
    acronym: str
    name: str
    asked: str
    changed_at: datetime | None
    changed_by: str
    ways: tuple[Refused, ...]  # in the order of none, valid, trusted

    @property
    def now(self) -> Refused:
        """What it refuses as things stand."""
        return next(way for way in self.ways if way.asked == self.asked)


def signer_lines(reader: Actor) -> tuple[SignerLine, ...]:
    """Every signer, those trusted now first. Three queries, and one more for contents that were not read yet."""
    now, versions, signers = reader.now(), _versions(), trusted_signers()
    learn(_hashes(versions), signers)
    keys = [{one.key for one in weighed_of(row.content_hash, signers, now)} for row in versions]
    lines = [_line(one, now, sum(one.key_id in some for some in keys)) for one in Signer.objects.order_by("name", "id")]
    return tuple(sorted(lines, key=lambda one: one.state == "revoked"))


def signer_of(public_id: str, reader: Actor) -> SignerView:
    """One signer with all that would be refused without it. Raises Unknown. Six queries, and one more for contents not read yet."""
    row = Signer.objects.filter(public_id=UUID(str(public_id))).first()
    if row is None:
        raise Unknown()
    now, versions, with_it = reader.now(), _versions(), trusted_signers()
    without = tuple(replace(one, revoked_at=now) if one.id == row.key_id and one.revoked_at is None else one for one in with_it)
    learn(_hashes(versions), with_it, without)
    signed = [one for one in versions if any(made.key == row.key_id for made in weighed_of(one.content_hash, with_it, now))]
    stopped = []
    kept = {one.value: _bad(versions, with_it, one.value, now) for one in Requirement}
    left = {one.value: _bad(versions, without, one.value, now) for one in Requirement}
    for place in _places(reader):
        before, after = place.refused(place.asked, kept[place.asked]), place.refused(place.asked, left[place.asked])
        books = tuple(one for one in after.books if one not in before.books)
        if books or after.runs > before.runs:
            stopped.append(replace(after, books=books, runs=after.runs - before.runs))
    return SignerView(_line(row, now, len(signed)), tuple(_named(one) for one in signed), tuple(stopped))


def policy_lines(reader: Actor) -> tuple[PolicyLine, ...]:
    """What each agency asks of signatures, and what it would refuse today. Five queries, and one more for contents not read yet."""
    now, versions, signers = reader.now(), _versions(), trusted_signers()
    learn(_hashes(versions), signers)
    bad = {one.value: _bad(versions, signers, one.value, now) for one in Requirement}
    lines = []
    for place in _places(reader):
        ways = tuple(place.refused(asked, some) for asked, some in bad.items())
        at, whose = (place.policy.changed_at, place.policy.changed_by) if place.policy else (None, "")
        lines.append(PolicyLine(place.agency.slug, place.agency.acronym, place.agency.name, place.asked, at, whose, ways))
    return tuple(lines)


@dataclass(frozen=True)
class _Place:
    """An agency, its policy, and how many runs of each version are under way there."""

    agency: Agency
    policy: SignaturePolicy | None
    under_way: Mapping[int, int]

    @property
    def asked(self) -> str:
        return self.policy.require if self.policy else Requirement.NONE.value

    def refused(self, require: str, bad: Sequence[tuple[Version, bool]]) -> Refused:
        """What it would refuse under a policy, of the versions that are `bad` under it, each with whether runs begin with it."""
        books = tuple(_named(one) for one, newest in bad if newest)
        runs = sum(self.under_way.get(one.pk, 0) for one, _ in bad)
        return Refused(self.agency.slug, self.agency.acronym, self.agency.name, require, books, runs)


def _bad(versions: Sequence[Version], signers: Signers, require: str, now: datetime) -> list[tuple[Version, bool]]:
    """The versions that may not run where `require` is asked for, each with whether it is the newest of its book. No query."""
    newest = {one.book_id: one.pk for one in reversed(versions)}
    bad = [one for one in versions if refused_at(one.content_hash, signers, require, now) is not None]
    return [(one, newest[one.book_id] == one.pk) for one in bad]


def _places(reader: Actor) -> list[_Place]:
    """The agencies that have begun, with their policies and runs. Three queries."""
    policies = {one.agency_id: one for one in SignaturePolicy.objects.all()}
    counted: dict[int, dict[int, int]] = {}
    rows = Run.objects.filter(state__in=UNDER_WAY).values("agency_id", "version_id").annotate(n=Count("id")).order_by()
    for row in rows:
        counted.setdefault(row["agency_id"], {})[row["version_id"]] = row["n"]
    agencies = Agency.objects.exclude(state=AgencyState.PROSPECTIVE).order_by("name")
    return [_Place(one, policies.get(one.pk), counted.get(one.pk, {})) for one in agencies if reader.covers(one.pk) or reader.audits]


def _versions() -> list[Version]:
    """Every version without its text, the newest of each book first. One query."""
    return list(Version.objects.select_related("book").defer("canonical").order_by("book__name", "book_id", "-modified", "-number"))


def _hashes(versions: Sequence[Version]) -> dict[int, str]:
    return {one.pk: one.content_hash for one in versions}


def _named(version: Version) -> Named:
    return Named(version.book.slug, version.book.name, version.number)


def _line(one: Signer, now: datetime, versions: int) -> SignerLine:
    early, late = one.valid_from is not None and now < one.valid_from, one.valid_until is not None and now >= one.valid_until
    state = "revoked" if one.revoked_at else "expired" if late else "not_yet" if early else "trusted"
    return SignerLine(
        id=str(one.public_id),
        name=one.name,
        key=one.key_id,
        thumbprint=one.thumbprint,
        state=state,
        added_at=one.added_at,
        added_by=one.added_by,
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        revoked_at=one.revoked_at,
        revoked_by=one.revoked_by,
        revoked_why=one.revoked_why,
        versions=versions,
    )
