"""States, severities and dispositions of cases, and the moves that are allowed."""

from django.db.models import TextChoices


class CaseState(TextChoices):
    """Where a case stands on its way."""

    NEW = "new", "New"
    TRIAGE = "triage", "Triage"
    INVESTIGATING = "investigating", "Investigate"
    CONTAINED = "contained", "Contain"
    RECOVERED = "recovered", "Recover"
    CLOSED = "closed", "Closed"

    @property
    def is_open(self) -> bool:
        return self is not CaseState.CLOSED

    def may_become(self, other: "CaseState") -> bool:
        """Whether a case may move from this state to `other`; reopening returns to the state before closing."""
        return other in _MOVES[self]


_WORKED = {CaseState.CONTAINED, CaseState.RECOVERED, CaseState.CLOSED}
_MOVES: dict[CaseState, set[CaseState]] = {
    CaseState.NEW: {CaseState.TRIAGE, CaseState.INVESTIGATING} | _WORKED,
    CaseState.TRIAGE: {CaseState.INVESTIGATING} | _WORKED,
    CaseState.INVESTIGATING: set(_WORKED),
    CaseState.CONTAINED: {CaseState.RECOVERED, CaseState.CLOSED},
    CaseState.RECOVERED: {CaseState.CLOSED},
    CaseState.CLOSED: {CaseState.NEW, CaseState.TRIAGE, CaseState.INVESTIGATING, CaseState.CONTAINED, CaseState.RECOVERED},
}


class Severity(TextChoices):
    """How bad it is; every level opens a case."""

    INFORMATIONAL = "informational", "Informational"
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"

    @property
    def rank(self) -> int:
        """0 informational to 4 critical."""
        return list(Severity).index(self)


class Disposition(TextChoices):
    """What the case turned out to be."""

    TRUE_POSITIVE = "true_positive", "True positive"
    BENIGN_POSITIVE = "benign_positive", "Benign positive"
    FALSE_POSITIVE_RULE = "false_positive_rule", "False positive: the rule is wrong"
    FALSE_POSITIVE_DATA = "false_positive_data", "False positive: the data are wrong"
    UNDETERMINED = "undetermined", "Undetermined"


class ReceiptState(TextChoices):
    """What became of one received item."""

    PENDING = "pending", "Pending"
    GROUPED = "grouped", "Grouped"
    OPENED = "opened", "Opened a case"
    SUPPRESSED = "suppressed", "Suppressed"
    DEAD = "dead", "Dead letter"


class Tlp(TextChoices):
    """Traffic Light Protocol 2.0."""

    RED = "TLP:RED", "TLP:RED"
    AMBER_STRICT = "TLP:AMBER+STRICT", "TLP:AMBER+STRICT"
    AMBER = "TLP:AMBER", "TLP:AMBER"
    GREEN = "TLP:GREEN", "TLP:GREEN"
    CLEAR = "TLP:CLEAR", "TLP:CLEAR"


class IncidentKind(TextChoices):
    """Declared by a person, never guessed."""

    NONE = "", "Not declared"
    INCIDENT = "incident", "Incident"
    MAJOR_INCIDENT = "major_incident", "Major incident"


class ObservableKind(TextChoices):
    """Kinds of observables and entities."""

    HOST = "host", "Host"
    ACCOUNT = "account", "Account"
    ADDRESS = "address", "Address"
    DOMAIN = "domain", "Domain"
    URL = "url", "URL"
    HASH = "hash", "Hash"
    MAIL = "mail", "Mail"
    RESOURCE = "resource", "Resource"


class Origin(TextChoices):
    """Who did or saw what the timeline tells."""

    PERSON = "person", "Person"
    AUTOMATION = "automation", "Automation"
    SENSOR = "sensor", "Sensor"
    AGENCY = "agency", "Agency"
