"""An OCSF Detection Finding (class 2004)."""

from collections.abc import Iterator
from datetime import datetime

from soc.cases.intake.entities import ENTITY_ORDER, distinct, shown
from soc.cases.intake.normal import SEVERITIES, UNSTATED_SEVERITY, NormalAlert, Observable
from soc.cases.intake.observables import observable
from soc.cases.intake.plain import fitting_key
from soc.cases.intake.problems import refuse
from soc.cases.intake.reading import (
    DESCRIPTION_LIMIT,
    REFERENCE_LIMIT,
    RULE_LIMIT,
    TITLE_LIMIT,
    epoch_moment,
    items,
    members,
    moment,
    technique,
    text,
)

CLASS_UID = 2004

_SEVERITY_IDS = {1: "informational", 2: "low", 3: "medium", 4: "high", 5: "critical", 6: "critical"}
_SEVERITY_WORDS = {**{name: name for name in SEVERITIES}, "fatal": "critical", "unknown": UNSTATED_SEVERITY}
# The observable types of OCSF 1.x that have a counterpart here; a file name (7), a process (9) and the like have none.
_TYPES = {1: "host", 2: "address", 4: "account", 5: "mail", 6: "url", 8: "hash", 10: "resource"}


def normal(alert: dict[str, object]) -> NormalAlert:
    """The normal alert of a Detection Finding.

    The rule is the analytic that found it, else the first type of the finding, else its title, after the product's name.
    What `observables` and `evidences` hold in a shape that we cannot read is left out. Raises Refused.
    """
    finding = members(alert.get("finding_info"))
    title = text(finding.get("title"), "finding_info.title", limit=TITLE_LIMIT)
    title = title or text(alert.get("message"), "message", limit=TITLE_LIMIT)
    if not title:
        raise refuse("missing_title", "finding_info.title", "The finding has no title.", "Say in `finding_info.title` what was found.")
    rule_key, rule_name = _rule(alert, finding, title)
    named = tuple(_listed(alert))
    shown_in_evidence = tuple(_of_evidences(alert))
    entities = tuple(
        found for found in distinct(shown_in_evidence, _of_resources(alert), named) if found.type in ENTITY_ORDER and found.type != "url"
    )
    return NormalAlert(
        form="ocsf",
        title=title,
        severity=_severity(alert),
        rule_key=rule_key,
        rule_name=rule_name,
        happened_at=_happened_at(alert, finding),
        entities=entities,
        observables=shown(entities, named, shown_in_evidence),
        techniques=_techniques(alert, finding),
        description=text(finding.get("desc"), "finding_info.desc", limit=DESCRIPTION_LIMIT),
        source_ref=text(finding.get("src_url"), "finding_info.src_url", limit=REFERENCE_LIMIT)
        or text(finding.get("uid"), "finding_info.uid", limit=REFERENCE_LIMIT),
    )


def _rule(alert: dict[str, object], finding: dict[str, object], title: str) -> tuple[str, str]:
    analytic = members(finding.get("analytic"))
    uid = text(analytic.get("uid"), "finding_info.analytic.uid", limit=RULE_LIMIT)
    name = text(analytic.get("name"), "finding_info.analytic.name", limit=RULE_LIMIT)
    if not uid and not name:
        types = items(finding.get("types"), "finding_info.types")
        name = text(types[0], "finding_info.types[0]", limit=RULE_LIMIT) if types else ""
    product = members(members(alert.get("metadata")).get("product")).get("name")
    maker = text(product, "metadata.product.name", limit=RULE_LIMIT).lower()
    key = uid or name or fitting_key(title)
    key = text(f"{maker}/{key}" if maker else key, "finding_info.analytic.uid", limit=RULE_LIMIT)
    return key, name or uid or title


def _severity(alert: dict[str, object]) -> str:
    number, word = alert.get("severity_id"), alert.get("severity")
    if isinstance(number, int) and not isinstance(number, bool) and number in _SEVERITY_IDS:
        return _SEVERITY_IDS[number]
    if number is None or (isinstance(number, int) and not isinstance(number, bool) and number in (0, 99)):
        known = isinstance(word, str) and word.strip().lower() in _SEVERITY_WORDS
        return _SEVERITY_WORDS[word.strip().lower()] if known and isinstance(word, str) else UNSTATED_SEVERITY
    raise refuse("bad_severity", "severity_id", "severity_id is not one of OCSF's.", "Send 1 (informational) to 6 (fatal).")


def _happened_at(alert: dict[str, object], finding: dict[str, object]) -> datetime | None:
    for holder, name in ((finding, "first_seen_time"), (alert, "start_time"), (alert, "time")):
        found = moment(holder.get(f"{name}_dt")) or epoch_moment(holder.get(name)) or moment(holder.get(name))
        if found is not None:
            return found
    return None


def _listed(alert: dict[str, object]) -> Iterator[Observable]:
    """What the finding itself lists as observables."""
    for entry in items(alert.get("observables"), "observables"):
        known = members(entry)
        type_id, value = known.get("type_id"), known.get("value")
        if isinstance(type_id, int) and isinstance(value, str):
            yield from _made((_TYPES.get(type_id, ""), value))


def _of_evidences(alert: dict[str, object]) -> Iterator[Observable]:
    """Who and what the evidences show: the machines and people first, then where they spoke to."""
    yield from _of_device(alert.get("device"))
    for evidence in map(members, items(alert.get("evidences"), "evidences")):
        yield from _of_device(evidence.get("device"))
        yield from _of_user(members(evidence.get("actor")).get("user"))
        yield from _of_user(evidence.get("user"))
        for side in ("src_endpoint", "dst_endpoint"):
            yield from _of_device(evidence.get(side))
        yield from _made(("url", members(evidence.get("url")).get("url_string")))
        yield from _made(("domain", members(evidence.get("query")).get("hostname")))
        yield from _made(("mail", members(evidence.get("email")).get("from")))
        files = (evidence.get("file"), members(evidence.get("process")).get("file"))
        for hashes in (members(file).get("hashes") for file in files):
            for entry in hashes if isinstance(hashes, list) else ():
                yield from _made(("hash", members(entry).get("value")))


def _of_device(value: object) -> Iterator[Observable]:
    device = members(value)
    return _made(("host", device.get("hostname")), ("address", device.get("ip")), ("domain", device.get("domain")))


def _of_user(value: object) -> Iterator[Observable]:
    user = members(value)
    name, domain = user.get("name"), user.get("domain")
    if isinstance(name, str) and isinstance(domain, str) and domain.strip() and "\\" not in name:
        name = f"{domain.strip()}\\{name.strip()}"
    return _made(("account", name), ("mail", user.get("email_addr")))


def _of_resources(alert: dict[str, object]) -> Iterator[Observable]:
    """What the finding says is affected; a machine by its name, all else by its identifier."""
    for resource in map(members, items(alert.get("resources"), "resources")):
        yield from _made(("resource", resource.get("uid")), ("host", resource.get("hostname")))


def _made(*pairs: tuple[str, object]) -> Iterator[Observable]:
    for type_, value in pairs:
        found = observable(type_, value) if isinstance(value, str) else None
        if found is not None:
            yield found


def _techniques(alert: dict[str, object], finding: dict[str, object]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for field, holder in (("attacks", alert), ("finding_info.attacks", finding)):
        for attack in map(members, items(holder.get("attacks"), field)):
            entries = attack.get("techniques")
            for entry in entries if isinstance(entries, list) else [attack.get("technique")]:
                broad = technique(members(entry).get("uid"))
                narrow = technique(members(members(entry).get("sub_technique")).get("uid"))
                narrow = narrow or technique(members(attack.get("sub_technique")).get("uid"))
                if narrow or broad:
                    found[narrow or broad or ""] = None
    return tuple(found)
