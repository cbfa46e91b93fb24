"""Whether a book may run: what its author says of it, and which signatures an agency asks for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from playbooks.definition.instants import instant
from playbooks.definition.signing import Signature, SignatureState


class Requirement(StrEnum):
    """What an agency asks of a book before it runs."""

    NONE = "none"
    VALID = "valid"
    TRUSTED = "trusted"


def known(signatures: Iterable[Signature]) -> tuple[Signature, ...]:
    """The same signatures where only those of trusted signers are valid."""
    why = "The signature fits, but its key is not one of the trusted signers."
    return tuple(
        replace(one, state=SignatureState.UNKNOWN_SIGNER, why=why) if one.state == SignatureState.VALID and not one.signer else one
        for one in signatures
    )


def refusal(document: Mapping[str, Any], signatures: Sequence[Signature], require: str, now: datetime) -> str | None:
    """Why a book may not run at `now` under an agency's policy, in a sentence; None when it may.

    One signature of the book itself that is good enough suffices: others could have been left out by whoever sent it.
    """
    own = _own_refusal(document, now)
    if own is not None or require == Requirement.NONE:
        return own
    if not signatures:
        return "This agency runs signed books only, and this one has no signature."
    looked_at = known(signatures) if require != Requirement.VALID else tuple(signatures)
    if any(one.state == SignatureState.VALID and not one.countersigns for one in looked_at):
        return None
    first = next((one for one in looked_at if not one.countersigns and one.state != SignatureState.VALID), looked_at[0])
    return f"No signature of this book can be relied on. {first.signee or 'Unnamed'}: {first.why}"


def _own_refusal(document: Mapping[str, Any], now: datetime) -> str | None:
    if document.get("revoked", False) is not False:
        return "Its author revoked this book."
    for name, passed, said in (("valid_from", False, "is not valid before"), ("valid_until", True, "is not valid any more since")):
        if document.get(name) is None:
            continue
        at = instant(document[name])
        if at is None:
            return f"The {name} of this book cannot be read as a time."
        if (now >= at) is passed:
            return f"This book {said} {document[name]}."
    return None
