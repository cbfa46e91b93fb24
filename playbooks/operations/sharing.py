"""Setting an agency's share of the workers."""

from django.db import IntegrityError, transaction

from playbooks.events import ShareSet
from playbooks.models import Share
from playbooks.policies import may_connect
from tenants.actors import Actor
from tenants.errors import Invalid, NotAllowed, require
from tenants.journal.recording import record

HEAVIEST, MOST_AT_ONCE = 100, 1000


def set_share(*, agency_id: int, weight: int = 1, most_at_once: int | None = None, by: Actor) -> Share:
    """Let the agency's runs have `weight` parts of the workers' steps where others have runs too, and workers hold no more than
    `most_at_once` of them together (None: no bound). Raises NotAllowed, Invalid.
    """
    with transaction.atomic():
        require(may_connect(by), NotAllowed())
        _require_within("weight", weight, HEAVIEST, "")
        if most_at_once is not None:
            _require_within("most_at_once", most_at_once, MOST_AT_ONCE, ", or leave it out for no bound")
        told = {"weight": weight, "most_at_once": most_at_once, "changed_at": by.now()}
        share: Share | None = Share.objects.select_for_update().filter(agency_id=agency_id).first()
        if share is not None and (share.weight, share.most_at_once) == (weight, most_at_once):
            return share
        if share is None:
            try:
                with transaction.atomic():
                    share = Share.objects.create(agency_id=agency_id, **told)
            except IntegrityError:  # another admin set the first one meanwhile
                share = Share.objects.locked(agency_id=agency_id)
        for field, value in told.items():
            setattr(share, field, value)
        share.save(update_fields=list(told))
        record(ShareSet(weight=weight, most_at_once=most_at_once), agency_id=agency_id, subject=f"share:{agency_id}", by=by)
    return share


def _require_within(field: str, number: int, highest: int, more: str) -> None:
    fits = isinstance(number, int) and 1 <= number <= highest
    require(fits, Invalid("This is no such number.", field=field, cure=f"Write a whole number from 1 to {highest}{more}."))
