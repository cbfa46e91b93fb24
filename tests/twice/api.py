"""Every mutating operation of the API, with something fresh for it to change."""

from collections.abc import Iterator
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from tests.twice.stage import Asked, Make, Stage, soon

MUTATING = ("post", "put", "patch", "delete")


def verb(name: str, **body: Any) -> Make:
    """A verb on a new case."""

    def make(stage: Stage) -> Asked:
        return Asked(f"/api/v1/cases/{stage.case().number}/{name}", body, version=1)

    return make


def release(stage: Stage) -> Asked:
    case, ref = stage.line()
    return Asked(f"/api/v1/cases/{case.number}/release", {"items": [ref]}, version=1)


def task_done(stage: Stage) -> Asked:
    case, ref = stage.task()
    return Asked(f"/api/v1/cases/{case.number}/task_done", {"task": ref}, version=2)


def suppress(stage: Stage) -> Asked:
    return Asked(f"/api/v1/cases/{stage.case().number}/suppress", {"until": soon(), "reason": "Noise."}, version=1)


def reopen(stage: Stage) -> Asked:
    return Asked(f"/api/v1/cases/{stage.case(closed=True).number}/reopen", {"reason": "It is back."}, version=2)


def move(stage: Stage) -> Asked:
    run, preview = stage.movable()
    return Asked(f"/api/v1/runs/{run.public_id}/move", {"version": 2, "preview": preview, "reason": "Better."})


def cancel(stage: Stage) -> Asked:
    return Asked(f"/api/v1/runs/{stage.approval().run.public_id}/cancel", {"reason": "A false alarm."})


def undo(stage: Stage) -> Asked:
    run, plan = stage.isolated()
    return Asked(f"/api/v1/runs/{run}/undo", {"hash": plan.hash, "reason": "A false alarm."})


def until(stage: Stage) -> Asked:
    run, plan = stage.isolated(lasts=True)
    body = {"entry": plan.entries[0].id, "until": soon(), "reason": "It is not over."}
    return Asked(f"/api/v1/runs/{run}/undo/until", body)


def fork(stage: Stage) -> Asked:
    run, at = stage.forkable()
    return Asked(f"/api/v1/runs/{run.public_id}/forks", {"at": at, "policies": {"*": "simulate"}, "reason": "What if."})


def vote(stage: Stage) -> Asked:
    one = stage.approval()
    return Asked(f"/api/v1/approvals/{one.public_id}/vote", {"hash": one.hash, "vote": "approve", "reason": "Yes."})


def breaking(stage: Stage) -> Asked:
    one = stage.approval()
    body = {"hash": one.hash, "target": one.rendered["targets"][0], "reason": "It cannot wait."}
    return Asked(f"/api/v1/approvals/{one.public_id}/break-glass", body)


def review(stage: Stage) -> Asked:
    return Asked(f"/api/v1/approvals/{stage.broken().public_id}/review", {"verdict": "justified", "note": "It was spreading."})


def alert(stage: Stage) -> Asked:
    return Asked("/api/v1/alerts", {"title": stage.word("alert")})


def replay(stage: Stage) -> Asked:
    return Asked(f"/api/v1/dead-letters/{stage.letter()}/replay", {"body": {"title": stage.word("mended")}})


def by_hand(stage: Stage) -> Asked:
    return Asked("/api/v1/cases", {"agency": "north", "title": stage.word("call"), "severity": "low", "reason": "They called."})


# Operation (with its verb, where it has one) -> who calls it, and what.
CALLS: dict[str, tuple[str, Make]] = {
    "post_alerts": ("north_key", alert),
    "replay_dead_letter": ("lee", replay),
    "open_case": ("nora", by_hand),
    "vote": ("nora", vote),
    "run_move": ("nora", move),
    "run_fork": ("nora", fork),
    "break_glass": ("lee", breaking),
    "review_glass": ("nora", review),
    "run_cancel": ("nora", cancel),
    "run_undo": ("nora", undo),
    "run_undo_until": ("nora", until),
    "case_verb claim": ("nora", verb("claim")),
    "case_verb assign": ("nora", verb("assign", owner="ana@watchfloor.example")),
    "case_verb investigate": ("nora", verb("investigate")),
    "case_verb edit": ("nora", verb("edit", title="Another title")),
    "case_verb note": ("nia", verb("note", text="From the agency.")),
    "case_verb severity": ("nora", verb("severity", severity="low", reason="Less bad.")),
    "case_verb contain": ("nora", verb("contain", reason="Cut off.")),
    "case_verb recover": ("nora", verb("recover", reason="Back.")),
    "case_verb release": ("nora", release),
    "case_verb task": ("nora", verb("task", title="Look at it")),
    "case_verb task_done": ("nora", task_done),
    "case_verb suppress": ("nora", suppress),
    "case_verb declare": ("nora", verb("declare", kind="incident", reason="It is one.")),
    "case_verb close": ("nora", verb("close", disposition="undetermined", reason="Nothing more to find.")),
    "case_verb reopen": ("nora", reopen),
}


def mutating_operations() -> Iterator[str]:
    """What the schema says that one may do, verb by verb."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    for path in schema["paths"].values():
        for method, operation in path.items():
            if method not in MUTATING:
                continue
            verbs = next((p["schema"]["enum"] for p in operation.get("parameters", []) if p["name"] == "verb"), None)
            yield from (f"{operation['operationId']} {one}" for one in verbs) if verbs else (operation["operationId"],)
