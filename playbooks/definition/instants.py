"""A timestamp of a document as a point in time."""

import re
from datetime import datetime

WRITTEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")


def instant(text: object) -> datetime | None:
    """The aware time that an RFC 3339 timestamp names, or None for anything else."""
    if not isinstance(text, str) or not WRITTEN.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # the 31st of February
        return None
