"""The blocks of a draft: what a graph becomes when every branch has a beginning, an end, and a place to return to."""

from collections.abc import Sequence
from dataclasses import dataclass

from playbooks.definition.bpmn.flow import Node

# Where a way leads that leaves the part at hand.
LEAVE = ""


@dataclass(frozen=True)
class Answer:
    """One answer of a person: at a node, `key` was chosen. `way` names the flow where each flow is asked about by itself."""

    node: str
    key: str
    scope: str
    way: str = ""


@dataclass(frozen=True)
class When:
    """Holds when one of the answers was given and none of the others; nothing at all: always."""

    any_of: tuple[Answer, ...] = ()
    none_of: tuple[Answer, ...] = ()


@dataclass(frozen=True)
class Do:
    """The node's own work, call, wait or end."""

    node: Node


@dataclass(frozen=True)
class Ask:
    """A person says which way to take."""

    node: Node
    scope: str


@dataclass(frozen=True)
class Arm:
    """One branch of a choice."""

    when: When
    blocks: Sequence["Block"]
    label: str = ""


@dataclass(frozen=True)
class Choice:
    """One of the arms; the last one is for every other case when `exhausts`."""

    node: Node
    arms: tuple[Arm, ...]
    exhausts: bool = True


@dataclass(frozen=True)
class Together:
    """Every branch, side by side."""

    node: Node
    branches: tuple[Sequence["Block"], ...]


@dataclass(frozen=True)
class Attempt:
    """An activity, what follows its success, and what follows its failure."""

    node: Node
    well: Sequence["Block"]
    badly: Sequence["Block"]


@dataclass(frozen=True)
class Repeat:
    """Again and again while the condition holds."""

    node: Node
    when: When
    blocks: Sequence["Block"]


Block = Do | Ask | Choice | Together | Attempt | Repeat
