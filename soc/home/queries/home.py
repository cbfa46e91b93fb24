"""A liaison's home: what they owe, what we owe them, what was released to them, and how it is going."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, Window

from playbooks.queries.approvals import inbox
from playbooks.queries.telling import ApprovalView
from soc.cases.events import ItemsReleased, NoteWritten
from soc.cases.models import Case
from soc.cases.queries.case import counting_clocks
from soc.cases.queries.filters import readable
from soc.cases.queries.intake import Balance, balance_at
from soc.cases.states import CaseState
from soc.clocks.models import Clock
from soc.clocks.queries.clocks import LABELS, ClockView
from soc.scorecards.drawing import Axis, Whisker, axis_over, whisker
from soc.scorecards.models import Standing
from soc.scorecards.periods import Period, month_of, parse
from soc.scorecards.queries.scorecards import FigureView, ScorecardView, period_asked, scorecard_at
from tenants.actors import Actor
from tenants.journal.subscribing import kind_of
from tenants.models import Agency, Entry
from tenants.states import Visibility

WORDS = (
    "nothing", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
MOST_DEBTS = 5
MOST_LINES = 8
KINDS = {"note": "note", "observable": "observable", "technique": "technique", "task": "task", "timelineentry": "line of the timeline"}


@dataclass(frozen=True)
class Debt:
    """A case of the agency with the clock of ours that ends first."""

    number: str
    title: str
    opened_at: datetime
    clock: ClockView


@dataclass(frozen=True)
class LatestCase:
    """A case of the agency, as a list of the latest shows it."""

    number: str
    title: str
    severity: str
    state: str
    opened_at: datetime


@dataclass(frozen=True)
class ReleasedLine:
    """Something that the floor released: of which case, what, when."""

    at: datetime
    number: str
    title: str
    what: str


@dataclass(frozen=True)
class Card:
    """One figure with its drawing: the agency's median and interval, and the middle of its class where that may be said."""

    figure: FigureView
    axis: Axis
    own: Whisker | None
    peers: float | None
    peers_x: float | None
    faster: bool | None
    too_few: bool


@dataclass(frozen=True)
class Kept:
    """Promises of one kind in the period: how many were due or done, how many of them in time."""

    kind: str
    label: str
    due: int
    met: int

    @property
    def width(self) -> int:
        """Share in time, of 200 units of the drawing."""
        return round(200 * self.met / self.due) if self.due else 0


@dataclass(frozen=True)
class HomeView:
    """A liaison's home at a moment."""

    agency: Agency
    at: datetime
    asks: tuple[ApprovalView, ...]
    debts: tuple[Debt, ...]
    owed: int
    late: int
    released: tuple[ReleasedLine, ...]
    cases: tuple[LatestCase, ...]
    card: ScorecardView
    period: Period
    cards: tuple[Card, ...]
    kept: tuple[Kept, ...]
    balance: Balance

    @property
    def heading(self) -> str:
        """What each side owes, as a sentence."""
        asked, owed = len(self.asks), self.owed
        if not asked and not owed:
            return "Nobody owes anybody anything."
        you = f"You owe {in_a_word(asked)} {'answer' if asked == 1 else 'answers'}." if asked else "You owe nothing."
        return f"{you} We owe you {in_a_word(owed)}."

    @property
    def late_in_words(self) -> str:
        """How many of ours are late, with the verb; empty when none is."""
        if not self.late:
            return ""
        if self.owed == 1:
            return "Ours is late."
        return f"{in_a_word(self.late).capitalize()} of ours {'is' if self.late == 1 else 'are'} late."

    @property
    def period_said(self) -> str:
        """The month of the figures, in words."""
        return f"{self.period.start:%B %Y}"

    @property
    def due(self) -> int:
        """Promises that came due or were done in the period."""
        return sum(one.due for one in self.kept)

    @property
    def met(self) -> int:
        """Those of them that were kept."""
        return sum(one.met for one in self.kept)


def in_a_word(count: int) -> str:
    """A count in letters: the face of headings has no figures that stand in line."""
    if count < len(WORDS):
        return WORDS[count]
    if count >= 100:
        return "more than a hundred"
    tens, ones = divmod(count, 10)
    return f"{TENS[tens]}-{WORDS[ones]}" if ones else TENS[tens]


def home_of_liaison(reader: Actor, agency: Agency) -> HomeView:
    """The home of the reader's agency, which was read, in 15 queries at most, whatever the number of cases."""
    at = reader.now()
    period = month_of(at)
    # On the first days of a month there is nothing to say of it yet.
    card = scorecard_at(agency, period, month_of(period.start - timedelta(days=1)), reader=reader)
    period = parse(card.period)
    owed, late, debts = _debts(reader, at)
    return HomeView(
        agency=agency,
        at=at,
        asks=inbox(reader).mine,
        debts=debts,
        owed=owed,
        late=late,
        released=_released(reader),
        cases=_latest(reader),
        card=card,
        period=period,
        cards=_cards(card, agency),
        kept=_kept(period, at),
        balance=balance_at(agency, reader=reader),
    )


def promises(*, period: str | None, reader: Actor) -> tuple[Period, tuple[Kept, ...]]:
    """The promises of a period (this month when none is named) to the reader's agency. One query. Raises Invalid (`period`)."""
    asked = period_asked(period, now=reader.now())
    return asked, _kept(asked, reader.now())


def _debts(reader: Actor, at: datetime) -> tuple[int, int, tuple[Debt, ...]]:
    waiting = readable(reader).exclude(state=CaseState.CLOSED).exclude(next_due_at=None)
    counted = waiting.annotate(owed=Window(Count("pk")), late=Window(Count("pk", filter=Q(next_due_at__lt=at))))
    rows: list[Any] = list(counted.order_by("next_due_at", "id")[:MOST_DEBTS])
    clocks = counting_clocks(rows, at)
    debts = []
    for case in rows:
        ticking = [clock for clock in clocks[case.pk] if clock.ticks and clock.due_at is not None]
        if ticking:
            debts.append(Debt(case.number, case.title, case.opened_at, min(ticking, key=lambda clock: clock.due_at or at)))
    return (rows[0].owed, rows[0].late, tuple(debts)) if rows else (0, 0, ())


def _latest(reader: Actor) -> tuple[LatestCase, ...]:
    rows = readable(reader).order_by("-opened_at", "-id").values_list("number", "title", "severity", "state", "opened_at")
    return tuple(LatestCase(*row) for row in rows[:MOST_LINES])


def _released(reader: Actor) -> tuple[ReleasedLine, ...]:
    kinds = [kind_of(ItemsReleased), kind_of(NoteWritten)]
    told = list(Entry.objects.filter(Q(kind=kinds[0]) | Q(kind=kinds[1], data__visibility=Visibility.RELEASED)).order_by("-id")[:40])
    titles = dict(readable(reader).filter(number__in={one.data["number"] for one in told}).values_list("number", "title"))
    own = f"person:{reader.person_id}"
    lines = [
        ReleasedLine(one.at, one.data["number"], titles[one.data["number"]], _what(one))
        for one in told
        if one.data["number"] in titles and one.actor != own
    ]
    return tuple(lines[:MOST_LINES])


def _what(entry: Entry) -> str:
    if entry.kind == kind_of(NoteWritten):
        return "a note"
    counted = Counter(str(item).partition(":")[0] for item in entry.data.get("items", ()))
    said = [f"{many} {_plural(KINDS.get(kind, kind), many)}" for kind, many in sorted(counted.items())]
    return ", ".join(said) or "parts of the case"


def _plural(noun: str, many: int) -> str:
    head, of, rest = noun.partition(" of ")
    return f"{head}{'' if many == 1 else 's'}{of}{rest}"


def _cards(card: ScorecardView, agency: Agency) -> tuple[Card, ...]:
    rows = Standing.objects.filter(period=card.period, about=None, size_class=agency.size_class)
    peers: dict[str, Any] = dict(rows.values_list("measure", "value"))
    found = []
    for figure in card.figures:
        middle, mine = peers.get(figure.measure), figure.estimate
        axis = axis_over((mine.value, *mine.interval, middle), left=14, right=316)
        faster = mine.value < middle if mine.value is not None and middle is not None else None
        found.append(
            Card(
                figure=figure,
                axis=axis,
                own=whisker(mine, axis),
                peers=middle,
                peers_x=axis.x(middle) if middle is not None else None,
                faster=faster,
                too_few=mine.value is None,
            )
        )
    return tuple(found)


def _kept(period: Period, at: datetime) -> tuple[Kept, ...]:
    hidden = [f"case:{pk}" for pk in Case.objects.filter(restricted=True).values_list("pk", flat=True)]
    over = Q(stopped_at__isnull=False) | Q(due_at__lt=at)
    in_time = Q(breached_at=None, stopped_at__isnull=False) & (Q(due_at=None) | Q(stopped_at__lte=F("due_at")))
    rows = (
        Clock.objects.filter(started_at__gte=period.start, started_at__lt=period.end)
        .exclude(subject__in=hidden)
        .values("kind")
        .annotate(due=Count("pk", filter=over), met=Count("pk", filter=in_time))
    )
    counted = {row["kind"]: row for row in rows}
    return tuple(Kept(kind, label, counted[kind]["due"], counted[kind]["met"]) for kind, label in LABELS.items() if kind in counted)
