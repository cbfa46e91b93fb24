"""Answering with a CSV file; one of a simulated floor says so in every row."""

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse

# What spreadsheets take for a formula; a quote before it keeps it a text.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """A CSV file of that name (without its ending). Times in UTC (RFC 3339), nothing for None."""
    simulated = settings.SIMULATED
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{"simulated-" if simulated else ""}{name}.csv"'
    writer = csv.writer(answer)
    writer.writerow([*heads, "data"] if simulated else heads)
    for row in rows:
        cells = [_cell(one) for one in row]
        writer.writerow([*cells, "Simulated data"] if simulated else cells)
    return answer


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text
