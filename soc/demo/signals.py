"""What the sensors of the simulated floor see: kinds of signals, and one alert of a kind in the plain form."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from soc.demo.people import DemoAgency


@dataclass(frozen=True)
class Signal:
    """One kind of signal. `about` is what it is grouped by besides its rule; `usual` is what it mostly turns out to be."""

    rule: str
    title: str
    severity: str
    about: str  # host | account | mail | address | resource
    techniques: tuple[str, ...]
    usual: str  # true | benign | rule | data
    text: str
    weight: float = 1.0


CRITICAL = (
    Signal("edr-1001", "Rubeus ticket request, LSASS read", "critical", "host", ("T1558.003", "T1003.001"), "true",
           "A document started an encoded PowerShell, which asked for service tickets and read LSASS."),
    Signal("idp-1002", "Replication rights granted to a service account", "critical", "account", ("T1003.006",), "true",
           "A service account was given the rights to replicate the directory, outside any change window."),
    Signal("edr-1003", "Web shell pattern in an upload folder", "critical", "host", ("T1505.003",), "true",
           "A script was written to a folder that a web server serves, and a shell was started by that server."),
)  # fmt: skip
HIGH = (
    Signal("edr-1101", "SharePoint call chain, CVE-2026-56164", "high", "host", ("T1190",), "true",
           "The calls fit a published exploit of the collaboration server; nothing shows yet that it succeeded."),
    Signal("edr-1102", "Bitsadmin download from a sharing site", "high", "host", ("T1197",), "true",
           "A background transfer fetched a program from a file sharing site.", 1.4),
    Signal("edr-1103", "PowerShell installed as a service", "high", "host", ("T1543.003",), "true",
           "A service was installed whose program is PowerShell with a hidden window."),
    Signal("cloud-1104", "Audit trail in us-east-2 switched off", "high", "resource", ("T1562.008",), "benign",
           "The audit trail of one region was stopped by an administrator's session.", 0.7),
    Signal("edr-1105", "Empire parameters under an Office process", "high", "host", ("T1059.001",), "true",
           "An Office program started PowerShell with parameters known from a framework for intruders."),
    Signal("edr-1106", "System library loaded from a user folder", "high", "host", ("T1574.002",), "rule",
           "A signed program loaded a system library from a folder that users can write.", 1.3),
    Signal("edr-1107", "Encoded command from a document", "high", "host", ("T1059.001", "T1204.002"), "rule",
           "A document started a command whose text is encoded.", 1.6),
    Signal("idp-1108", "Service tickets requested from a help desk laptop", "high", "account", ("T1558.003",), "true",
           "An account that never asked for service tickets asked for forty within a minute.", 0.8),
    Signal("mail-1109", "Mail rule forwards finance messages outside", "high", "mail", ("T1114.003",), "true",
           "A rule forwards messages that speak of invoices to an address outside."),
    Signal("cloud-1110", "Cloud key used from a hosting provider", "high", "account", ("T1552.005",), "true",
           "A key that belongs to a build server was used from a rented machine.", 0.8),
)  # fmt: skip
MEDIUM = (
    Signal("edr-1201", "Remote thread in an uncommon target image", "medium", "host", ("T1055",), "rule",
           "A program started a thread in another one that it seldom touches.", 1.5),
    Signal("idp-1202", "Password policy read out from a kiosk account", "medium", "account", ("T1201",), "benign",
           "A kiosk account listed the rules for passwords."),
    Signal("cloud-1203", "OAuth consent to an unverified application", "medium", "account", ("T1528",), "true",
           "A person let an application that nobody verified read their mail."),
    Signal("edr-1204", "WMI subscription outside a change window", "medium", "host", ("T1546.003",), "benign",
           "A lasting subscription was made that starts a script at logon.", 1.2),
    Signal("idp-1205", "Sign-ins from two countries within nine minutes", "medium", "account", ("T1078.004",), "data",
           "One account signed in from two places that cannot be reached in that time.", 1.8),
    Signal("net-1206", "Beacon to a listed address every 60 seconds", "medium", "host", ("T1071.001",), "true",
           "A workstation calls an address that a shared list names, at even intervals.", 1.2),
    Signal("idp-1207", "Contractor account active after 212 idle days", "medium", "account", ("T1078",), "benign",
           "An account that nobody used for seven months signed in twice."),
    Signal("net-1208", "DNS tunnel pattern to a new domain", "medium", "host", ("T1071.004",), "data",
           "Long, random names under one young domain, many a minute."),
    Signal("edr-1209", "Scheduled task that runs from a temp folder", "medium", "host", ("T1053.005",), "rule",
           "A task was made that starts a program from a temporary folder.", 1.3),
    Signal("net-1210", "Admin share mounted by a workstation", "medium", "host", ("T1021.002",), "benign",
           "A workstation mounted the administrative share of another one."),
    Signal("idp-1211", "Many passwords tried against the remote desktop", "medium", "address", ("T1110.003",), "true",
           "One address tried a few passwords for each of ninety accounts."),
    Signal("mail-1212", "New delegate on a director's mailbox", "medium", "mail", ("T1098.002",), "benign",
           "Somebody was given the right to read a director's mail.", 0.8),
)  # fmt: skip
LOW = (
    Signal("edr-1301", "Startup folder entry, blocked by the agent", "low", "host", ("T1547.001",), "true",
           "A program tried to start at logon; the agent blocked it.", 1.4),
    Signal("edr-1302", "Removable storage with an autorun file", "low", "host", ("T1091",), "benign",
           "A stick was plugged in that carries an autorun file."),
    Signal("mail-1303", "Mail from a lookalike domain", "low", "mail", ("T1566.002",), "true",
           "A sender's domain differs from a partner's by one letter.", 1.5),
    Signal("net-1304", "Port scan from a printer", "low", "host", ("T1046",), "data",
           "A printer asked two hundred ports of its neighbors."),
    Signal("edr-1305", "Unsigned driver offered and refused", "low", "host", ("T1068",), "rule",
           "A driver without a valid signature was offered to the system, which refused it."),
    Signal("edr-1401", "Browser extension with broad rights", "informational", "host", ("T1176",), "benign",
           "An extension that may read every page was installed.", 0.7),
)  # fmt: skip

RANSOM = Signal(
    "edr-1004", "Ransom note name written to a file share", "critical", "host", ("T1486", "T1490"), "true",
    "Files on a share were rewritten one after the other, and a note was left in each folder.",
)  # fmt: skip

BY_SEVERITY = {"critical": CRITICAL, "high": HIGH, "medium": MEDIUM, "low": LOW}
SIGNALS = CRITICAL + HIGH + MEDIUM + LOW
# Of a hundred alerts; most of a watch's work is medium.
SHARES = {"critical": 4, "high": 24, "medium": 48, "low": 24}

GIVEN = ("a", "b", "c", "d", "e", "g", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w")
FAMILY = (
    "tsosie",
    "halvorsen",
    "ruiz",
    "mcbride",
    "okoye",
    "tanaka",
    "weiss",
    "lindgren",
    "abbott",
    "farouk",
    "moreau",
    "silva",
    "kowalski",
    "grey",
    "ivers",
    "dunn",
)
ROLES = ("WS", "WS", "WS", "WS", "LT", "LT", "SRV", "SRV", "DC", "SQL")
HOMES = ("cdn-upd4te", "filedrop-eu", "docs-share", "relay-metrics", "img-cache7", "sync-portal", "mail-verify", "static-edge")


def some_host(agency: DemoAgency, rng: random.Random) -> str:
    """A host of an agency, one of a few hundred."""
    role = rng.choice(ROLES)
    number = rng.randint(2001, 2299) if role in ("WS", "LT") else rng.randint(1, 24)
    return f"{agency.domain.upper()}-{role}-{number:02d}"


def some_account(agency: DemoAgency, rng: random.Random) -> str:
    """An account of an agency's directory."""
    return f"{agency.domain}\\{rng.choice(GIVEN)}.{rng.choice(FAMILY)}"


def some_signal(rng: random.Random, severity: str = "") -> Signal:
    """A kind of signal, by its share of the work."""
    severity = severity or rng.choices(list(SHARES), list(SHARES.values()))[0]
    kinds = BY_SEVERITY[severity]
    return rng.choices(kinds, [kind.weight for kind in kinds])[0]


def entity_of(signal: Signal, agency: DemoAgency, rng: random.Random) -> str:
    """What a signal of this kind is about at an agency."""
    match signal.about:
        case "host":
            return some_host(agency, rng)
        case "account":
            return some_account(agency, rng)
        case "mail":
            return f"{rng.choice(GIVEN)}.{rng.choice(FAMILY)}@{agency.slug}.example"
        case "address":
            return f"198.51.100.{rng.randint(2, 250)}"
        case _:
            return f"trail/{agency.slug}-us-east-2"


def alert_of(signal: Signal, agency: DemoAgency, entity: str, at: datetime, unseen: timedelta, rng: random.Random) -> dict[str, Any]:
    """One alert in the plain form, as the agency's sensor sends it at `at`; what it saw happened `unseen` before."""
    observables: list[dict[str, str]] = []
    if signal.about == "host" or rng.random() < 0.4:
        observables.append({"type": "account", "value": some_account(agency, rng)})
    if (
        signal.techniques[0].startswith(("T1071", "T1197", "T1190", "T1566", "T1110", "T1552", "T1528", "T1505", "T1558"))
        or rng.random() < 0.35
    ):
        observables.append({"type": "address", "value": f"203.0.113.{rng.randint(2, 250)}"})
        observables.append({"type": "domain", "value": f"{rng.choice(HOMES)}.example"})
    if signal.rule.startswith("edr") and rng.random() < 0.7:
        observables.append({"type": "hash", "value": f"{rng.getrandbits(256):064x}"})
    return {
        "title": signal.title,
        "severity": signal.severity,
        "rule": {"id": signal.rule, "name": signal.title},
        "happened_at": (at - unseen).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "entities": [{"type": signal.about, "value": entity}],
        "observables": observables,
        "techniques": list(signal.techniques),
        "description": signal.text,
        "source_ref": f"{signal.rule.split('-')[0]}/{rng.getrandbits(32):08x}",
    }
