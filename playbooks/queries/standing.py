"""What versions are worth: who signed each, whether that is trusted now, and how many findings the check has of it.

A version never changes, so what is read of it is kept by the hash of its content; only trust and time are weighed anew.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playbooks.catalogue import action_names
from playbooks.definition import signing
from playbooks.definition.checking import check
from playbooks.definition.signing import Signature, SignatureState
from playbooks.definition.trust import known, refusal
from playbooks.models import Version
from playbooks.queries.trust import SAID, Signers, trusted_signers

MOST_KEPT = 2000
# What a signature that does not count is called in a list.
NOT_GOOD = {
    SignatureState.EXPIRED: "Signature expired",
    SignatureState.REVOKED: "Signer revoked",
    SignatureState.NOT_YET: "Signature not valid yet",
    SignatureState.UNVERIFIABLE: "Signature cannot be checked",
    SignatureState.UNSUPPORTED: "Signature of an unknown kind",
}


@dataclass(frozen=True)
class Standing:
    """What one version is worth. `state`: trusted, untrusted (sound, but its key is nobody's whom we trust), bad, or none."""

    state: str
    said: str  # "Signed by the press"
    signatures: tuple[Signature, ...]
    errors: int
    warnings: int
    own_refusal: str  # why its author lets nobody run it now, empty otherwise

    @property
    def findings(self) -> int:
        """How many findings the check has of it."""
        return self.errors + self.warnings


@dataclass(frozen=True)
class Content:
    """What is read of a content once: what it says of its validity, and the findings' counts."""

    said: dict[str, Any]
    errors: int
    warnings: int
    is_signed: bool


_contents: dict[str, Content] = {}
_examined: dict[tuple[str, Signers], tuple[signing.Examined, ...]] = {}


def standings_of(hashes: Mapping[int, str], now: datetime) -> dict[int, Standing]:
    """The standing of each version by its key, from the hashes of their contents.

    One query, and one more for contents that this process has not read yet.
    """
    signers = trusted_signers()
    learn(hashes, signers)
    return {key: _standing(content_hash, signers, now) for key, content_hash in hashes.items()}


def learn(hashes: Mapping[int, str], *some: Signers) -> None:
    """Read the contents that are not known yet, and their signatures for each set of signers. One query, or none."""
    missing = {key: one for key, one in hashes.items() if any(not _is_known(one, signers) for signers in some)}
    texts = dict(Version.objects.filter(pk__in=missing).values_list("pk", "canonical")) if missing else {}
    for key, content_hash in missing.items():
        document = json.loads(texts[key])
        if content_hash not in _contents:
            findings = check(document, action_names() or None, lenient=True)
            errors = sum(one.severity == "error" for one in findings)
            said = {name: document[name] for name in SAID if name in document}
            _keep(_contents, content_hash, Content(said, errors, len(findings) - errors, bool(document.get("signatures"))))
        for signers in some:
            if _contents[content_hash].is_signed:
                _keep(_examined, (content_hash, signers), signing.examined(document, signers))


def weighed_of(content_hash: str, signers: Signers, now: datetime) -> tuple[Signature, ...]:
    """The signatures of a content that was learned, with what they are worth at `now`. No query."""
    return signing.weighed(_examined.get((content_hash, signers), ()), now)


def refused_at(content_hash: str, signers: Signers, require: str, now: datetime) -> str | None:
    """Why a content that was learned may not run at `now` where `require` is asked for; None when it may. No query."""
    return refusal(_contents[content_hash].said, weighed_of(content_hash, signers, now), require, now)


def _is_known(content_hash: str, signers: Signers) -> bool:
    content = _contents.get(content_hash)
    return content is not None and (not content.is_signed or (content_hash, signers) in _examined)


def _keep(kept: dict[Any, Any], key: Any, value: Any) -> None:
    while len(kept) >= MOST_KEPT:
        kept.pop(next(iter(kept)))
    kept[key] = value


def _standing(content_hash: str, signers: Signers, now: datetime) -> Standing:
    content, signatures = _contents[content_hash], known(weighed_of(content_hash, signers, now))
    state, said = _summed(signatures)
    own = refusal(content.said, (), "none", now) or ""
    return Standing(state, said, signatures, content.errors, content.warnings, own)


def _summed(signatures: Sequence[Signature]) -> tuple[str, str]:
    """The best signature of the book itself, in a word and in words."""
    own = [one for one in signatures if not one.countersigns]
    if not own:
        return ("none", "Not signed")
    good = next((one for one in own if one.state == SignatureState.VALID), None)
    if good is not None:
        return ("trusted", f"Signed by {good.signer}")
    sound = next((one for one in own if one.state == SignatureState.UNKNOWN_SIGNER), None)
    if sound is not None:
        return ("untrusted", f"Signed by {sound.signee or 'somebody'}, not trusted")
    return ("bad", NOT_GOOD.get(own[0].state, "Signature is not valid"))
