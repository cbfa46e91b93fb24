"""Reading single values out of an alert that may hold anything at all."""

import re
from datetime import UTC, datetime, timedelta

from soc.cases.intake.problems import refuse

TITLE_LIMIT = 1_000
RULE_LIMIT = 512
DESCRIPTION_LIMIT = 65_536
REFERENCE_LIMIT = 4_096
LIST_LIMIT = 1_000

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(\.[0-9]+)? ?([Zz]|[+-][0-9]{2}:?[0-9]{2})?")
_TECHNIQUE = re.compile(r"[Tt]([0-9]{4})(\.[0-9]{3})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def clean(text: str) -> str:
    """Replace what PostgreSQL text cannot hold (NUL, lone surrogates) by U+FFFD, so that the loss can be seen."""
    return _UNSTORABLE.sub("\ufffd", text)


def text(value: object, field: str, *, limit: int) -> str:
    """The text of a field, cleaned and without surrounding space; "" when it is absent or null.

    `limit` is in bytes of UTF-8. Raises Refused: wrong_type when it is not a string, too_large beyond the limit.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise refuse("wrong_type", field, f"{field} is {kind(value)}, not a string.", f"Send {field} as a string.")
    found = clean(value).strip()
    size = len(found.encode())
    if size > limit:
        raise refuse("too_large", field, f"{field} has {size:,} bytes; the limit is {limit:,}.", f"Shorten {field} and send it again.")
    return found


def items(value: object, field: str) -> list[object]:
    """The members of a list field; none when it is absent or null.

    Raises Refused: wrong_type when it is not a list, too_large beyond `LIST_LIMIT` members.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise refuse("wrong_type", field, f"{field} is {kind(value)}, not a list.", f"Send {field} as a list.")
    if len(value) > LIST_LIMIT:
        raise refuse(
            "too_large", field, f"{field} has {len(value):,} members; the limit is {LIST_LIMIT:,}.", "Send fewer, or split the alert."
        )
    return value


def members(value: object) -> dict[str, object]:
    """The members of an object, or none when the value is anything else."""
    return value if isinstance(value, dict) else {}


def moment(value: object) -> datetime | None:
    """A time written as RFC 3339, in UTC; None when it is no such time. A time without an offset is read as UTC."""
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= 64 else None
    if match is None:
        return None
    day, clock, fraction, offset = match.groups()
    offset = "+00:00" if offset is None or offset in "Zz" else offset
    try:
        found = datetime.fromisoformat(f"{day}T{clock}{(fraction or '')[:7] if len(fraction or '') != 1 else ''}{offset}")
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def epoch_moment(value: object) -> datetime | None:
    """A time in milliseconds since 1970 (OCSF `timestamp_t`), in UTC; None when it is no such time."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 253_402_300_800_000:
        return None
    return _EPOCH + timedelta(milliseconds=value)


def technique(value: object) -> str | None:
    """An ATT&CK technique id in capitals ("T1566.002"); None when the value is not one."""
    if not isinstance(value, str) or _TECHNIQUE.fullmatch(value.strip()) is None:
        return None
    return value.strip().upper()


def kind(value: object) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    return "a string" if isinstance(value, str) else "a list" if isinstance(value, list) else "an object"
