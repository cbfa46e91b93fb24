"""Registers the simulated floor: commands only, no tables, no pages."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The simulated floor."""

    name = "soc.demo"
    label = "demo"
    verbose_name = "Simulated floor"
