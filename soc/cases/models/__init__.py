"""The aggregates of the work."""

from soc.cases.models.alert import Alert
from soc.cases.models.case import Case, CaseNumberSeries
from soc.cases.models.intake import Body, IntakeAllowance, Receipt
from soc.cases.models.rows import Note, Observable, Task, Technique, TimelineEntry
from soc.cases.models.suppression import Suppression

__all__ = [
    "Alert",
    "Body",
    "Case",
    "CaseNumberSeries",
    "IntakeAllowance",
    "Note",
    "Observable",
    "Receipt",
    "Suppression",
    "Task",
    "Technique",
    "TimelineEntry",
]
