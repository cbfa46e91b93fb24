"""BPMN 2.0 drawings turned into CACAO 2.0 drafts, with a list of what a draft does not carry."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from playbooks.definition.bpmn.flow import Left
from playbooks.definition.bpmn.markup import Unreadable, parsed
from playbooks.definition.bpmn.process import read
from playbooks.definition.bpmn.shape import shaped
from playbooks.definition.bpmn.writing import written

__all__ = ["US", "Draft", "Left", "Unreadable", "draft_of"]

# The identity that stands as the maker of drafts and of the library.
US = "identity--f3c95789-ace1-4954-ac5d-6baed2eac902"


@dataclass(frozen=True)
class Draft:
    """A playbook made from a drawing, and what of the drawing is not in it."""

    document: dict[str, Any]
    left: tuple[Left, ...]


def draft_of(raw: bytes, *, created: datetime, modified: datetime, created_by: str = US) -> Draft:
    """The draft of a BPMN 2.0 file. Raises Unreadable with a sentence for a file that is none."""
    try:
        flow = read(parsed(raw))
        blocks = shaped(flow)
        document = written(flow, blocks, created_by=created_by, created=_stamp(created), modified=_stamp(modified))
    except RecursionError as error:
        raise Unreadable("the drawing is too deeply nested or too entangled; cut it into several files") from error
    return Draft(document, tuple(flow.left))


def _stamp(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
