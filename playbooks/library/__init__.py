"""The books that come with the product, and when they start by themselves."""

from dataclasses import dataclass
from pathlib import Path

# Books that others call stand before those that call them.
SLUGS = (
    "malware-on-a-host",
    "federal-reporting",
    "credential-compromise",
    "phishing",
    "web-shell",
    "incident-response",
    "vulnerability-response",
    "ransomware",
    "data-exfiltration",
    "exploited-application",
    "lost-device",
    "denial-of-service",
    "insider",
    "supply-chain",
    "kev-addition",
    "emergency-directive",
    "business-mail",
    "cloud-key",
    "identity-provider",
    "directory-recovery",
    "silent-source",
    "indicator",
    "evidence-handover",
)
BOOKS = {slug: f"{slug.replace('-', '_')}.json" for slug in SLUGS}


@dataclass(frozen=True)
class Trigger:
    """A rule that starts a book: a condition over the facts of a subject, and the sentence that tells why."""

    slug: str
    book: str
    name: str
    about: str
    condition: str
    why: str
    urgent: bool = False  # its runs go in the emergency lane


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
