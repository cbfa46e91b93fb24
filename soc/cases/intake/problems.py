"""What can be wrong with an alert, in words that say how to put it right."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why an item could not be understood.

    `code` is stable and meant for scripts; `field` names the place in the alert ("" for the whole item);
    `detail` says what was found, `cure` what to send instead.
    """

    code: str
    field: str
    detail: str
    cure: str


class Refused(Exception):
    """Carries a problem up through the readers of an alert; it never leaves this package."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def refuse(code: str, field: str, detail: str, cure: str) -> Refused:
    """Make the exception for a problem, ready to be raised."""
    return Refused(Problem(code=code, field=field, detail=detail, cure=cure))
