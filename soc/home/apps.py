"""Registers the home app, which owns the template tags of the house."""

from django.apps import AppConfig


class HomeConfig(AppConfig):
    """The floor at a glance, and how pages look."""

    name = "soc.home"
    label = "home"
    verbose_name = "Home"
