"""What a run can do next, one small value a move. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pass:
    """A start is done; go to `to`."""

    to: str


@dataclass(frozen=True)
class Open:
    """Open a frame for each of `branches` (key and first step); the step waits until all of them have ended."""

    branches: tuple[tuple[str, str], ...]
    detail: str = ""


@dataclass(frozen=True)
class Close:
    """The branch has come to its end; its opener goes on when it was the last one."""


@dataclass(frozen=True)
class Break:
    """The branch ends by a failure that has no way of its own: the step that opened it has failed, once all its branches ended."""

    detail: str


@dataclass(frozen=True)
class Arm:
    """Set a timer that ends the step, or its loop, and go on."""

    purpose: str
    seconds: float


@dataclass(frozen=True)
class Delay:
    """Arm a timer and wait for it."""

    purpose: str
    seconds: float


@dataclass(frozen=True)
class Plan:
    """Write down an attempt at one command on one target: what exactly would run, and ask people when the step says so."""

    attempt: int
    unit: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Wait:
    """Nothing to do here before somebody or something moves."""

    what: str  # approval | person | timer | run


@dataclass(frozen=True)
class Local:
    """Act on the subject, in the recording transaction."""


@dataclass(frozen=True)
class Begin:
    """Write the intent down, then act outside any transaction."""


@dataclass(frozen=True)
class Check:
    """An attempt was started and its result is not known: ask first (`repeat` says whether it may simply be done again)."""

    repeat: bool


@dataclass(frozen=True)
class CallBook:
    """Start the run of another book, in the recording transaction."""


@dataclass(frozen=True)
class Adopt:
    """The run of the other book has ended; take over what it returned, or its failure."""

    ok: bool


@dataclass(frozen=True)
class GiveUp:
    """Whether it happened cannot be found out here: a person is asked."""

    detail: str


@dataclass(frozen=True)
class TimedOut:
    """The step took longer than it may: it has failed, with all that is open inside of it."""

    detail: str


@dataclass(frozen=True)
class Settle:
    """The step has ended, well or badly; go to `to`."""

    to: str
    detail: str = ""
    failed: bool = False


@dataclass(frozen=True)
class AskWhich:
    """The way cannot be decided by the values at hand: a person says it."""

    detail: str


@dataclass(frozen=True)
class Rescue:
    """A failure has no way of its own: leave every block and go to the book's exception step."""

    to: str
    detail: str = ""


@dataclass(frozen=True)
class Finish:
    """The run is over: `stopped` when a budget ended it."""

    outcome: str  # done | failed | stopped
    detail: str


Move = (
    Pass
    | Open
    | Close
    | Break
    | Arm
    | Delay
    | Plan
    | Wait
    | Local
    | Begin
    | Check
    | CallBook
    | Adopt
    | GiveUp
    | TimedOut
    | Settle
    | AskWhich
    | Rescue
    | Finish
)
