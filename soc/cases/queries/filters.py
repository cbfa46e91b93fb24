"""Narrowing cases to what a reader may know and asks for, the same for lists, queue and search."""

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, Q, Value
from django.db.models.expressions import Func
from django.db.models.fields import BooleanField
from django.db.models.functions import Lower, Right
from django.db.models.lookups import Exact

from soc.cases.intake.observables import detect, observable, refang
from soc.cases.models import Case, Observable
from soc.cases.models.case import TitleWords
from soc.cases.states import CaseState, Severity
from tenants.actors import Actor
from tenants.errors import Invalid

MOST_Q = 300  # characters
MOST_FOUND = 1_000  # cases that one observable leads to, and that an agency's words are looked up by
_NUMBER = re.compile(r"[A-Z0-9-]{1,40}-\d{4}-R?\d{1,9}")


@dataclass(frozen=True)
class CaseFilters:
    """What is asked for; an empty value asks for nothing. `state` may be `open`; `owner` is an e-mail, `me` or `none`."""

    agency: str = ""
    state: str = ""
    severity: str = ""
    owner: str = ""
    q: str = ""


class _Matches(Func):
    """Whether words stand in a title."""

    template = "%(expressions)s)"
    arg_joiner = " @@ to_tsquery('simple'::regconfig, "
    conditional = True
    output_field = BooleanField()


def readable(reader: Actor) -> Any:
    """The cases that `reader` may know of, within the scope in force. Restricted ones do not exist for liaisons."""
    rows = Case.objects.all()
    return rows.filter(restricted=False) if reader.speaks_for_an_agency else rows


def narrowed(rows: Any, wanted: CaseFilters, reader: Actor) -> Any:
    """`rows` as asked for. What no row can match gives none, another's agency included; one query more with `q`.

    No filter tells a liaison what was not released: an owner that they cannot see matches nothing, and `q` looks at
    released observables only. Raises Invalid for a state or severity that does not exist.
    """
    if wanted.agency:
        rows = rows.filter(agency__slug=wanted.agency) if "\x00" not in wanted.agency else rows.none()
    if wanted.state == "open":
        rows = rows.exclude(state=CaseState.CLOSED)
    elif wanted.state:
        rows = rows.filter(state__in=_values(wanted.state, CaseState, "state"))
    if wanted.severity:
        rows = rows.filter(severity__in=_values(wanted.severity, Severity, "severity"))
    if wanted.owner:
        rows = _owned(rows, wanted.owner, reader)
    if wanted.q.strip():
        rows = rows.filter(matching(wanted.q, reader))
    return rows


def matching(text: str, reader: Actor) -> Q:
    """Number, words of the title (all of them, by their beginning), or an observable, harmless spelling included. One query."""
    text = text.strip()
    if len(text) > MOST_Q or "\x00" in text:
        raise Invalid("The search is too long.", field="q", cure=f"Use at most {MOST_Q} characters.")
    upper = text.upper()
    number = upper if _NUMBER.fullmatch(upper) else None
    tail = text.zfill(6) if text.isascii() and text.isdigit() and len(text) <= 6 else None
    words = " & ".join(f"'{word}':*" for word in re.findall(r"[^\W_]+", text)) or None
    if reader.speaks_for_an_agency:
        seen, named = _found_in_agency(text, words, number, tail)
        if len(named) < MOST_FOUND:
            return Q(pk__in=seen + named)
        found = Q(pk__in=seen)  # so many that any walk through the agency's cases meets them soon
    else:
        found = Q(pk__in=seen_in(text))
    if number:
        found |= Q(number=number)
    if tail:
        found |= Q(Exact(Right(F("number"), 6), Value(tail)))
    if words:
        found |= Q(_Matches(TitleWords(F("title")), Value(words)))
    return found


def seen_in(text: str) -> list[int]:
    """The cases in which an observable of this value stands, the newest first. One query."""
    rows = Observable.objects.alias(lowered=Lower("value")).filter(lowered__in=spellings(text))
    return list(rows.order_by("-case_id").values_list("case_id", flat=True)[:MOST_FOUND])


def _found_in_agency(text: str, words: str | None, number: str | None, tail: str | None) -> tuple[list[int], list[int]]:
    """Cases of the agency in scope: those where a released observable of this value stands, and at most `MOST_FOUND` others."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT case_id, seen FROM cases_found(%s::text[], %s, %s, %s, %s)", [sorted(spellings(text)), words, number, tail, MOST_FOUND]
        )
        rows = cursor.fetchall()
    return [pk for pk, seen in rows if seen], [pk for pk, seen in rows if not seen]


def spellings(text: str) -> set[str]:
    """How an observable that a person types may stand in the store, in lower case."""
    found = {text.strip().lower(), refang(text.strip()).lower()}
    kind = detect(text)
    written = observable(kind, text) if kind else None
    if written is not None:
        found.add(written.value.lower())
    return found


def _values(text: str, kind: Any, field: str) -> list[str]:
    asked = [one.strip() for one in text.split(",") if one.strip()]
    known = {one.value for one in kind}
    if not asked or set(asked) - known:
        raise Invalid(f"There is no such {field}.", field=field, cure=f"Use one of: {', '.join(sorted(known))}.")
    return asked


def _owned(rows: Any, owner: str, reader: Actor) -> Any:
    if reader.speaks_for_an_agency:  # for whom every owner is null
        return rows if owner in ("none", "null") else rows.none()
    if owner in ("none", "null"):
        return rows.filter(owner=None)
    if owner == "me":
        return rows.filter(owner_id=reader.person_id) if reader.person_id else rows.none()
    return rows.filter(owner__email__iexact=owner) if "\x00" not in owner else rows.none()
