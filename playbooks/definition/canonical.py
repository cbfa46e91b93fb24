"""One form of writing down a document, and its hash."""

import hashlib
from typing import Any

import rfc8785


def canonical(document: Any) -> str:
    """The document in the JSON Canonicalization Scheme (RFC 8785). Raises ValueError for what has no such form."""
    return rfc8785.dumps(document).decode()


def sha256_of(document: Any) -> str:
    """SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()
