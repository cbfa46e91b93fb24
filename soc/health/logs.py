"""Logs as JSON, one object a line, each with the id of the request that caused it, in tasks too."""

import json
import logging
import re
import uuid
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

# The request at hand; a task takes over the id of the request that rang for it.
request_id: ContextVar[str] = ContextVar("request_id", default="")

_SAFE = re.compile(r"[A-Za-z0-9._-]{8,64}")
_ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "request", "taskName", "server_time", "color_message"}


def request_id_from(header: str) -> str:
    """The id a caller sent, when it is a plain word; else a new one."""
    return header if _SAFE.fullmatch(header) else uuid.uuid4().hex


class JsonLines(logging.Formatter):
    """One JSON object a record: time, level, logger, message, request id, and what `extra` adds."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line of JSON; what JSON cannot hold is written as text."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := request_id.get():
            line["request_id"] = current
        line.update({name: value for name, value in vars(record).items() if name not in _ORDINARY})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def logging_settings(level: str) -> dict[str, Any]:
    """Django's LOGGING: everything to standard error as JSON."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "soc.health.logs.JsonLines"}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["lines"], "level": level},
        "loggers": {
            # Django mails administrators and prints by default; here it writes lines like the rest.
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # Our own line for each request says more.
            "uvicorn.access": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            # A ring is no news; what it led to is.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
        },
    }
