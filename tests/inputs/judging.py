"""What no answer may be: a failure, a status that the schema does not name, a refusal without a code, a half-done change."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from tests.inputs.calling import Answer, Ask, moved

CODE = re.compile(r"[a-z][a-z0-9_]*")
LIVE = (b"<script>hostile()", b"<img src=x onerror")
HEAVY = {"title", "status", "code", "detail", "type"}
# What Django's own server or a middleware answers before an operation is found.
BEFORE = {400, 401, 404, 405}


def schema() -> dict[str, Any]:
    """The API's description, as it is served."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


def declared(described: dict[str, Any]) -> list[tuple[str, re.Pattern[str], set[int]]]:
    """Method, address and statuses of each operation."""
    return [
        (method.upper(), re.compile(re.sub(r"{\w+}", "[^/]+", path)), {int(status) for status in operation["responses"]})
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


@dataclass
class Judge:
    """Counts the answers of one role and keeps what is wrong with them."""

    role: str
    described: dict[str, Any] = field(default_factory=schema)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: dict[str, str] = field(default_factory=dict)
    cases: int = 0
    slowest: tuple[float, str] = (0.0, "")

    def __post_init__(self) -> None:
        self.operations = declared(self.described)
        self.before = moved()

    def look(self, ask: Ask, answer: Answer) -> None:
        """Judge one answer; call it while its changes can still be seen."""
        self.cases += 1
        self.statuses[answer.status] += 1
        self.slowest = max(self.slowest, (answer.seconds, str(ask)))
        for fault in self._faults(ask, answer):
            # One example of each is enough; the first is told.
            self.wrong.setdefault(f"{fault}: {ask.method[:20]} {re.sub(r'[0-9a-f-]{36}|[^ -~]', '*', ask.path)[:70]}", str(ask))

    def _faults(self, ask: Ask, answer: Answer) -> list[str]:
        found = []
        if answer.status >= 500:
            found.append(f"failed with {answer.status}")
        if "x-injected" in answer.headers or any(name.startswith("x-injected") for name in answer.headers):
            found.append("a header was injected")
        if answer.kind == "text/html" and any(live in answer.body for live in LIVE):
            found.append("markup came back alive")
        if ask.path.startswith("/api/"):
            found += self._api_faults(ask, answer)
        if answer.status >= 400 and not kept(answer) and moved() != self.before:
            found.append(f"refused with {answer.status}, and something moved")
        return found

    def _api_faults(self, ask: Ask, answer: Answer) -> list[str]:
        found = []
        for method, address, statuses in self.operations:
            if method == ask.method and address.fullmatch(ask.path) and answer.status not in statuses:
                found.append(f"answered {answer.status}, which its description does not name")
        if answer.status >= 400:
            found += [fault for fault in problem_faults(ask, answer) if fault]
        return found

    def row(self) -> str:
        """The role's line of the table."""
        told = " ".join(f"{status}:{count}" for status, count in sorted(self.statuses.items()))
        return f"{self.role:<11} {self.cases:>7}  {told}"


def problem_faults(ask: Ask, answer: Answer) -> list[str]:
    """What is wrong with a refusal of the API."""
    if answer.kind != "application/problem+json":
        return [f"{answer.status} as {answer.kind or 'nothing'}, not as a problem"]
    if ask.method == "HEAD":
        return []
    try:
        document = json.loads(answer.body)
    except ValueError:
        return ["a problem that is not JSON"]
    missing = HEAVY - set(document)
    return [
        f"a problem without {', '.join(sorted(missing))}" if missing else "",
        "" if CODE.fullmatch(str(document.get("code", ""))) else "a problem whose code is no word",
        "" if document.get("status") == answer.status else "a problem of another status",
    ]


def kept(answer: Answer) -> bool:
    """Whether a single alert was refused and kept, as the interface promises: its receipt is in the answer."""
    if answer.status != 422 or answer.kind != "application/problem+json":
        return False
    return bool(json.loads(answer.body).get("receipt"))
