"""The wall table: one row for every address and method, saying which roles may, which are refused, and that others meet nothing.

A row speaks of one's own agency: its thing is named by `of` in the address, by `{words}` in `query` and `post`. That of
another agency is the 404 of nothing for everyone, and needs no row; `tests/walls/test_matrix.py` asks all of it.
"""

from dataclasses import dataclass, field
from typing import Any

# Roles, each named by the character of the cast who plays it.
ANALYST, LEAD, ADMIN, AUDITOR, LIAISON = "ana", "lee", "ada", "aud", "nia"
KEY = "north_key"

FLOOR = frozenset({ANALYST, LEAD})
READ_HERE = FLOOR | {AUDITOR, LIAISON}
STAFF = FLOOR | {ADMIN, AUDITOR}
EVERYONE = STAFF | {LIAISON}


@dataclass(frozen=True)
class Wall:
    """Who may use an address (`may`), who may know of it but not do this (`refused`: 403); all others get 404.

    `asked`: who may only where the agency's own word is asked for.
    """

    name: str
    may: frozenset[str]
    method: str = "GET"
    refused: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    of: tuple[str, ...] = ()  # the agency's things that the path names
    query: str = ""
    anonymous: int = 302
    post: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.name}{self.query}"


def page(name: str, may: frozenset[str], **more: object) -> Wall:
    return Wall(name, may, **more)  # type: ignore[arg-type]


def form(name: str, may: frozenset[str], **more: object) -> Wall:
    return Wall(name, may, method="POST", **more)  # type: ignore[arg-type]


def api(name: str, may: frozenset[str], **more: object) -> Wall:
    return Wall(name, may, anonymous=401, **more)  # type: ignore[arg-type]


ONLY_ADMIN = frozenset({ADMIN})
TENDERS = frozenset({LEAD, ADMIN})
KEEPERS = frozenset({ADMIN, AUDITOR})
CASE = ("case",)
BY_HAND = {"agency": "{agency}", "title": "By phone", "severity": "low", "reason": "They called."}
FORK = {"at": 1, "reason": "What if"}
SEEN = {"version": "{version}"}
ASKED = frozenset({LIAISON})
UNDOING = ("run-cancel", "run-undo", "run-undo-until")

WALLS = [
    # The bottom floor
    page("root", EVERYONE),
    page("agencies", STAFF),
    page("agency-new", ONLY_ADMIN),
    form("agency-new", ONLY_ADMIN),
    page("agency", FLOOR | {ADMIN, AUDITOR, LIAISON}, of=("agency",)),
    form("agency-move", ONLY_ADMIN, of=("agency",)),
    form("agency-call-tree", ONLY_ADMIN, of=("agency",)),
    form("key-new", ONLY_ADMIN, of=("agency",)),
    form("key-revoke", ONLY_ADMIN, of=("key",)),
    page("people", frozenset({ADMIN, AUDITOR})),
    form("people", ONLY_ADMIN, refused=frozenset({AUDITOR})),
    page("person", frozenset({ADMIN, AUDITOR}), of=("person",)),
    form("person", ONLY_ADMIN, refused=frozenset({AUDITOR}), of=("person",)),
    form("person-deactivate", ONLY_ADMIN, of=("person",)),
    form("person-reactivate", ONLY_ADMIN, of=("person",)),
    form("role-end", ONLY_ADMIN, of=("membership",)),
    page("parked", TENDERS | {AUDITOR}),
    form("delivery-retry", TENDERS, of=("delivery",)),
    form("delivery-skip", TENDERS, of=("delivery",)),
    page("account", EVERYONE),
    form("preferences", EVERYONE),
    form("choose-agency", frozenset({LIAISON}), post={"agency": "{agency}"}),
    form("token-new", FLOOR | {ADMIN}),
    form("token-revoke", FLOOR | {ADMIN}, of=("token",)),  # one's own; an admin ends anyone's
    # The work
    page("queue", FLOOR | {AUDITOR}),
    page("search", FLOOR | {AUDITOR, LIAISON}, query="?q=lsass"),
    page("cases", FLOOR | {AUDITOR, LIAISON}),
    page("case-new", FLOOR),
    form("case-new", FLOOR, post=BY_HAND),
    page("case", READ_HERE, of=CASE),
    page("case-preview", FLOOR | {AUDITOR}, of=CASE),
    page("case-close", READ_HERE, of=CASE),  # leads those who may not close to the case
    form("case-close", FLOOR, of=CASE, refused=frozenset({AUDITOR, LIAISON}), post=SEEN),
    page("case-release", READ_HERE, of=CASE),  # likewise
    form("case-release", FLOOR, of=CASE, refused=frozenset({AUDITOR, LIAISON}), post=SEEN),
    page("case-verb", READ_HERE, of=("case", "verb")),  # leads to the case
    form("case-verb", FLOOR, of=("case", "verb"), refused=frozenset({AUDITOR, LIAISON}), post=SEEN),
    page("dead-letters", TENDERS | {AUDITOR}, refused=frozenset({ANALYST})),
    page("dead-letters-csv", TENDERS | {AUDITOR}, refused=frozenset({ANALYST})),
    page("dead-letter", TENDERS | {AUDITOR}, refused=frozenset({ANALYST}), of=("letter",)),
    form("dead-letter", TENDERS, refused=frozenset({ANALYST, AUDITOR}), of=("letter",)),
    page("suppressions", FLOOR | {AUDITOR}),
    form("suppression-end", FLOOR, of=("suppression",)),
    page("sources", FLOOR | {AUDITOR}),
    page("law", EVERYONE),
    page("instrument", EVERYONE, of=("instrument",)),
    form("instrument", ONLY_ADMIN, refused=EVERYONE - ONLY_ADMIN, of=("instrument",)),
    page("queues", TENDERS | {AUDITOR}),
    page("standings", FLOOR | {AUDITOR, LIAISON}),
    page("standings-csv", FLOOR | {AUDITOR, LIAISON}),
    page("scorecard", READ_HERE, of=("agency",)),
    page("scorecard-csv", READ_HERE, of=("agency",), query="?measure=time_to_contain"),
    page("home", frozenset({LIAISON})),
    page("promises-csv", frozenset({LIAISON})),
    page("own-agency", frozenset({LIAISON})),
    form("consent-give", frozenset({LIAISON})),
    form("consent-withdraw", frozenset({LIAISON}), of=("consent",)),
    # Playbooks: where an agency gave standing consent, its liaison is asked nothing and reads neither run nor approval.
    page("approvals", FLOOR | {AUDITOR, LIAISON}),
    page("approval", FLOOR | {AUDITOR}, of=("approval",), asked=ASKED),
    page("approval-vote", FLOOR | {AUDITOR}, of=("approval",), asked=ASKED),  # leads to the approval
    form("approval-vote", FLOOR, refused=frozenset({AUDITOR}), of=("approval",), asked=ASKED),
    page("approval-break", FLOOR | {AUDITOR}, of=("approval",), asked=ASKED),  # leads to the approval
    form("approval-break", frozenset({LEAD}), refused=frozenset({ANALYST, AUDITOR}), of=("approval",)),
    page("approval-review", FLOOR | {AUDITOR}, of=("approval",), asked=ASKED),  # leads to the approval
    form("approval-review", FLOOR, refused=frozenset({AUDITOR}), of=("approval",)),
    page("run", FLOOR | {AUDITOR}, of=("run",), asked=ASKED),
    page("run-answer", FLOOR | {AUDITOR}, of=("run", "step"), asked=ASKED),  # leads to the run
    form("run-answer", FLOOR, refused=frozenset({AUDITOR}), of=("run", "step")),
    *(page(name, FLOOR | {AUDITOR}, of=("run",)) for name in UNDOING),
    *(form(name, FLOOR, refused=frozenset({AUDITOR}), of=("run",)) for name in UNDOING),
    page("run-log", FLOOR | {AUDITOR}, of=("run",)),
    form("run-log", FLOOR, refused=frozenset({AUDITOR}), of=("run",), post=FORK),
    page("run-move", FLOOR | {AUDITOR}, of=("run",)),
    form("run-move", FLOOR, refused=frozenset({AUDITOR}), of=("run",)),
    page("runs", FLOOR | {AUDITOR, LIAISON}),
    page("runs-export", FLOOR | {AUDITOR, LIAISON}),
    page("playbooks", STAFF),
    page("playbook", STAFF, of=("book",)),
    form("playbook", FLOOR, refused=frozenset({ADMIN, AUDITOR}), of=("book",)),
    page("playbook-import", ONLY_ADMIN),
    form("playbook-import", ONLY_ADMIN),
    page("playbook-signers", KEEPERS),
    form("playbook-signers", ONLY_ADMIN, refused=frozenset({AUDITOR})),
    page("playbook-signature-policies", KEEPERS),
    form("playbook-signature-policies", ONLY_ADMIN, refused=frozenset({AUDITOR}), post={"agency": "{agency}", "require": "valid"}),
    page("playbook-signer", KEEPERS, of=("signer",)),
    form("playbook-signer", ONLY_ADMIN, refused=frozenset({AUDITOR}), of=("signer",)),
    page("drafts", STAFF),
    form("drafts", FLOOR | {ADMIN}, refused=frozenset({AUDITOR})),
    page("draft", STAFF, of=("draft",)),
    form("draft", FLOOR | {ADMIN}, refused=frozenset({AUDITOR}), of=("draft",)),  # one's own; the matrix names each caller's
    page("draft-publish", STAFF, of=("draft",)),
    form("draft-publish", ONLY_ADMIN, refused=FLOOR | {AUDITOR}, of=("draft",)),
    page("draft-discard", STAFF, of=("draft",)),  # leads to the draft
    form("draft-discard", FLOOR | {ADMIN}, refused=frozenset({AUDITOR}), of=("draft",)),
    page("draft-try", STAFF, of=("draft",)),
    page("playbook-versions", STAFF, of=("book",)),
    page("playbook-rules", STAFF, of=("book",)),
    form("playbook-rules", ONLY_ADMIN, refused=STAFF - ONLY_ADMIN, of=("book",)),
    page("backtests", FLOOR | {AUDITOR}, of=("book",)),
    form("backtests", FLOOR, refused=frozenset({AUDITOR}), of=("book",)),
    page("backtest", FLOOR | {AUDITOR}, of=("book", "question")),
    page("backtest-export", FLOOR | {AUDITOR}, of=("book", "question")),
    page("playbook-export", STAFF, of=("book",)),
    # The API
    Wall("alerts-api", frozenset({KEY}), method="POST", refused=EVERYONE, anonymous=401),
    api("receipt-api", FLOOR | {AUDITOR, KEY}, of=("receipt",)),
    api("balance-api", READ_HERE | {KEY}, query="?agency={agency}"),
    api("dead-letters-api", TENDERS | {AUDITOR}, refused=frozenset({ANALYST})),
    Wall("replay-api", TENDERS, method="POST", refused=frozenset({ANALYST, AUDITOR}), of=("letter",), anonymous=401),
    api("cases-api", FLOOR | {AUDITOR, LIAISON}),
    Wall("cases-api", FLOOR, method="POST", refused=frozenset({AUDITOR, LIAISON}), anonymous=401, post=BY_HAND),
    api("case-api", READ_HERE, of=CASE),
    Wall("case-verb-api", FLOOR, method="POST", refused=frozenset({AUDITOR, LIAISON}), of=("case", "verb"), anonymous=401),
    api("runs-api", FLOOR | {AUDITOR, LIAISON}),
    api("run-api", FLOOR | {AUDITOR}, of=("run",), asked=ASKED),
    Wall("run-forks-api", FLOOR, method="POST", refused=frozenset({AUDITOR}), of=("run",), anonymous=401, post=FORK),
    api("run-move-api", FLOOR | {AUDITOR}, of=("run",)),
    Wall("run-move-api", FLOOR, method="POST", refused=frozenset({AUDITOR}), of=("run",), anonymous=401),
    api("run-undo-api", FLOOR | {AUDITOR}, of=("run",)),
    *(Wall(f"{name}-api", FLOOR, method="POST", refused=frozenset({AUDITOR}), of=("run",), anonymous=401) for name in UNDOING),
    api("approvals-api", FLOOR | {AUDITOR, LIAISON}),
    Wall("vote-api", FLOOR, method="POST", refused=frozenset({AUDITOR}), of=("approval",), anonymous=401, asked=ASKED),
    Wall("break-glass-api", frozenset({LEAD}), method="POST", refused=frozenset({ANALYST, AUDITOR}), of=("approval",), anonymous=401),
    Wall("review-api", FLOOR, method="POST", refused=frozenset({AUDITOR}), of=("approval",), anonymous=401),
    api("scorecard-api", READ_HERE, of=("agency",)),
    api("scorecard-evidence-api", READ_HERE, of=("agency",), query="?measure=time_to_contain"),
    api("standings-api", FLOOR | {AUDITOR, LIAISON}),
]

# Addresses without a wall, each with its reason.
OPEN = {
    "healthz": "says that the process lives, to anyone",
    "readyz": "says which dependency is missing, to anyone, without secrets",
    "metrics": "loopback or an admin's token; tested beside it",
    "schema": "the API's description is public",
}
