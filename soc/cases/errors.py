"""Why a change does not fit a case now: each error names the fact and carries a stable code."""

from tenants.errors import Conflict


class CaseAlreadyClaimed(Conflict):
    """Someone else owns the case."""

    code, title = "case_already_claimed", "Someone owns this case already"


class CaseIsClosed(Conflict):
    """A closed case is not worked on until it is opened again."""

    code, title = "case_is_closed", "The case is closed"


class CaseIsOpen(Conflict):
    """Only a closed case can be opened again."""

    code, title = "case_is_open", "The case is open"


class StageAlreadyReached(Conflict):
    """The case has passed this stage."""

    code, title = "stage_already_reached", "The case has reached this stage already"


class AlreadyDeclared(Conflict):
    """The incident was declared, at this level or above."""

    code, title = "already_declared", "This was declared already"


class TaskAlreadyDone(Conflict):
    """The task was done."""

    code, title = "task_already_done", "The task was done already"


class NothingToSuppress(Conflict):
    """No alert opened the case, so there is no rule whose alerts could be suppressed."""

    code, title = "nothing_to_suppress", "The case has no rule"


class SuppressedAlready(Conflict):
    """A suppression of the same rule and entity is in force."""

    code, title = "suppressed_already", "These alerts are suppressed already"


class NotDead(Conflict):
    """Only a dead letter is replayed."""

    code, title = "not_dead", "This item is not a dead letter any more"
