"""Merkle roots over batches and the chain of roots: pure."""

import hashlib
from collections.abc import Iterable

START = bytes(32)


def leaf(parts: Iterable[str]) -> bytes:
    """The hash of one row, its fields length-prefixed so that no two rows share a text. SHA-256, domain byte 0."""
    digest = hashlib.sha256(b"\x00")
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.digest()


def root(leaves: list[bytes]) -> bytes:
    """The root over leaves in order (SHA-256, domain byte 1 for inner nodes; an odd last node goes up alone)."""
    if not leaves:
        return START
    level = leaves
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [hashlib.sha256(b"\x01" + b"".join(pair)).digest() if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]


def chained(before: bytes, this: bytes) -> bytes:
    """Each root over the last one."""
    return hashlib.sha256(b"\x02" + before + this).digest()
