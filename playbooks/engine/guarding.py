"""What a book's signatures and markings forbid to a run that is under way."""

from playbooks.definition import markings
from playbooks.engine.claiming import content_of
from playbooks.engine.hand import Hand
from playbooks.models import Connector
from playbooks.queries.trust import handling_at, standing_refusal


def must_stop(hand: Hand) -> str | None:
    """Why the run must stop before its next step, in a sentence: its book ran out, or the trust in its signer ended.

    As of when the run was read: whoever ends a trust touches the runs that stand on it. No query once this process knows the content.
    """
    if hand.run.undoes_id is not None:
        return None  # what was done may be taken back, whatever is thought of the book by now
    return standing_refusal(hand.run.version_hash, lambda: content_of(hand), hand.standing, hand.by.now())


def must_not_send(hand: Hand, connector: Connector, *, reads_only: bool) -> str | None:
    """Why the book's markings (TLP, IEP) forbid a request to a product of the agency, in a sentence; None when they allow it."""
    handling = handling_at(hand.run.version_hash, lambda: content_of(hand), hand.by.now())
    encrypted = connector.base_url.startswith("https:")
    target = markings.Target(connector.name, markings.CEILING_OF_OWN, own=True, encrypted=encrypted)
    return markings.sending_refusal(handling, target, reads_only=reads_only)
