"""The stage of the engine, for crashes too."""

from tests.playbooks.conftest import product, stage, things

__all__ = ["product", "stage", "things"]
