"""Our own plain form of an alert."""

from datetime import datetime

from soc.cases.intake.entities import distinct, shown
from soc.cases.intake.normal import SEVERITIES, UNSTATED_SEVERITY, NormalAlert
from soc.cases.intake.observables import read
from soc.cases.intake.problems import refuse
from soc.cases.intake.reading import (
    DESCRIPTION_LIMIT,
    REFERENCE_LIMIT,
    RULE_LIMIT,
    TITLE_LIMIT,
    items,
    moment,
    technique,
    text,
)

FIELDS = (
    "title",
    "severity",
    "rule",
    "happened_at",
    "entities",
    "observables",
    "techniques",
    "description",
    "source_ref",
)


def normal(alert: dict[str, object]) -> NormalAlert:
    """The normal alert of a plain one. All fields but `title` may be absent; fields that we do not know are ignored.

    Without a rule, the title is the rule. Raises Refused.
    """
    title = text(alert.get("title"), "title", limit=TITLE_LIMIT)
    if not title:
        raise refuse("missing_title", "title", "The alert has no title.", "Say in `title` what was seen.")
    rule_key, rule_name = _rule(alert.get("rule"))
    entities = tuple(
        read(entry, f"entities[{at}]", dotted="host", resources=True) for at, entry in enumerate(items(alert.get("entities"), "entities"))
    )
    observables = tuple(
        read(entry, f"observables[{at}]", dotted="domain") for at, entry in enumerate(items(alert.get("observables"), "observables"))
    )
    return NormalAlert(
        form="plain",
        title=title,
        severity=severity(alert.get("severity"), "severity"),
        rule_key=rule_key or rule_name or fitting_key(title),
        rule_name=rule_name or rule_key or title,
        happened_at=_happened_at(alert.get("happened_at")),
        entities=distinct(entities),
        observables=shown(entities, observables),
        techniques=_techniques(alert.get("techniques")),
        description=text(alert.get("description"), "description", limit=DESCRIPTION_LIMIT),
        source_ref=text(alert.get("source_ref"), "source_ref", limit=REFERENCE_LIMIT),
    )


def fitting_key(title: str) -> str:
    """The title as the key of a rule that has no id. Raises Refused (too_large) when it is too long to be one."""
    return text(title, "title", limit=RULE_LIMIT)


def severity(value: object, field: str) -> str:
    """A severity of ours, whatever its case; medium when it is absent. Raises Refused (bad_severity)."""
    if value is None:
        return UNSTATED_SEVERITY
    if isinstance(value, str) and value.strip().lower() in SEVERITIES:
        return value.strip().lower()
    shown_value = f"“{value[:40]}”" if isinstance(value, str) and value.isprintable() else "of another kind"
    raise refuse("bad_severity", field, f"{field} is {shown_value}.", f"Send one of {', '.join(SEVERITIES)}.")


def _rule(value: object) -> tuple[str, str]:
    if isinstance(value, dict):
        name = text(value.get("name", value.get("title")), "rule.name", limit=RULE_LIMIT)
        return text(value.get("id"), "rule.id", limit=RULE_LIMIT), name
    return text(value, "rule", limit=RULE_LIMIT), ""


def _happened_at(value: object) -> datetime | None:
    if value is None or value == "":
        return None
    found = moment(value)
    if found is None:
        raise refuse(
            "bad_time", "happened_at", "happened_at is not a time of RFC 3339.", "Send it like 2026-03-01T14:05:00Z, or leave it out."
        )
    return found


def _techniques(value: object) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for at, entry in enumerate(items(value, "techniques")):
        name = technique(entry)
        if name is None:
            raise refuse(
                "bad_technique",
                f"techniques[{at}]",
                f"techniques[{at}] is not the id of an ATT&CK technique.",
                "Send ids like T1566 or T1566.002.",
            )
        found[name] = None
    return tuple(found)
