"""The bell that wakes workers after a commit. It may ring for nothing or not at all: rows are the work."""

import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)

_bell: Callable[[str, int | None], None] | None = None


def wire(bell: Callable[[str, int | None], None]) -> None:
    """Connect the real bell (soc wires Celery at start)."""
    global _bell
    _bell = bell


def ring(work: str, agency_id: int | None) -> None:
    """Say that there may be work of a kind for an agency. Never raises."""
    if _bell is None:
        return
    try:
        _bell(work, agency_id)
    except Exception:
        logger.warning("the doorbell did not ring; the sweep will find the work", extra={"work": work})
