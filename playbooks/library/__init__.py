"""The books that come with the product, and when they start by themselves."""

from dataclasses import dataclass
from pathlib import Path

BOOKS = {"malware-on-a-host": "malware_on_a_host.json"}


@dataclass(frozen=True)
class Trigger:
    """A rule that starts a book: a condition over the facts of a subject, and the sentence that tells why."""

    slug: str
    book: str
    name: str
    about: str
    condition: str
    why: str


TRIGGERS = (
    Trigger(
        slug="severe-case-with-a-host",
        book="malware-on-a-host",
        name="Every case of severity high or critical that has a host",
        about="case",
        condition="__severity__:value IN ('high', 'critical') AND __host_count__:value > 0",
        why="The case is of severity __severity__:value and has a host, __host__:value.",
    ),
)


def text_of(file: str) -> str:
    """A book's JSON text."""
    return (Path(__file__).parent / file).read_text(encoding="utf-8")
