"""Requests whose Content-Type names a codec that makes no text, like rot13, are read as UTF-8 instead of failing."""

from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest


class _Text:
    """Django looks the name up, finds a codec, and only then learns that it is not one of texts."""

    def _set_content_type_params(self, meta: Any) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except LookupError:
            self._encoding = None


class TextWSGIRequest(_Text, WSGIRequest):
    """As Django's, for a WSGI server."""


class TextASGIRequest(_Text, ASGIRequest):
    """As Django's, for an ASGI server."""
