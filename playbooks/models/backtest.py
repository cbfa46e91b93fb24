"""Backtest: what a version of a book would have done on an agency's past subjects; one row an agency and question, one a subject."""

from django.db import models

from playbooks.models.book import Book, Version
from playbooks.states import BacktestState
from tenants.isolation.constraints import CompositeForeignKey, Wall
from tenants.isolation.owned import Owned


class Backtest(Owned):
    """A question about one agency, how far it is answered, and the figures when it is."""

    question = models.UUIDField()  # the same for each agency that was asked about at once
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    version_hash = models.CharField(max_length=64)
    about = models.CharField(max_length=20)  # the prefix of the subjects that it looks at: "case"
    rule = models.TextField(default="", blank=True)  # a condition over the subject's facts; empty: every subject
    since = models.DateTimeField()
    until = models.DateTimeField()
    asked_by = models.ForeignKey("tenants.Person", null=True, on_delete=models.PROTECT, related_name="+")
    asked_by_label = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=BacktestState, default=BacktestState.WAITING)
    total = models.PositiveIntegerField()  # subjects of that time, at most as many as are looked at
    looked = models.PositiveIntegerField(default=0)
    fitting = models.PositiveIntegerField(default=0)
    after = models.JSONField(default=list)  # where the next batch begins
    spent_ms = models.PositiveIntegerField(default=0)
    detail = models.TextField(default="", blank=True)  # what was left out, in a sentence
    figures = models.JSONField(default=dict)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["agency", "asked_at", "id"], condition=models.Q(state="waiting"), name="backtest_waiting"),
            models.Index(fields=["book", "-asked_at", "-id"], name="backtest_book"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agency", "id"], name="backtest_agency_id"),
            models.UniqueConstraint(fields=["agency", "question"], name="backtest_once"),
            Wall(name="backtest_wall"),
        ]


class BacktestedSubject(Owned):
    """What would have come of one subject that fits the rule, or whose rule its facts do not answer; append-only."""

    backtest = models.ForeignKey(Backtest, on_delete=models.PROTECT, db_constraint=False, related_name="subjects")
    subject = models.CharField(max_length=80)
    happened_at = models.DateTimeField()
    outcome = models.CharField(max_length=15)  # completed | failed | stopped | undecided | rule_undecided
    reason = models.TextField(default="")
    minutes = models.PositiveIntegerField(default=0)
    actions = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "backtest", "subject"], name="backtested_once"),
            CompositeForeignKey(field="backtest", to="playbooks.Backtest", name="backtested_backtest_fk"),
            Wall(name="backtested_wall", rights="SELECT, INSERT", audited=False),
        ]
