"""Whether a trigger rule starts its book for real, in shadow beside production, or not at all."""

from typing import Any

from django.db import transaction

from playbooks.events import RuleModeSet
from playbooks.models import Book, TriggerRule
from playbooks.policies import may_publish
from playbooks.queries.shadows import seen_in_shadow
from playbooks.states import RuleMode
from tenants.actors import Actor
from tenants.errors import Conflict, Invalid, NotAllowed, Unknown, require
from tenants.journal.recording import record

SAID = {RuleMode.LIVE: "live", RuleMode.SHADOW: "in shadow", RuleMode.OFF: "off"}


def set_rule_mode(*, book: str, rule: Any, mode: Any, reason: Any, by: Actor) -> TriggerRule:
    """Let a rule of a book go live, go (back) into shadow, or be off, and write down why and what its shadow had seen by then.

    Runs that have begun stay what they are. Raises NotAllowed, Unknown, Invalid (`rule`, `mode`, `reason`), Conflict when it is so already.
    """
    with transaction.atomic():
        require(Book.objects.filter(slug=book).exists(), Unknown())
        require(may_publish(by), NotAllowed())
        slug = rule if isinstance(rule, str) and "\x00" not in rule else ""
        rules = TriggerRule.objects.select_for_update(of=("self",)).select_related("book")
        one = rules.filter(book__slug=book, slug=slug).first()
        if one is None:
            raise Invalid("The book has no such rule.", field="rule", cure="Name one of the rules that its page shows.")
        wrong = Invalid("There is no such mode.", field="mode", cure=f"Choose one of {', '.join(RuleMode.values)}.")
        require(mode in RuleMode.values, wrong)
        why = reason.strip() if isinstance(reason, str) else ""
        require(bool(why), Invalid("The reason is missing.", field="reason", cure="Say in a few words why."))
        before = RuleMode(one.mode)
        require(mode != before, Conflict(f"The rule is {SAID[before]} already.", field="mode", cure="Choose another."))
        one.mode = RuleMode(mode)
        one.save(update_fields=["mode"])
        seen = seen_in_shadow(one)
        figures = {"runs": seen.runs, "ended_well": seen.done, "failed": seen.failed, "agencies": seen.agencies, "votes": seen.votes}
        event = RuleModeSet(rule=one.slug, book=one.book.name, before=str(before), mode=str(one.mode), reason=why, seen=figures)
        record(event, agency_id=None, subject=f"rule:{one.slug}", by=by)
    return one
