"""The blocks that a run has open: a tree of frames, of which the leaves go on. Pure."""

from collections.abc import Mapping
from typing import Protocol, TypeVar


class Block(Protocol):
    """What this asks of a frame: the key of the frame that it was opened in, None for the book itself."""

    parent_id: int | None


F = TypeVar("F", bound=Block)


def path(frames: Mapping[int, Block], key: int) -> tuple[int, ...]:
    """The keys from the book's own frame to this one."""
    keys: list[int] = []
    at: int | None = key
    while at is not None and at in frames:
        keys.append(at)
        at = frames[at].parent_id
    return tuple(reversed(keys))


def leaves(frames: Mapping[int, Block]) -> list[int]:
    """The frames in which no branch is open, in the order in which their branches were opened, block by block.
    Keys grow with the order of opening.
    """
    if len(frames) == 1:
        return list(frames)
    openers = {one.parent_id for one in frames.values()}
    return sorted((key for key in frames if key not in openers), key=lambda key: path(frames, key))


def openers(frames: Mapping[int, Block]) -> list[int]:
    """The frames that wait for branches, the outermost first."""
    waiting = {one.parent_id for one in frames.values()} & set(frames)
    return sorted((key for key in waiting if key is not None), key=lambda key: len(path(frames, key)))


def inside(frames: Mapping[int, Block], key: int) -> list[int]:
    """Every frame opened within this one, the innermost first."""
    found = [other for other in frames if other != key and key in path(frames, other)]
    return sorted(found, key=lambda other: len(path(frames, other)), reverse=True)
