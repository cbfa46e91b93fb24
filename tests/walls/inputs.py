"""What may be put into an operation: each input that can name a thing is tried with another agency's, as with nothing's."""

from dataclasses import dataclass, field
from typing import Any

from tests.walls.urls import FLOOR, READ_HERE

# Every verb of a case with who may do it; the auditor and the liaison hear 403 of the others.
VERBS: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("claim", "assign", "investigate", "edit", "severity", "contain", "recover", "release", "task", "task_done", "suppress",
         "declare", "close", "reopen"),
        FLOOR,
    ),
    "note": READ_HERE - {"aud"},
}  # fmt: skip

# The kinds of planted words (see world.py) that an operation shows those who may use it.
SHOWS: dict[str, str] = {
    **dict.fromkeys(
        ("GET agencies", "GET agency", "GET balance-api", "GET dead-letters", "GET dead-letters-csv", "GET own-agency", "GET sources"),
        "held",
    ),
    **dict.fromkeys(
        (
            "GET approval",
            "GET approvals",
            "GET approvals-api",
            "GET backtest",
            "GET backtest-export",
            "GET case-close",
            "GET home",
            "GET playbook",
            "GET run",
            "GET run-api",
            "GET run-log",
            "GET run-move",
            "GET run-cancel",
            "GET run-undo",
            "POST run-undo",
            "GET runs",
            "GET runs-api",
            "GET runs-export",
            *(f"POST approval-{one}" for one in ("break", "review", "vote")),
            "POST case-close",
            "POST case-verb close",
            "POST playbook",
            "POST run-answer",
            "POST run-log",
            "POST run-move",
        ),
        "shown",
    ),
    **dict.fromkeys(
        (
            "GET case",
            "GET case-release",
            "GET cases-api",
            "GET suppressions",
            "POST case-release",
            "POST case-verb declare",
            "POST case-verb edit",
            "POST case-verb note",
            "POST case-verb reopen",
            "POST case-verb severity",
            "POST case-verb suppress",
            "POST case-verb task",
            "POST case-verb task_done",
            "POST case-verb release",
        ),
        "inside sent shown",
    ),
    **dict.fromkeys(
        ("GET case-api", "POST case-verb-api claim", "POST case-verb-api investigate", "POST case-verb-api reopen"),
        "held inside sent shown",
    ),
    **dict.fromkeys(("GET case-preview", "GET cases", "GET queue"), "inside shown"),
    **dict.fromkeys(("GET dead-letter", "GET dead-letters-api", "POST dead-letter"), "held raw"),
    **dict.fromkeys(("GET parked",), "raw"),
    **dict.fromkeys(("GET receipt-api",), "sent shown"),
}

# Inputs that can name a thing of an agency: each needs a place below wherever an operation reads it.
NAMING = frozenset({"agency", "owner", "q", "case", "cursor", "items", "task", "hash", "after", "actions"})
# Inputs that cannot, each with the reason.
PLAIN = {
    **dict.fromkeys(("state", "severity", "view", "order", "who", "lines", "observables", "measure", "class", "standing", "disposition",
                     "kind", "visibility", "vote", "verdict", "answer", "theme", "single_keys", "way", "size_class", "cfo_act", "verified",
                     "waits", "check", "signed", "require"),
                    "one word of a fixed list"),
    **dict.fromkeys(("title", "summary", "text", "reason", "why", "note", "name", "source", "body", "mapping", "phone", "email",
                     "password", "acronym", "was_summary", "target", "glass_reason"),
                    "a text that is stored and names nothing"),
    **dict.fromkeys(("period", "on", "at", "until", "read_at", "effective_from", "in_force_from", "in_force_until", "time_zone"),
                    "a time or a zone"),
    **dict.fromkeys(("version", "against", "out_of_hours", "days"), "a number"),
    **dict.fromkeys(("document", "lenient"), "a playbook and how it is read: everybody's, from an admin"),
    "take_back": "yes or no",
    "pem": "a key in full, from an admin: trust in a signer is the program's",
    "policies": "a way for each step of the run in the path, by the ids of its book, which is everybody's",
    **dict.fromkeys(("entry", "entries"), "effects of the run in the path: another's are unknown there"),
    "rule": "a rule of a book, which is everybody's, or a condition over the facts of a case",
    "mode": "one word of a fixed list",
    **dict.fromkeys(("book", "draft", "part"), "a book, a draft of one, or a part of it: of the program, which no agency owns"),
    **dict.fromkeys(("do", "add_kind"), "one word of a fixed list"),
    "preview": "the hash of what was shown of this run: another's moves nothing",
    "format": "the framework looks for it, and knows JSON alone",
    "next": "an address on this site, where the browser asks again",
    "once": "the key of one showing of a form, which is its reader's alone (tried below)",
    "step": "a step of the book, which is everybody's",
    "slug": "the name of an agency that is new",
    "role": "one word of a fixed list, from an admin",
    "superseded_by": "an instrument of law, which is everybody's",
    "csrfmiddlewaretoken": "of the browser's own session",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """One input of one operation, filled with a thing of another agency; `{own_x}` is the caller's own thing.

    `path` names the caller's own things unless `of` says otherwise. With `alike` the answers differ in new ids and times only.
    """

    operation: str  # the row of urls.py
    where: str  # path | query | body | cursor | bulk | header
    what: str  # the input's name
    by: tuple[str, ...] = ("nor",)
    verb: str = "claim"
    query: str = ""
    body: Any = None
    header: dict[str, str] = field(default_factory=dict)
    of: dict[str, str] = field(default_factory=dict)  # words of the path that name the other agency's
    alike: bool = False
    same: bool = True  # False: the place is a point in an order, where only what is read counts

    def __str__(self) -> str:
        verb = f" {self.verb}" if "verb" in self.operation else ""
        return f"{self.operation}{verb} {self.where} {self.what} {self.query or self.header or self.of or ''}".strip()


def filters(operation: str, by: tuple[str, ...], *queries: str) -> list[Place]:
    """The same operation with several queries."""
    return [Place(operation, "query", query.partition("=")[0], by, query=f"?{query}") for query in queries]


BOTH, READ = ("nor", "nia"), ("nor", "nia", "zoe", "sol")
LEADS = ("led",)
Q = ("q={case}", "q={title}", "q={observable}")
NOTE = {"text": "Tried twice"}
FORGED = {
    **dict.fromkeys(("X_Agency", "X_Tenant", "X_HTTP_Method_Override"), "{agency}"),
    **dict.fromkeys(("X_Forwarded_User", "Remote_User", "X_Remote_User"), "{owner}"),
    "X_Original_URL": "/api/v1/cases/{case}", "X_Rewrite_URL": "/cases/{case}/", "X_Forwarded_For": "{hash}",
    "Referer": "http://testserver/cases/{case}/", "HX_Current_URL": "/cases/{case}/", "If_None_Match": '"{version}-{case}"',
    "X_Request_ID": "{receipt}",
}  # fmt: skip
PLACES: list[Place] = [
    # Filters
    *filters("GET cases-api", READ, "agency={agency}", "owner={owner}", *Q),
    *filters("GET cases", BOTH, *Q),
    *filters("GET search", BOTH, *Q),
    *filters("GET queue", ("nor", "zoe"), "agency={agency}", "owner={owner}", "case={case}", *Q),
    *filters("GET runs-api", READ, "case={case}"),
    *filters("GET approvals-api", READ, "case={case}"),
    *filters("GET runs", READ, "agency={agency}"),
    *filters("GET runs-export", READ, "agency={agency}", "agency={agency}&kind=json"),
    *filters("GET playbooks", ("nor", "zoe"), *Q),
    *filters("GET dead-letters-api", LEADS, "agency={agency}"),
    *filters("GET dead-letters", LEADS, "agency={agency}"),
    *filters("GET dead-letters-csv", LEADS, "agency={agency}"),
    *filters("GET agencies", ("nor",), "q={agency}"),
    *filters("GET case", BOTH, "after={item}", "after={opened_at}"),
    *filters("GET playbook", ("nor",), "case={case}"),
    *filters("GET case-release", ("nor",), "items={item}"),
    Place("POST case-verb", "query", "after", verb="note", query="?after={item}", body={"text": ""}),
    *filters("GET case-new", ("nor",), "agency={agency}"),
    # Cursors as they would stand on another person's page
    *(Place(f"GET {name}", "cursor", "cursor", by, query="?cursor={cursor:opened_at:case_id}", same=False)
      for name, by in (("cases-api", READ), ("cases", BOTH), ("search", BOTH), ("runs-api", READ), ("runs", READ),
                       ("approvals-api", READ))),
    *(Place(f"GET {name}", "cursor", "cursor", LEADS, query="?cursor={cursor:opened_at:letter}", same=False)
      for name in ("dead-letters-api", "dead-letters")),
    Place("GET backtest", "cursor", "cursor", ("nor",), query="?cursor={cursor:case_id}", same=False),
    Place("GET queue", "cursor", "cursor", ("nor",), query="?cursor={cursor:opened_at:case}", same=False),
    Place("GET standings-api", "cursor", "cursor", BOTH, query="?cursor={cursor:size:case_id}", same=False),
    *(Place(f"GET {name}", "cursor", "cursor", BOTH, query="?measure=time_to_contain&cursor={cursor:opened_at:case_id}", same=False)
      for name in ("scorecard-evidence-api", "scorecard")),
    # Bodies
    *(Place(f"POST {name}", "body", "owner", verb="assign", body={"owner": "{owner}"}) for name in ("case-verb-api", "case-verb")),
    *(Place(f"POST {name}", "body", "task", verb="task_done", body={"task": "{task}"}) for name in ("case-verb-api", "case-verb")),
    *(Place(f"POST {name}", "body", "items", verb="release", body={"items": ["{item}"]})
      for name in ("case-verb-api", "case-verb", "case-release")),
    *(Place(f"POST {name}", "bulk", "items", verb="release", body={"items": ["{own_item}", "{item}"]})
      for name in ("case-verb-api", "case-verb", "case-release")),
    *(Place(f"POST {name}", "body", "hash", ("nia", "nor"), body={"hash": "{hash}", "vote": "approve", "reason": "Tried."})
      for name in ("vote-api", "approval-vote")),
    *(Place(f"POST {name}", "body", "hash", LEADS, body={"hash": "{hash}", "target": "x", "reason": "Tried."})
      for name in ("break-glass-api", "approval-break")),
    *(Place(f"POST {name}", "body", "hash", ("nor",), body={"hash": "{hash}", "reason": "Tried."})
      for name in ("run-cancel", "run-undo", "run-cancel-api", "run-undo-api")),
    Place("POST cases-api", "body", "agency", ("nor", "nia"), body={"agency": "{agency}", "title": "x", "severity": "low",
                                                                    "reason": "y"}),
    *filters("GET backtests", ("nor",), "agency={agency}"),
    Place("POST backtests", "body", "agency", ("nor",), body={"agency": "{agency}", "days": "30", "way": "own"}),
    Place("POST playbook", "body", "case", ("nor", "led"), body={"case": "{case}", "why": "Tried."}),
    Place("POST case-verb", "body", "once", ("nor",), verb="note", body={**NOTE, "once": "{once}"}, alike=True),
    Place("POST consent-give", "body", "actions", ("nia",), body={"actions": ["{agency}.isolate"]}),
    # One's own thing in the path beside another's
    Place("POST run-answer", "path", "step", ("nor",), of={"step": "{step}"}, body={"answer": "yes", "reason": "Tried."}),
    Place("POST run-answer", "path", "run", ("nor",), of={"run": "{run}", "step": "{step}"}, body={"answer": "yes", "reason": "x"}),
    Place("GET run-answer", "path", "step", ("nor",), of={"step": "{step}"}),
    # Headers: what another agency's program sent before, and what a proxy would never let through
    Place("POST case-verb-api", "header", "Idempotency-Key", ("nor", "nia"), verb="note", body=NOTE,
          header={"Idempotency_Key": "once-{agency}", "If_Match": "{own_version}"}, alike=True),
    Place("POST case-verb-api", "header", "Idempotency-Key", ("nor", "nia"), verb="note", body=NOTE, of={"case": "{case}"},
          header={"Idempotency_Key": "once-{agency}", "If_Match": "{version}"}),
    Place("POST alerts-api", "header", "Idempotency-Key", ("north_key",), body={"title": "Tried"},
          header={"Idempotency_Key": "alone-{agency}"}, alike=True),
    Place("POST alerts-api", "bulk", "idempotency_key", ("north_key",), alike=True,
          body=[{"idempotency_key": "alone-{agency}", "alert": {"title": "Tried"}}, {"title": "Another"}]),
    *(Place(f"GET {name}", "header", "forged", ("nor", "nia"), header=FORGED) for name in ("cases-api", "cases")),
]  # fmt: skip
