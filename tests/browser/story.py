"""The dozen alerts of the stage, and what people did with the cases before the first test looks."""

from datetime import UTC, datetime, timedelta
from typing import Any


def alert(title: str, severity: str, rule: str, *entities: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Our own plain form of an alert."""
    return {
        "title": title,
        "severity": severity,
        "rule": rule,
        "entities": [{"type": kind, "value": value} for kind, value in entities],
        "happened_at": (datetime.now(UTC) - timedelta(minutes=more.pop("ago", 12))).isoformat(),
        **more,
    }


NORTH = [
    alert(
        "Process memory of the sign-in service was read on NRT-WS-2291",
        "critical",
        "lsass-read",
        ("host", "NRT-WS-2291"),
        ago=47,
        observables=[
            {"type": "account", "value": "nrt\\j.tsosie"},
            {"type": "address", "value": "203.0.113[.]77"},
            {"type": "domain", "value": "updates-cdn[.]example"},
        ],
        techniques=["T1003.001", "T1055"],
    ),
    alert("Sign-ins from two countries within ten minutes", "high", "impossible-travel", ("account", "nrt\\m.ortega"), ago=25),
    alert("A macro from the internet started a script host", "medium", "macro-script", ("host", "NRT-WS-0415"), ago=31),
    alert("Beacon at even intervals to a young domain", "low", "beacon", ("host", "NRT-WS-0078"), ago=90),
    alert("A new rule forwards mail outside the agency", "medium", "mail-forward", ("account", "nrt\\p.lang"), ago=65),
    alert("Many failed sign-ins on the remote gateway", "low", "gateway-failures", ("resource", "vpn-north-1"), ago=20),
    alert("Port scan inside the server network", "informational", "port-scan", ("host", "NRT-SRV-11"), ago=15),
]
SOUTH = [
    alert("Files were encrypted and renamed on STH-FS-02", "critical", "mass-rename", ("host", "STH-FS-02"), ago=9, techniques=["T1486"]),
    alert("An unsigned driver was loaded", "medium", "unsigned-driver", ("host", "STH-WS-0230"), ago=33),
    alert("A scheduled task runs from a temporary folder", "low", "task-temp", ("host", "STH-WS-0117"), ago=52),
    alert("A storage bucket was opened to everyone", "medium", "bucket-public", ("resource", "sth-tide-tables"), ago=70),
]
BROKEN = [{"headline": "A form that nobody told us about", "level": 3, "where": "NRT-WS-0415"}]

# Places in the list of cases, for those who want a certain one.
WAITING, TRAVEL, MACRO, BEACON, FORWARD, GATEWAY, SCAN, SOUTHERN = range(8)


def work_the_cases(floor: Any, numbers: list[str]) -> None:
    """One case with released rows, one contained, one closed, one suppressed; the rest stays new."""
    act = floor.act
    act("lee", numbers[WAITING], "claim")
    act("lee", numbers[WAITING], "note", text="Called the help desk: the owner of the machine is at lunch.", visibility="internal")
    act("lee", numbers[WAITING], "note", text="Please keep the machine powered on.", visibility="released")
    act("nia", numbers[WAITING], "note", text="Understood. Our desk knows.")
    act("lee", numbers[WAITING], "task", title="Ask who was signed in")
    act("ana", numbers[MACRO], "claim")
    act("ana", numbers[MACRO], "investigate")
    act("ana", numbers[MACRO], "contain", reason="The host was taken off the network by hand.")
    act("ana", numbers[FORWARD], "claim")
    act("ana", numbers[FORWARD], "contain", reason="The rule was removed.")
    act("ana", numbers[FORWARD], "close", disposition="benign_positive", reason="The owner forwards to the records office, as agreed.")
    until = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    act("ana", numbers[BEACON], "suppress", until=until, reason="The monitoring agent of the agency does this.")
