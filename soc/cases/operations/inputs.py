"""Reading what people and scripts send for a verb: each refusal names the field and the cure."""

from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from tenants.errors import Invalid

MOST_TITLE, MOST_REASON, MOST_NOTE = 300, 2_000, 20_000  # characters

E = TypeVar("E", bound=Enum)


def text_of(value: Any, *, field: str, most: int) -> str:
    """A text that says something, trimmed, at most `most` characters. Raises Invalid."""
    if not isinstance(value, str) or not value.strip():
        raise Invalid(f"{field.capitalize()} is missing.", field=field, cure=f"Send {field} as a text that is not empty.")
    text: str = value.strip()
    if "\x00" in text:
        raise Invalid(f"{field.capitalize()} holds a NUL character.", field=field, cure="Leave the NUL character out.")
    if len(text) > most:
        raise Invalid(f"{field.capitalize()} is too long.", field=field, cure=f"Use at most {most} characters.", most=most)
    return text


def choice_of(value: Any, kind: type[E], *, field: str) -> E:
    """One of an enumeration's values; the empty value is none. Raises Invalid."""
    if isinstance(value, str) and value:
        try:
            return kind(value)
        except ValueError:
            pass
    allowed = ", ".join(str(one.value) for one in kind if one.value)
    raise Invalid(f"{field.capitalize()} is missing or unknown.", field=field, cure=f"Send one of: {allowed}.")


def time_of(value: Any, *, field: str, default: datetime) -> datetime:
    """An aware time from RFC 3339 (with an offset or Z), in UTC; `default` when nothing was sent. Raises Invalid."""
    if value is None or value == "":
        return default
    try:
        read = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        if read.tzinfo is None:
            raise ValueError("no offset")
        return read.astimezone(UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise Invalid(
            f"{field.capitalize()} is not a time with its offset.", field=field, cure="Send RFC 3339, like 2026-11-24T14:32:00Z."
        ) from error


def time_between(value: Any, *, field: str, earliest: datetime, earliest_is: str, latest: datetime) -> datetime:
    """A time that lies neither before `earliest` (named in words) nor in the future. Raises Invalid."""
    read = time_of(value, field=field, default=latest)
    if read > latest:
        raise Invalid("This time lies in the future.", field=field, cure="Send the time when it happened, not later than now.")
    if read < earliest:
        stamp = earliest.astimezone(UTC).isoformat().replace("+00:00", "Z")
        raise Invalid(f"This time lies before {earliest_is}.", field=field, cure=f"Send a time from {stamp} on.", earliest=stamp)
    return read
