"""A Sigma hit: a rule and the event that matched it."""

import ipaddress
import re
from collections.abc import Iterator

from soc.cases.intake.entities import distinct, shown
from soc.cases.intake.normal import NormalAlert, Observable
from soc.cases.intake.observables import VALUE_LIMIT, observable
from soc.cases.intake.plain import fitting_key, severity
from soc.cases.intake.problems import refuse
from soc.cases.intake.reading import (
    DESCRIPTION_LIMIT,
    REFERENCE_LIMIT,
    RULE_LIMIT,
    TITLE_LIMIT,
    clean,
    items,
    members,
    moment,
    text,
)

# The name of an account and the field that holds its domain; None where the name carries its domain itself.
_ACCOUNTS = (
    ("SubjectUserName", "SubjectDomainName"),
    ("TargetUserName", "TargetDomainName"),
    ("User", None),
    ("SourceUser", None),
    ("TargetUser", None),
    ("ParentUser", None),
    ("AccountName", "Domain"),
)
_ADDRESSES = ("SourceIp", "DestinationIp", "IpAddress", "SourceAddress", "DestAddress", "ClientAddress")
_DOMAINS = ("QueryName", "DestinationHostname")
_TIMES = ("TimeCreated", "@timestamp", "timestamp", "UtcTime")
_NOTHING = ("", "-")
_TAG = re.compile(r"attack\.(t[0-9]{4}(?:\.[0-9]{3})?)", re.IGNORECASE)


def normal(alert: dict[str, object]) -> NormalAlert:
    """The normal alert of a Sigma hit.

    The host is `Hostname` in lower case, whole; accounts carry their domain where it is given; every part of `Hashes`
    counts by its algorithm; of the tags only `attack.tNNNN[.NNN]` are techniques. Raises Refused.
    """
    rule, event = members(alert.get("rule")), members(alert.get("event"))
    title = text(rule.get("title"), "rule.title", limit=TITLE_LIMIT)
    if not title:
        raise refuse("missing_title", "rule.title", "The rule has no title.", "Send the title of the rule in `rule.title`.")
    entities = distinct(_hosts(event), _accounts(event))
    return NormalAlert(
        form="sigma",
        title=title,
        severity=severity(rule.get("level"), "rule.level"),
        rule_key=text(rule.get("id"), "rule.id", limit=RULE_LIMIT) or fitting_key(title),
        rule_name=title,
        happened_at=next((found for name in _TIMES if (found := moment(event.get(name)))), None),
        entities=entities,
        observables=shown(entities, _hashes(event), _addresses(event), _domains(event)),
        techniques=_techniques(rule.get("tags")),
        description=text(rule.get("description"), "rule.description", limit=DESCRIPTION_LIMIT),
        source_ref=_source_ref(event),
    )


def _hosts(event: dict[str, object]) -> Iterator[Observable]:
    for name in ("Hostname", "Computer", "ComputerName"):
        value = text(event.get(name), f"event.{name}", limit=VALUE_LIMIT)
        if value in _NOTHING:
            continue
        found = observable("host", value)
        if found is None:
            raise refuse("bad_observable", f"event.{name}", f"event.{name} is not the name of a host.", "Send a plain host name.")
        yield found
        return


def _accounts(event: dict[str, object]) -> Iterator[Observable]:
    for name, domain_name in _ACCOUNTS:
        value = text(event.get(name), f"event.{name}", limit=VALUE_LIMIT)
        if value in _NOTHING:
            continue
        domain = text(event.get(domain_name), f"event.{domain_name}", limit=VALUE_LIMIT) if domain_name else ""
        if domain not in _NOTHING and "\\" not in value and "@" not in value:
            value = f"{domain}\\{value}"
        found = observable("account", value)
        if found is None:
            raise refuse("bad_observable", f"event.{name}", f"event.{name} is not the name of an account.", "Send it like DOMAIN\\user.")
        yield found


def _hashes(event: dict[str, object]) -> Iterator[Observable]:
    value = event.get("Hashes")
    # What a log wrote into a field is evidence, not a claim of ours: a part that is no hash is left out.
    for part in value[:VALUE_LIMIT].split(",") if isinstance(value, str) else ():
        found = observable("hash", part)
        if found is not None:
            yield found


def _addresses(event: dict[str, object]) -> Iterator[Observable]:
    for name in _ADDRESSES:
        value = event.get(name)
        found = observable("address", value) if isinstance(value, str) else None
        if found is None:
            continue
        address = ipaddress.ip_address(found.value)
        # A machine's address of itself would tie every machine to every other one.
        if not address.is_loopback and not address.is_unspecified:
            yield found


def _domains(event: dict[str, object]) -> Iterator[Observable]:
    for name in _DOMAINS:
        value = event.get(name)
        found = observable("domain", value) if isinstance(value, str) else None
        if found is not None:
            yield found


def _techniques(tags: object) -> tuple[str, ...]:
    matches = (_TAG.fullmatch(tag.strip()) for tag in items(tags, "rule.tags") if isinstance(tag, str))
    return tuple(dict.fromkeys(match[1].upper() for match in matches if match is not None))


def _source_ref(event: dict[str, object]) -> str:
    parts: list[str] = []
    for label, names in (("", ("Channel",)), ("event ", ("EventID",)), ("record ", ("EventRecordID", "RecordNumber"))):
        value = next((event[name] for name in names if event.get(name) is not None), None)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            parts.append(f"{label}{clean(str(value)).strip()}")
    return text(", ".join(parts), "event.Channel", limit=REFERENCE_LIMIT)
