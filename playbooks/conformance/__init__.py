"""Small CACAO 2.0 playbooks, one rule each, with what any engine should make of them; README.md tells how to run them."""

from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent


def files() -> Iterator[Path]:
    """Every case's file, in order."""
    yield from sorted(HERE.glob("*/*.json"))
