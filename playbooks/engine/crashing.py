"""Points at which a test may end this process as SIGKILL would; never in production."""

import os
import signal

from django.conf import settings


def crash_point(name: str) -> None:
    """Die here when CRASH_AT names this point, outside production only."""
    if settings.WATCHFLOOR_ENV != "production" and os.environ.get("CRASH_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
