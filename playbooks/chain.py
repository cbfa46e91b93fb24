"""The chain over a run's own events: each hash covers its event and the hash before it, so that no event can change alone. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

COVERED = ("no", "kind", "step_id", "text", "actor", "actor_label", "fence", "data")
START = ""  # the hash before the first event


def link(previous: str, run: str, event: Mapping[str, Any]) -> str:
    """SHA-256 of the hash before, the run's public id and an event (its columns by name), in one form: sorted keys, UTC to the microsecond.

    `data` holds texts, whole numbers, lists and objects of them only: what PostgreSQL gives back as it got it.
    """
    at: datetime = event["at"]
    said = [previous, run, *(event[name] for name in COVERED), at.astimezone(UTC).isoformat(timespec="microseconds")]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def first_fault(run: str, events: Iterable[Mapping[str, Any]]) -> tuple[str, int, str]:
    """The first event that does not fit, in a sentence (empty when all do), how many do, and the last hash that does. In order of `no`."""
    previous, count = START, 0
    for event in events:
        if event["no"] != count + 1:
            return f"event {count + 1} is missing: event {event['no']} follows event {count}", count, previous
        if link(previous, run, event) != event["hash"]:
            return f"event {event['no']} is not what was written ({event['kind']})", count, previous
        previous, count = event["hash"], count + 1
    return "", count, previous
