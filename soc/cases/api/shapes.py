"""What the doors of cases and intake take and give, as the API's description says it."""

from soc.cases.intake.normal import OBSERVABLE_TYPES, SEVERITIES
from soc.cases.intake.plain import FIELDS as PLAIN
from soc.cases.operations.inputs import MOST_NOTE, MOST_REASON, MOST_TITLE
from soc.cases.operations.releasing import MOST_ITEMS
from soc.cases.states import CaseState, Disposition, IncidentKind, ReceiptState, Severity
from tenants.gates.schema import ANY, TEXT, TIME, TRUTH, WHOLE, Shape, listed, maybe, one_of, paged, shaped, text
from tenants.states import Visibility

# A case as it is told

CLOCK = shaped({"kind": TEXT, "state": TEXT, "started_at": maybe(TIME), "due_at": maybe(TIME), "stopped_at": maybe(TIME)})
OBSERVABLE = shaped({"type": one_of(OBSERVABLE_TYPES), "value": TEXT})
ROW: Shape = {"id": TEXT, "visibility": one_of(Visibility), "created_at": TIME}
TASK = shaped({**ROW, "title": TEXT, "added_by": TEXT, "done_at": maybe(TIME), "done_by": TEXT})
NOTE = shaped({**ROW, "text": TEXT, "author": TEXT, "from_agency": TRUTH})
LINE = shaped({**ROW, "happened_at": maybe(TIME), "learned_at": TIME, "origin": TEXT, "actor": TEXT, "text": TEXT, "technique": TEXT})
ALWAYS: Shape = {
    "number": TEXT,
    "title": TEXT,
    "agency": TEXT,
    "severity": one_of(Severity),
    "state": one_of(CaseState),
    "owner": maybe(TEXT),
    "opened_at": TIME,
    "clocks": listed(CLOCK),
    "observables": listed(OBSERVABLE),
    "techniques": listed(TEXT),
    "version": WHOLE,
}
# What the floor reads beside it.
INSIDE: Shape = {
    **dict.fromkeys(("summary", "tlp", "incident", "disposition", "closing_reason", "rule", "rule_name", "entity_kind", "entity"), TEXT),
    **dict.fromkeys(("restricted", "by_hand", "dwell_unknown"), TRUTH),
    **dict.fromkeys(("last_alert_at", "happened_at", "acknowledged_at", "contained_at", "recovered_at", "closed_at"), maybe(TIME)),
    "declared_at": maybe(TIME),
    "changed_at": maybe(TIME),
    "alert_count": WHOLE,
}
RELEASABLE = shaped({"item": TEXT, "what": TEXT, "visibility": one_of(Visibility)})
CASE = shaped(
    {**ALWAYS, "tasks": listed(TASK), "notes": listed(NOTE), "timeline": listed(LINE), "evidence": listed(ANY)},
    {**INSIDE, "cut": listed(TEXT), "releasable": listed(RELEASABLE)},
)
CASES = paged(shaped(ALWAYS, INSIDE))

# What is sent for a case

REASON, TITLE = text(MOST_REASON), text(MOST_TITLE)
OPENING = shaped({"agency": TEXT, "title": TITLE, "severity": one_of(Severity), "reason": REASON})
SENT: Shape = {
    "owner": maybe(TEXT),
    "title": TITLE,
    "summary": TEXT,
    "text": text(MOST_NOTE),
    "visibility": maybe(one_of(Visibility)),
    "severity": one_of(Severity),
    "reason": REASON,
    "at": maybe(TIME),
    "until": TIME,
    "task": TEXT,
    "items": listed(TEXT, most=MOST_ITEMS),
    "kind": one_of(one for one in IncidentKind if one),
    "disposition": one_of(Disposition),
}
LEFT_OUT = ("at", "visibility", "summary", "title")  # what a verb does without


def body_of(verbs: dict[str, tuple[str, ...]]) -> Shape:
    """The body of one of several verbs, each named for what it takes."""
    shapes = []
    for name, fields in verbs.items():
        always = {field: SENT[field] for field in fields if field not in LEFT_OUT or name == "task"}
        shapes.append({"title": name, **shaped(always, {field: SENT[field] for field in fields if field not in always})})
    return {"anyOf": shapes}


# Intake

OBSERVED: Shape = {"anyOf": [TEXT, shaped({"type": one_of(OBSERVABLE_TYPES), "value": TEXT})]}
FIELDS: Shape = {
    "title": TEXT,
    "severity": one_of(SEVERITIES),
    "rule": {"anyOf": [TEXT, shaped({}, {"id": TEXT, "name": TEXT})]},
    "happened_at": maybe(TIME),
    "entities": listed(OBSERVED),
    "observables": listed(OBSERVED),
    "techniques": listed({"type": "string", "pattern": r"^[Tt][0-9]{4}(\.[0-9]{3})?$"}),
    "description": TEXT,
    "source_ref": TEXT,
}
ALERT: Shape = {
    "anyOf": [
        {"title": "plain", **shaped({"title": TEXT}, {name: FIELDS[name] for name in PLAIN if name != "title"})},
        {"title": "sigma", **shaped({"rule": shaped({}, {"id": TEXT, "title": TEXT, "level": TEXT}), "event": {"type": "object"}})},
        {"title": "ocsf", **shaped({"class_uid": {"type": "integer", "enum": [2004]}}, {"finding_info": {"type": "object"}})},
    ]
}
WRAPPED = shaped({"idempotency_key": {"type": "string", "pattern": "^[ -~]{1,255}$"}, "alert": ALERT})
POSTED: Shape = {"anyOf": [*ALERT["anyOf"], listed({"anyOf": [*ALERT["anyOf"], WRAPPED]})]}
PROBLEM = shaped({"code": TEXT, "field": TEXT, "detail": TEXT, "cure": TEXT})
COUNTS = dict.fromkeys(("received", "grouped", "opened", "suppressed", "dead", "pending", "repeated"), WHOLE)
TAKEN = shaped(
    {
        "accepted": WHOLE,
        "repeated": WHOLE,
        "refused": WHOLE,
        "items": listed(
            shaped(
                {"index": WHOLE, "receipt": maybe(TEXT), "status": one_of(("accepted", "repeated", "conflict", "refused"))},
                {"problem": PROBLEM},
            )
        ),
    }
)
RECEIPT = shaped({"receipt": TEXT, "state": one_of(ReceiptState), "case": maybe(TEXT), "why": TEXT, "problem": maybe(PROBLEM)})
BALANCE = shaped({"agency": TEXT, **COUNTS, "sources": listed(shaped({"source": TEXT, **COUNTS}))})
LETTER = shaped(
    {"id": TEXT, "agency": TEXT, "raw": {"type": "string", "format": "byte"}, "problem": PROBLEM, "receipt": TEXT, "source": TEXT}
    | {"received_at": TIME}
)
LETTERS = paged(LETTER)
POINTERS: Shape = {"type": "object", "additionalProperties": {"anyOf": [TEXT, listed(TEXT)]}}
REPLAY: Shape = {"anyOf": [shaped({"body": ALERT}), shaped({"mapping": POINTERS})]}
