"""What people do about a case, and in which words: from the claim to the closing, by what it turns out to be."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from soc.demo.people import DemoAgency
from soc.demo.signals import Signal

Step = tuple[datetime, str, str, dict[str, Any]]  # when, verb, who, arguments

DISPOSITIONS = {"true": "true_positive", "benign": "benign_positive", "rule": "false_positive_rule", "data": "false_positive_data"}

WORDS = {
    "first": (
        "One host so far. The account is in use on it alone.",
        "Seen on this host only; the address was called twice before, both times last week.",
        "The parent process is signed, the child is not. Looking at what it touched.",
        "The sign-in log agrees with the alert. Asking the agency who was at work.",
        "No other agency has called this domain in the last seven days.",
    ),
    "more": (
        "The hash is not known to the agency's own tools. A sample is kept.",
        "The user confirms that they opened the document and saw nothing happen.",
        "Tickets of this account may be valid for ten hours; a reset is asked for.",
        "The proxy shows 14 calls of 2 KB each, nothing larger went out.",
    ),
    "shared": (
        "We see one host involved and no sign of spreading. Keep the user off it until we call.",
        "What we found so far: the download was stopped, nothing was started.",
        "We suggest to reset the account and to end its sessions. Tell us when it is done.",
    ),
    "agency": (
        "The user is on leave, the laptop is docked in the office.",
        "Our help desk reset the account at our end; sessions are closed.",
        "This was our contractor's maintenance, ticket on file. We will tell you the next time.",
        "We pulled the machine from the floor and hold it for you.",
    ),
    "contain": (
        "The account is locked and its sessions are ended.",
        "The address is blocked at the edge, no call since.",
        "The host is off the network, confirmed by the agency.",
        "The rule is removed from the mailbox and the password is reset.",
    ),
    "recover": (
        "The host is rebuilt from a clean image.",
        "Service is back, watched for a day.",
        "Account is back in use with a new token.",
    ),
    "call": (
        "The agency's help desk called: a user saw the mouse move by itself.",
        "A partner's watch told us about calls from this network.",
        "The liaison called about a message that asks for a payment.",
    ),
    "true": (
        "Confirmed. The way in is closed and what it left is removed.",
        "A real attempt that was stopped early; nothing left the network.",
        "Confirmed by the agency and by the proxy's records.",
    ),
    "benign": (
        "Planned work by the agency, ticket seen.",
        "An administrator's tool, used as meant.",
        "A test by the agency's own red team.",
    ),
    "rule": (
        "The rule does not know the agency's update tool, which does this every month.",
        "The rule matches a signed macro of the finance office.",
        "Too broad: every start of the backup agent fits it.",
    ),
    "data": (
        "The address belongs to a mobile carrier and was placed in the wrong country.",
        "The sensor's clock ran an hour ahead, which made one sign-in two.",
        "The list that named the address was out of date.",
    ),
    "deny": ("The host runs the permit service until 18:00; we contain it another way.", "Not now: the agency is rebuilding it this hour."),
    "approve": ("The evidence is clear and the host can be spared.", "Spreading is likely, one workstation is a small price."),
    "task": (
        "Reset the accounts seen on the host",
        "Ask the owner what they were doing",
        "Search for the same hash elsewhere in the agency",
        "Collect the mail as it was sent",
        "Check that the block holds after a day",
    ),
}


def words_for(rng: random.Random, what: str) -> str:
    """A sentence for a purpose."""
    return rng.choice(WORDS[what])


def acts_of(
    rng: random.Random,
    *,
    agency: DemoAgency,
    signal: Signal,
    entity: str,
    at: datetime,
    now: datetime,
    stage: str,
    acknowledge: timedelta,
    contain: timedelta,
    worker: str,
    liaison: str,
) -> Iterator[Step]:
    """The steps of one case from its opening at `at` up to its stage, none after `now`.

    How fast it goes is a share of what programme policy allows, stretched by the agency's slowness; a share over 1 is late.
    """
    if stage == "new":
        return
    turns_out = signal.usual if rng.random() < 0.72 else rng.choice(("true", "benign", "rule", "data"))
    open_now = stage != "closed"
    claimed = at + acknowledge * min(_share(rng, 0.35), 0.95 if open_now else 1.6)
    if not open_now:  # late enough is late; there must be room for the rest of the work
        claimed = min(claimed, at + (now - at) * 0.4)
    yield claimed, "claim", worker, {}
    if stage == "triage":
        if rng.random() < 0.5:
            yield claimed + timedelta(minutes=2), "note", worker, {"text": words_for(rng, "first")}
        return
    work = contain * min(_share(rng, 0.4) * agency.slowness, 2.5) if not open_now else (now - claimed) * 0.8
    if turns_out != "true" and not open_now:
        work = work * 0.5
    if not open_now:  # room for recovery and closing before now
        work = min(work, (now - claimed - timedelta(hours=2)) / 2.2)
    yield claimed + work * 0.12, "investigate", worker, {}
    yield claimed + work * 0.15, "note", worker, {"text": words_for(rng, "first")}
    if rng.random() < 0.6:
        yield claimed + work * 0.2, "task", worker, {"title": words_for(rng, "task")}
    if rng.random() < 0.5:
        yield claimed + work * 0.3, "note", worker, {"text": words_for(rng, "more")}
    if rng.random() < 0.45:
        yield claimed + work * 0.4, "note", worker, {"text": words_for(rng, "shared"), "visibility": "released"}
        yield claimed + work * 0.42, "release", worker, {}
        if rng.random() < 0.6:
            yield claimed + work * 0.6, "note", liaison, {"text": words_for(rng, "agency"), "visibility": "released"}
    yield from _votes(rng, at, now, signal, agency, liaison, entity)
    if signal.severity in ("critical", "high") and turns_out == "true" and rng.random() < 0.35:
        yield claimed + work * 0.25, "declare", worker, {"kind": "incident", "reason": "An intrusion is confirmed on at least one system."}
    if stage == "investigating":
        return
    contained = claimed + work
    if turns_out == "true" or open_now:
        yield contained, "contain", worker, {"reason": words_for(rng, "contain")}
    if stage == "contained":
        return
    recovered = contained + (now - contained) * 0.5 if open_now else contained + work * rng.uniform(0.3, 1.0)
    if turns_out == "true" or open_now:
        yield recovered, "recover", worker, {"reason": words_for(rng, "recover")}
    if stage == "recovered":
        return
    closed = min(recovered + timedelta(minutes=rng.uniform(4, 40)), now - timedelta(minutes=rng.uniform(3, 90)))
    if rng.random() < 0.7:
        yield closed - timedelta(minutes=2), "finish_task", worker, {}
    disposition = "undetermined" if rng.random() < 0.04 else DISPOSITIONS[turns_out]
    reason = "The records needed were gone before we could read them." if disposition == "undetermined" else words_for(rng, turns_out)
    if turns_out == "rule" and rng.random() < 0.2:
        yield closed - timedelta(minutes=1), "suppress", worker, {"days": 14, "reason": reason}
    yield closed, "close", worker, {"disposition": disposition, "reason": reason}
    if rng.random() < 0.04:
        again = closed + timedelta(minutes=rng.uniform(20, 60))
        if again + timedelta(minutes=30) < now:
            yield again, "reopen", worker, {"reason": "The same call was seen once more."}
            yield (
                again + timedelta(minutes=25),
                "close",
                worker,
                {"disposition": disposition, "reason": "A retry from the same queue; nothing new."},
            )


def _votes(
    rng: random.Random, at: datetime, now: datetime, signal: Signal, agency: DemoAgency, liaison: str, entity: str
) -> Iterator[Step]:
    """What is voted about the isolation that a playbook asks for, within its half hour; some let it lapse."""
    if signal.about != "host" or signal.severity not in ("critical", "high"):
        return
    lot = rng.random()
    if lot < 0.2:
        return  # it lapses
    voted = at + timedelta(minutes=rng.uniform(3, 24))
    if voted >= now:
        return
    kind, why = ("approve", "approve") if lot < 0.8 else ("deny", "deny")
    yield voted, "vote", "jude", {"vote": kind, "reason": words_for(rng, why)}
    if not agency.consents and kind == "approve" and voted + timedelta(minutes=3) < now:
        yield voted + timedelta(minutes=3), "vote", liaison, {"vote": "approve", "reason": "Agreed, the user has been told."}


def _share(rng: random.Random, mean: float) -> float:
    return mean * rng.lognormvariate(-0.18, 0.6)
