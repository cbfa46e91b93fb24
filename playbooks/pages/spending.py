"""Where the time of a run went, as its page draws it: the sentence, the bar and its legend, and the shares of each step."""

from dataclasses import dataclass

from playbooks.queries.telling import RunView
from playbooks.timing import Times

WAITED_FOR = (("line", "in line"), ("timer", "for a set time"), ("product", "for a product"), ("book", "for another book"))
FEW_SECONDS = 5  # too short to say anything of it
NOTICED = 1.0  # seconds by which steps beside each other have more time than their run


@dataclass(frozen=True)
class Shares:
    """The three kinds of time in percent of a whole, one after another: waiting, working, waiting for people."""

    waiting: float = 0.0
    working: float = 0.0
    people: float = 0.0

    @property
    def people_from(self) -> float:
        """Where the bar of waiting for people begins."""
        return self.waiting + self.working


@dataclass(frozen=True)
class Spending:
    """The times of a run: what most of it went to, the bar, what was waited for, and whether steps ran beside each other."""

    times: Times
    most: float
    went_to: str
    shares: Shares
    waited: tuple[tuple[str, float], ...]
    beside: bool


def shares(times: Times, whole: float) -> Shares:
    """The three kinds of time in percent of a whole in seconds."""
    if whole <= 0:
        return Shares()
    waiting, working, people = (round(100 * one / whole, 2) for one in (times.waiting, times.working, times.people))
    return Shares(waiting, working, people)


def spending(run: RunView) -> Spending | None:
    """What the head of a run's page says of its time; None in the first seconds, and for readers who see no times."""
    times = run.times
    if times.total < FEW_SECONDS:
        return None
    kinds = ((times.people, "waiting for people"), (times.working, "working"), (times.waiting, "waiting"))
    most, went_to = max(kinds, key=lambda kind: kind[0])
    waited = [(said, getattr(times, name)) for name, said in WAITED_FOR]
    told = sum(step.times.total for step in run.steps)
    beside = told > times.total + NOTICED
    return Spending(times, most, went_to, shares(times, times.total), tuple(one for one in waited if one[1] >= 1), beside)
