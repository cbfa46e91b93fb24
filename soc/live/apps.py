"""Registers the bell and what it hears."""

import logging
from importlib import import_module

from django.apps import AppConfig


class LiveConfig(AppConfig):
    """The bell."""

    name = "soc.live"
    label = "live"
    verbose_name = "Live"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("soc.live.reactions")
        # While its server is away the layer logs a traceback each second; our own warnings say it in a line.
        logging.getLogger("channels_redis.pubsub").setLevel(logging.CRITICAL)
