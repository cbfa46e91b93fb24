"""The trigger rules of a book, and what the runs that they began in shadow would have done."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.db.models.functions import TruncDate

from playbooks.definition import aloud
from playbooks.models import Book, Run, RunEvent, StepAttempt, TriggerRule
from playbooks.states import RuleMode, RunMode, RunState
from tenants.actors import Actor
from tenants.errors import Unknown

MOST_ATTEMPTS = 5000  # the latest, of which targets are counted
MOST_DAYS = 14
MOST_REASONS = 5
KINDS = ("http", "local", "manual", "book")
FAILED = (RunState.FAILED, RunState.STOPPED, RunState.CANCELLED)


@dataclass(frozen=True)
class WouldDo:
    """One step over all shadow runs: how often it would have been done, in how many runs, on how many targets."""

    name: str
    kind: str
    action: str
    times: int
    runs: int
    targets: int
    votes: int


@dataclass(frozen=True)
class Seen:
    """What the shadow of a rule saw; figures only, no case is named."""

    runs: int = 0
    at_work: int = 0
    done: int = 0
    failed: int = 0
    agencies: int = 0
    since: datetime | None = None
    latest: datetime | None = None
    votes: int = 0
    steps: tuple[WouldDo, ...] = ()
    twice: int = 0  # targets that more than one run would have acted on
    reasons: tuple[tuple[str, int], ...] = ()  # why runs failed
    days: tuple[tuple[date, int, int], ...] = ()  # day, runs, failed


@dataclass(frozen=True)
class RuleView:
    """One rule: its words, its mode, and what its shadow saw."""

    slug: str
    name: str
    condition: str
    mode: str
    seen: Seen


@dataclass(frozen=True)
class RulesView:
    """A book's rules."""

    slug: str
    name: str
    rules: tuple[RuleView, ...]


def rules_view(slug: str, reader: Actor) -> RulesView:
    """The rules of a book with what their shadows saw of the reader's agencies. Raises Unknown. Two queries, and five a rule."""
    book = Book.objects.filter(slug=slug).first()
    if book is None:
        raise Unknown()
    rules = TriggerRule.objects.filter(book=book).order_by("id")
    return RulesView(book.slug, book.name, tuple(_view(one) for one in rules))


def _view(rule: TriggerRule) -> RuleView:
    return RuleView(rule.slug, rule.name, aloud.said(rule.condition), str(RuleMode(rule.mode)), seen_in_shadow(rule))


def seen_in_shadow(rule: TriggerRule) -> Seen:
    """What the shadow runs of a rule would have done, as far as the scope reaches. Five queries, one where there are none."""
    runs = Run.objects.filter(trigger=rule, mode=RunMode.SHADOW)
    over = Q(state__in=FAILED)
    counted = runs.aggregate(
        runs=Count("id"),
        done=Count("id", filter=Q(state=RunState.DONE)),
        failed=Count("id", filter=over),
        agencies=Count("agency", distinct=True),
        since=Min("started_at"),
        latest=Max("started_at"),
    )
    if not counted["runs"]:
        return Seen()
    votes = Counter(dict(RunEvent.objects.filter(run__in=runs, kind="would_ask").values_list("step_id").annotate(n=Count("id")).order_by()))
    steps, twice = _steps(runs, votes)
    reasons = runs.filter(over).exclude(detail="").values_list("detail").annotate(n=Count("id")).order_by("-n", "detail")[:MOST_REASONS]
    by_day = runs.annotate(day=TruncDate("started_at")).values_list("day").annotate(n=Count("id"), bad=Count("id", filter=over))
    return Seen(
        **counted,
        at_work=counted["runs"] - counted["done"] - counted["failed"],
        votes=sum(votes.values()),
        steps=steps,
        twice=twice,
        reasons=tuple(reasons),
        days=tuple(by_day.order_by("-day")[:MOST_DAYS]),
    )


def _steps(runs: Any, votes: Mapping[str, int]) -> tuple[tuple[WouldDo, ...], int]:
    """Each step with its action, and how many targets several runs would have acted on."""
    rows = StepAttempt.objects.filter(run__in=runs, kind__in=KINDS).order_by("-id")
    told = list(
        rows.values_list("step_id", "name", "kind", "run_id", "rendered__action", "rendered__targets", "rendered__effect")[:MOST_ATTEMPTS]
    )
    found: dict[tuple[str, str, str, str], tuple[list[int], set[str]]] = {}
    acted: dict[tuple[str, str], set[int]] = {}
    for step, name, kind, run, action, targets, effect in reversed(told):
        times, on = found.setdefault((step, name, kind, action or ""), ([], set()))
        times.append(run)
        if kind == "http":
            on.update(targets or ())
            for target in targets or () if effect != "read" else ():
                acted.setdefault((action, target), set()).add(run)
    steps = tuple(
        WouldDo(name, kind, action, len(times), len(set(times)), len(on), votes.get(step, 0))
        for (step, name, kind, action), (times, on) in found.items()
    )
    return steps, sum(len(some) > 1 for some in acted.values())
