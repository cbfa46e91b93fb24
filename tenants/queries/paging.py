"""Keyset pages: a list continues after the last row, never by counting."""

import base64
from typing import Any

import orjson
from django.db import DataError
from django.db.models import Q

from tenants.errors import Invalid

PAGE_SIZE = 50


def encode(values: list[Any]) -> str:
    """An opaque cursor of the last row's order values."""
    return base64.urlsafe_b64encode(orjson.dumps(values, default=str)).rstrip(b"=").decode()


def decode(cursor: str, fields: int) -> list[Any]:
    """The values of a cursor. Raises Invalid (field `cursor`)."""
    wrong = Invalid("The cursor is not one of ours.", field="cursor", cure="Use the value of `next`, or leave it out for the first page.")
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise wrong from error
    if not isinstance(values, list) or len(values) != fields or not all(isinstance(v, (str, int, float)) for v in values):
        raise wrong
    return values


def _read(rows: Any, cursor: str) -> list[Any]:
    """The rows; a value of a cursor that PostgreSQL cannot take (a NUL, a time before all times) is a foreign cursor."""
    try:
        return list(rows)
    except (ValueError, OverflowError, DataError) as error:
        if not cursor:
            raise
        raise Invalid("The cursor is not one of ours.", field="cursor", cure="Leave it out for the first page.") from error


def page_of(rows: Any, *, order: tuple[str, ...], cursor: str = "", size: int = PAGE_SIZE) -> tuple[list[Any], str | None]:
    """One page of a queryset in `order` ("-opened_at", "-id"), all fields non-null and the last one unique.

    Returns the rows and the next cursor or None. One query. Raises Invalid for a foreign cursor.
    """
    names = [o.lstrip("-") for o in order]
    rows = rows.order_by(*order)
    if cursor:
        values = decode(cursor, len(names))
        after = Q()
        for i, one in enumerate(order):
            same = {names[j]: values[j] for j in range(i)}
            after |= Q(**same, **{f"{names[i]}__{'lt' if one.startswith('-') else 'gt'}": values[i]})
        try:
            rows = rows.filter(after)
        except Exception as error:  # a value of the wrong kind for its column
            raise Invalid("The cursor is not one of ours.", field="cursor", cure="Leave it out for the first page.") from error
    found = _read(rows[: size + 1], cursor)
    more = len(found) > size
    found = found[:size]
    if not more:
        return found, None
    last = found[-1]
    return found, encode([getattr(last, n).isoformat() if hasattr(getattr(last, n), "isoformat") else getattr(last, n) for n in names])
