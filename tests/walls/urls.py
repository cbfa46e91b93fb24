"""The wall table: one row for every address and method, saying who may, who is refused, and that everyone else meets nothing."""

from dataclasses import dataclass, field

ANALYST, LEAD, ADMIN, AUDITOR, LIAISON = "ana", "lee", "ada", "aud", "nia"
ELSEWHERE = "zoe"  # an analyst who is assigned to the south only
FOREIGN = "sol"  # the liaison of the south
KEY = "north_key"

FLOOR = frozenset({ANALYST, LEAD, ELSEWHERE})
HERE = frozenset({ANALYST, LEAD})  # of the floor, assigned to the north
READ_HERE = HERE | {AUDITOR, LIAISON}
STAFF = FLOOR | {ADMIN, AUDITOR}
EVERYONE = STAFF | {LIAISON, FOREIGN}


@dataclass(frozen=True)
class Wall:
    """Who may use an address (`may`), who may know of it but not do this (`refused`: 403); all others get 404."""

    name: str
    may: frozenset[str]
    method: str = "GET"
    refused: frozenset[str] = frozenset()
    of: tuple[str, ...] = ()  # the north's things that the path names
    query: str = ""
    anonymous: int = 302
    post: dict[str, str] = field(default_factory=dict)

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
CASE = ("case",)

WALLS = [
    # The bottom floor
    page("root", EVERYONE),
    page("agencies", STAFF),
    page("agency-new", ONLY_ADMIN),
    form("agency-new", ONLY_ADMIN),
    page("agency", HERE | {ADMIN, AUDITOR, LIAISON}, of=("agency",)),
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
    form("choose-agency", frozenset({LIAISON}), post={"agency": "north"}),
    form("token-new", FLOOR | {ADMIN}),
    form("token-revoke", frozenset({ANALYST, ADMIN}), of=("token",)),
    # The work
    page("queue", FLOOR | {AUDITOR}),
    page("search", FLOOR | {AUDITOR, LIAISON, FOREIGN}, query="?q=lsass"),
    page("cases", FLOOR | {AUDITOR, LIAISON, FOREIGN}),
    page("case-new", FLOOR),
    form("case-new", HERE, post={"agency": "north", "title": "By phone", "severity": "low", "reason": "They called."}),
    page("case", READ_HERE, of=CASE),
    page("case-preview", HERE | {AUDITOR}, of=CASE),
    page("case-close", READ_HERE, of=CASE),  # leads those who may not close to the case
    form("case-close", HERE, of=CASE, refused=frozenset({AUDITOR, LIAISON})),
    page("case-release", READ_HERE, of=CASE),  # likewise
    form("case-release", HERE, of=CASE, refused=frozenset({AUDITOR, LIAISON})),
    page("case-verb", READ_HERE, of=("case", "verb")),  # leads to the case
    form("case-verb", HERE, of=("case", "verb"), refused=frozenset({AUDITOR, LIAISON})),
    page("dead-letters", TENDERS | {AUDITOR}, refused=frozenset({ANALYST, ELSEWHERE})),
    page("dead-letters-csv", TENDERS | {AUDITOR}, refused=frozenset({ANALYST, ELSEWHERE})),
    page("dead-letter", TENDERS | {AUDITOR}, refused=frozenset({ANALYST}), of=("letter",)),
    form("dead-letter", TENDERS, refused=frozenset({ANALYST, AUDITOR}), of=("letter",)),
    page("suppressions", FLOOR | {AUDITOR}),
    form("suppression-end", HERE, of=("suppression",)),
    page("sources", FLOOR | {AUDITOR}),
    page("law", EVERYONE),
    page("instrument", EVERYONE, of=("instrument",)),
    form("instrument", ONLY_ADMIN, refused=EVERYONE - ONLY_ADMIN, of=("instrument",)),
    page("queues", TENDERS | {AUDITOR}),
    page("standings", FLOOR | {AUDITOR, LIAISON, FOREIGN}),
    page("standings-csv", FLOOR | {AUDITOR, LIAISON, FOREIGN}),
    page("scorecard", READ_HERE, of=("agency",)),
    page("scorecard-csv", READ_HERE, of=("agency",), query="?measure=time_to_contain"),
    page("home", frozenset({LIAISON, FOREIGN})),
    page("promises-csv", frozenset({LIAISON, FOREIGN})),
    page("own-agency", frozenset({LIAISON, FOREIGN})),
    form("consent-give", frozenset({LIAISON, FOREIGN})),
    form("consent-withdraw", frozenset({LIAISON}), of=("consent",)),
    # Playbooks: the north gave standing consent, so its liaison is asked nothing and reads neither run nor approval.
    page("approvals", FLOOR | {AUDITOR, LIAISON, FOREIGN}),
    page("approval", HERE | {AUDITOR}, of=("approval",)),
    page("approval-vote", HERE | {AUDITOR}, of=("approval",)),  # leads to the approval
    form("approval-vote", HERE, refused=frozenset({AUDITOR}), of=("approval",)),
    page("run", HERE | {AUDITOR}, of=("run",)),
    page("run-answer", HERE | {AUDITOR}, of=("run", "step")),  # leads to the run
    form("run-answer", HERE, refused=frozenset({AUDITOR}), of=("run", "step")),
    page("playbooks", STAFF),
    page("playbook", STAFF, of=("book",)),
    form("playbook", FLOOR, refused=frozenset({ADMIN, AUDITOR}), of=("book",)),
    # The API
    Wall("alerts-api", frozenset({KEY}), method="POST", refused=EVERYONE, anonymous=401),
    api("receipt-api", HERE | {AUDITOR, KEY}, of=("receipt",)),
    api("balance-api", READ_HERE | {KEY}, query="?agency=north"),
    api("dead-letters-api", TENDERS | {AUDITOR}, refused=frozenset({ANALYST, ELSEWHERE})),
    Wall("replay-api", TENDERS, method="POST", refused=frozenset({ANALYST, AUDITOR}), of=("letter",), anonymous=401),
    api("cases-api", FLOOR | {AUDITOR, LIAISON, FOREIGN}),
    Wall("cases-api", FLOOR, method="POST", refused=frozenset({AUDITOR, LIAISON, FOREIGN}), anonymous=401),
    api("case-api", READ_HERE, of=CASE),
    Wall("case-verb-api", HERE, method="POST", refused=frozenset({AUDITOR, LIAISON}), of=("case", "verb"), anonymous=401),
    api("runs-api", FLOOR | {AUDITOR, LIAISON, FOREIGN}),
    # The north gave standing consent: nothing was asked of its liaison, so nothing of the run is released.
    api("run-api", HERE | {AUDITOR}, of=("run",)),
    api("approvals-api", FLOOR | {AUDITOR, LIAISON, FOREIGN}),
    Wall("vote-api", HERE, method="POST", refused=frozenset({AUDITOR}), of=("approval",), anonymous=401),
    api("scorecard-api", READ_HERE, of=("agency",)),
    api("scorecard-evidence-api", READ_HERE, of=("agency",), query="?measure=time_to_contain"),
    api("standings-api", FLOOR | {AUDITOR, LIAISON, FOREIGN}),
]

# Addresses without a wall, each with its reason.
OPEN = {
    "healthz": "says that the process lives, to anyone",
    "readyz": "says which dependency is missing, to anyone, without secrets",
    "metrics": "loopback or an admin's token; tested beside it",
    "schema": "the API's description is public",
}
