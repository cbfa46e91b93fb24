"""Whether the time between what happened and its discovery is known well enough to be counted."""

from datetime import datetime, timedelta

DWELL_LIMIT = timedelta(days=30)


def dwell_is_unknown(happened_at: datetime | None, opened_at: datetime) -> bool:
    """Whether a case is marked "dwell unknown": nobody said when it happened, or it was more than 30 days before.

    Such an old time is a recording, a re-sent log or an intrusion whose start is still being looked for; in none of these
    is it a detection time.
    """
    return happened_at is None or opened_at - happened_at > DWELL_LIMIT
