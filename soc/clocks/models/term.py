"""Rows that carry a term: how long a clock runs."""

from django.db import models

from soc.clocks.terms import Term


class Termed(models.Model):
    """The columns of a term; all empty where a row has none."""

    duration = models.DurationField(null=True)
    business_days = models.PositiveSmallIntegerField(null=True)
    deadline = models.DateTimeField(null=True)
    may_pause = models.BooleanField(default=False)

    class Meta:
        abstract = True

    @property
    def term(self) -> Term | None:
        """The term that this row carries, or None."""
        if self.duration is None and self.business_days is None and self.deadline is None:
            return None
        return Term(duration=self.duration, business_days=self.business_days, deadline=self.deadline, may_pause=self.may_pause)

    @term.setter
    def term(self, term: Term | None) -> None:
        self.duration = term.duration if term else None
        self.business_days = term.business_days if term else None
        self.deadline = term.deadline if term else None
        self.may_pause = term.may_pause if term else False
