"""Which sites may open a socket with a reader's cookie: our own; and programs, which send no Origin and no cookie by accident."""

from typing import Any

from channels.security.websocket import OriginValidator
from django.conf import settings


class OwnOrigin(OriginValidator):
    """Refuses a foreign Origin. Every browser sends one, so its absence is a program that brings its session on purpose."""

    def __init__(self, application: Any) -> None:
        super().__init__(application, settings.ALLOWED_HOSTS)

    def valid_origin(self, parsed_origin: Any) -> bool:
        return parsed_origin is None or super().valid_origin(parsed_origin)
