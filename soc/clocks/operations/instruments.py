"""Recording where an instrument stands from a date on: a row is added, none is ever edited."""

from datetime import date
from typing import Any

from django.db import transaction

from soc.clocks.events import InstrumentChanged
from soc.clocks.models import Instrument, InstrumentState
from soc.clocks.policies import may_change_instruments
from soc.clocks.states import InstrumentStanding, Knowledge
from tenants.actors import Actor
from tenants.errors import Invalid, NotAllowed, Unknown, require
from tenants.journal.recording import record

MOST = 2000  # characters of a source or note


def change_instrument_state(
    *,
    code: str,
    standing: Any,
    effective_from: Any,
    source: Any,
    by: Actor,
    in_force_from: Any = None,
    in_force_until: Any = None,
    superseded_by: Any = "",
    verified: bool = False,
    note: Any = "",
) -> InstrumentState:
    """Add a state of an instrument that holds from `effective_from` (YYYY-MM-DD, also in the past or future).

    `verified` says that the admin read the text itself; else it rests on secondary sources. Clocks that run keep the rule
    they began with. Raises Unknown, NotAllowed, Invalid (`standing`, `effective_from`, `in_force_from`, `in_force_until`,
    `superseded_by`, `source`, `note`).
    """
    with transaction.atomic():
        instrument = Instrument.objects.filter(code=code).first() if "\x00" not in code else None
        if instrument is None:
            raise Unknown()
        require(may_change_instruments(by), NotAllowed("Only an admin records what is law."))
        require(
            standing in InstrumentStanding.values,
            Invalid("There is no such standing.", field="standing", cure=f"Choose one of {', '.join(InstrumentStanding.values)}."),
        )
        since = _day(effective_from, "effective_from")
        if since is None:
            raise Invalid("The date is missing.", field="effective_from", cure="Say from when it stands so.")
        first, last = _day(in_force_from, "in_force_from"), _day(in_force_until, "in_force_until")
        require(
            first is None or last is None or first <= last,
            Invalid("It would end before it began.", field="in_force_until", cure="Give a date not before the beginning."),
        )
        successor = _text(superseded_by, "superseded_by")
        if standing == InstrumentStanding.SUPERSEDED or successor:
            require(
                successor != code and Instrument.objects.filter(code=successor).exists(),
                Invalid("What superseded it is not known here.", field="superseded_by", cure="Choose another instrument of the list."),
            )
        told = _text(source, "source")
        require(bool(told), Invalid("The source is missing.", field="source", cure="Say where this can be read."))
        state = InstrumentState.objects.create(
            instrument=instrument,
            standing=standing,
            effective_from=since,
            in_force_from=first,
            in_force_until=last,
            superseded_by=successor,
            source=told,
            tag=Knowledge.READ if verified else Knowledge.SECONDARY,
            verified=bool(verified),
            note=_text(note, "note"),
            recorded_at=by.now(),
            recorded_by=by.label,
        )
        changed = InstrumentChanged(instrument=code, standing=str(standing), effective_from=str(since))
        record(changed, agency_id=None, subject=f"instrument:{code}", by=by)
        return state


def _day(given: Any, field: str) -> date | None:
    if given is None or given == "":
        return None
    try:
        return given if isinstance(given, date) else date.fromisoformat(str(given))
    except ValueError as wrong:
        raise Invalid("This is not a date.", field=field, cure="Write it like 2026-11-24.") from wrong


def _text(given: Any, field: str) -> str:
    text = "" if given is None else str(given).strip()
    require(
        len(text) <= MOST and "\x00" not in text,
        Invalid("The text is too long.", field=field, cure=f"Use at most {MOST} characters."),
    )
    return text
