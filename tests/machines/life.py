"""The life of a case as a page of the manual tells it: what each verb does, and what it is refused with. Knows nothing of the product."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

SEVERITIES = ("informational", "low", "medium", "high", "critical")
DISPOSITIONS = ("true_positive", "benign_positive", "false_positive_rule", "false_positive_data", "undetermined")
SAME = "nothing changes"  # what was asked for is so already

# Who may do what to a case of the north; all others who may know of it meet NotAllowed.
FLOOR = ("ana", "lee")
STRANGERS = ("zoe", "sol", "ada")  # for whom it does not exist
ONLY_PEOPLE = ("claim", "release", "declare", "suppress")


@dataclass
class Life:
    """One case, by the manual."""

    restricted: bool = False
    from_alert: bool = True
    version: int = 1
    state: str = "new"
    before_closing: str = ""
    owner: str = ""
    severity: str = "high"
    disposition: str = ""
    incident: str = ""
    acknowledged: bool = False
    contained: bool = False
    recovered: bool = False
    suppressed: bool = False
    released: bool = False
    tasks: list[bool] = field(default_factory=list)
    notes: int = 0
    facts: Counter[str] = field(default_factory=lambda: Counter({"CaseOpened": 1}))
    by: Counter[str] = field(default_factory=Counter)  # who changed it how often

    def refusal(self, verb: str, who: str, version: int | None) -> str:
        """Who is kept out, in the order of refusals: unknown, not allowed, no version, an old one."""
        if who in STRANGERS or (self.restricted and who == "nia"):
            return "Unknown"
        allowed = who in FLOOR or (who == "machine" and verb not in ONLY_PEOPLE) or (who == "nia" and verb == "note")
        if not allowed:
            return "NotAllowed"
        if who == "machine" and version is None:
            return ""
        if version is None:
            return "VersionRequired"
        return "" if version == self.version else "Stale"

    def does(self, verb: str, who: str, version: int | None, given: str) -> str:
        """Do a verb; returns the name of its refusal, `SAME`, or nothing when it happened."""
        said = self.refusal(verb, who, version) or VERBS[verb][0](self, who, given)
        if said:
            return said
        self.facts[VERBS[verb][1]] += 1
        self.by[who] += 1
        # What a machine only adds spoils nobody's edit.
        self.version += not (who == "machine" and verb in ("note", "task"))
        return ""

    @property
    def closed(self) -> bool:
        return self.state == "closed"

    def taken_up(self) -> None:
        """Somebody has it: triage begins, once."""
        self.acknowledged = True
        if self.state == "new":
            self.state = "triage"


def on_open(act: Callable[[Life, str, str], str]) -> Callable[[Life, str, str], str]:
    return lambda life, who, given: "CaseIsClosed" if life.closed else act(life, who, given)


def claim(life: Life, who: str, given: str) -> str:
    if life.owner == who:
        return SAME
    if life.owner:
        return "CaseAlreadyClaimed"
    life.owner = who
    life.taken_up()
    return ""


def assign(life: Life, who: str, given: str) -> str:
    if given == life.owner:
        return SAME
    life.owner = given
    if given:
        life.taken_up()
    return ""


def investigate(life: Life, who: str, given: str) -> str:
    if life.state not in ("new", "triage"):
        return "StageAlreadyReached"
    life.state = "investigating"
    return ""


def severity(life: Life, who: str, given: str) -> str:
    if given == life.severity:
        return "Invalid"
    life.severity = given
    return ""


def contain(life: Life, who: str, given: str) -> str:
    if life.contained:
        return "StageAlreadyReached"
    life.contained = True
    if life.state != "recovered":
        life.state = "contained"
    return ""


def recover(life: Life, who: str, given: str) -> str:
    if life.recovered:
        return "StageAlreadyReached"
    life.recovered, life.state = True, "recovered"
    return ""


def declare(life: Life, who: str, given: str) -> str:
    if life.incident == "major_incident" or life.incident == given:
        return "AlreadyDeclared"
    life.incident = given
    return ""


def note(life: Life, who: str, given: str) -> str:
    life.notes += 1
    return ""


def task(life: Life, who: str, given: str) -> str:
    life.tasks.append(False)
    return ""


def task_done(life: Life, who: str, given: str) -> str:
    if not life.tasks:
        return "Invalid"
    if life.tasks[0]:
        return "TaskAlreadyDone"
    life.tasks[0] = True
    return ""


def suppress(life: Life, who: str, given: str) -> str:
    if not life.from_alert:
        return "NothingToSuppress"
    if life.suppressed:
        return "SuppressedAlready"
    life.suppressed = True
    return ""


def release(life: Life, who: str, given: str) -> str:
    if life.released:
        return SAME
    life.released = True
    return ""


def close(life: Life, who: str, given: str) -> str:
    life.before_closing, life.state, life.disposition = life.state, "closed", given
    return ""


def reopen(life: Life, who: str, given: str) -> str:
    if not life.closed:
        return "CaseIsOpen"
    life.state, life.before_closing, life.disposition = life.before_closing, "", ""
    return ""


# Verb -> what it does, the fact that it records, and what may be given with it.
VERBS: dict[str, tuple[Callable[[Life, str, str], str], str, tuple[str, ...]]] = {
    "claim": (on_open(claim), "CaseClaimed", ("",)),
    "assign": (on_open(assign), "CaseAssigned", ("ana", "lee", "")),
    "investigate": (on_open(investigate), "InvestigationBegun", ("",)),
    "edit": (on_open(lambda life, who, given: ""), "TitleChanged", ("Another title",)),
    "severity": (on_open(severity), "SeverityChanged", SEVERITIES),
    "contain": (on_open(contain), "CaseContained", ("",)),
    "recover": (on_open(recover), "CaseRecovered", ("",)),
    "declare": (on_open(declare), "IncidentDeclared", ("incident", "major_incident")),
    "note": (note, "NoteWritten", ("A note",)),
    "task": (on_open(task), "TaskAdded", ("A task",)),
    "task_done": (on_open(task_done), "TaskDone", ("",)),
    "suppress": (suppress, "SuppressionMade", ("",)),
    "release": (release, "ItemsReleased", ("",)),
    "close": (on_open(close), "CaseClosed", DISPOSITIONS),
    "reopen": (reopen, "CaseReopened", ("",)),
}
