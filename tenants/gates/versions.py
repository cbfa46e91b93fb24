"""Versions of an edit: `If-Match: 3` or `"3"`."""

from typing import Any

from tenants.errors import Invalid


def version_of(request: Any) -> int | None:
    """The version that the caller saw, from If-Match or the form field `version`; None when absent (the operation answers 428)."""
    raw = request.META.get("HTTP_IF_MATCH", "")
    if not raw and hasattr(request, "POST"):
        raw = request.POST.get("version", "")
    raw = raw.strip().removeprefix("W/").strip('"')
    if not raw:
        return None
    if not (raw.isascii() and raw.isdigit() and len(raw) < 10):
        raise Invalid("The version is not a number.", field="If-Match", cure='Send If-Match: 3 or If-Match: "3".')
    return int(raw)
