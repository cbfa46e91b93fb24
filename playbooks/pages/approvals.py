"""Approvals as pages: the list of what waits, exactly what would run, and the vote beside it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponseRedirect
from django.urls import reverse

from playbooks.operations.breaking import break_glass, review_glass
from playbooks.operations.voting import vote
from playbooks.queries.approvals import approval_of, decided_lately, glasses_to_review, inbox
from playbooks.queries.reading import following
from playbooks.queries.telling import ApprovalView, Voter
from playbooks.queries.voters import agencies_heard, liaisons_of
from tenants.gates.navigation import READERS
from tenants.gates.pages import Page

APPROVAL_READERS = READERS | {"liaison"}
SOON_SECONDS = 600  # an approval lapses soon when ten minutes are left: then the watch lead is told too
# What became of it: the mark, the word, and what that means.
ENDED = {
    "approved": ("done", "Approved", "It runs once, exactly as it stands here."),
    "denied": ("skipped", "Denied", "Nothing ran. The book goes on its other way, with the reason."),
    "lapsed": ("skipped", "Lapsed", "Nobody decided in time, so nothing ran. The book goes on its other way."),
    "void": ("skipped", "Void", "The action changed after it was asked, so every vote on it is void and nothing of it ran."),
}


@dataclass(frozen=True)
class Item:
    """One approval in a list: its clock while it is open, whose word is given or owed, and how it ended."""

    one: ApprovalView
    lapse: dict[str, Any]
    votes: tuple[tuple[bool, str], ...]
    ended: tuple[str, str, str] | None


@dataclass(frozen=True)
class SoFar:
    """One thing that happened to an approval."""

    at: datetime
    who: str  # person | agency | automation
    text: str


@dataclass(frozen=True)
class Side:
    """One of those who decide: the watch floor or the agency, how many of its votes are given, and which."""

    role: str  # floor | liaison
    given: int
    needed: int
    votes: tuple[Voter, ...]

    @property
    def is_given(self) -> bool:
        """Whether all its votes are there."""
        return self.given >= self.needed

    @property
    def denied(self) -> bool:
        """Whether one of its votes denied."""
        return any(one.vote == "deny" for one in self.votes)


class ApprovalsPage(Page):
    """`/approvals/`: what this reader can vote on, what waits for others, what was decided lately."""

    roles = APPROVAL_READERS

    def get(self, request: Any, approval: str = "") -> Any:
        lists = self.lists(None)
        first = next(iter(lists["ended"] if lists["decided"] else [*lists["mine"], *lists["others"]]), None)
        return self.page("playbooks/approvals.html", **lists) if first is None else self.beside(first.one, lists, chosen=False)

    def beside(self, one: ApprovalView, lists: dict[str, Any], *, chosen: bool) -> Any:
        """One approval beside the lists; not `chosen`, it is the first of them, and a narrow screen shows the lists alone."""
        return self.page(
            "playbooks/approval.html",
            item=item_of(one),
            one=one,
            chosen=chosen,
            hash_words=" ".join(one.hash[index : index + 8] for index in range(0, len(one.hash), 8)),
            after=None if self.actor.speaks_for_an_agency else following(one.id),
            liaisons=liaisons_of(one.agency) if any(need.role == "liaison" for need in one.needs) else (),
            sides=sides_of(one),
            so_far=so_far(one),
            current=one.id,
            **lists,
        )

    def lists(self, chosen: ApprovalView | None) -> dict[str, Any]:
        """The lists beside a chosen approval; the open ones, unless those decided are asked for or the chosen one is among them."""
        state = self.request.GET.get("state", "")
        decided = state == "decided" or (state != "open" and chosen is not None and chosen.state != "open")
        waiting = inbox(self.actor)
        shown = decided_lately(self.actor) if decided else ()
        reviews = glasses_to_review(self.actor)
        return {
            "at": self.actor.now(),
            "soon": SOON_SECONDS,
            "decided": decided,
            "mine": [item_of(one) for one in waiting.mine],
            "others": [item_of(one) for one in waiting.others],
            "ended": [item_of(one) for one in shown],
            "open_count": len(waiting.mine) + len(waiting.others),
            "reviews": reviews,
            "late_reviews": sum(one.is_late for one in reviews),
            "topics": ",".join(f"agency.{slug}.approvals" for slug in agencies_heard(self.actor)),
        }


class ApprovalPage(ApprovalsPage):
    """`/approvals/<id>/`: one approval beside the lists."""

    def get(self, request: Any, approval: str = "") -> Any:
        one = approval_of(approval, self.actor)
        return self.beside(one, self.lists(one), chosen=True)


class VotePage(ApprovalPage):
    """POST `/approvals/<id>/vote/`: one vote; a refusal shows the approval again with what was typed."""

    def get(self, request: Any, approval: str = "") -> Any:
        if self.error is None:
            return HttpResponseRedirect(reverse("approval", args=[approval_of(approval, self.actor).id]))
        return super().get(request, approval)

    def act(self, data: Any) -> str:
        public_id = self.kwargs["approval"]
        one = vote(approval=public_id, hash=data.get("hash"), vote=data.get("vote"), reason=data.get("reason"), by=self.actor)
        self.done = {
            "open": "Your vote counts. Nothing runs until every vote that is needed is given.",
            "approved": "Approved. The action runs now, once.",
            "denied": "Denied. Nothing runs, and the case says so.",
        }.get(str(one.state), "Your vote counts.")
        return reverse("approval", args=[public_id])


class BreakGlassPage(VotePage):
    """POST `/approvals/<id>/break-glass/`: what a watch lead does who cannot wait for the votes that are missing."""

    def act(self, data: Any) -> str:
        public_id = self.kwargs["approval"]
        break_glass(approval=public_id, hash=data.get("hash"), target=data.get("target"), reason=data.get("glass_reason"), by=self.actor)
        self.done = "The glass is broken: the action runs now, once. The agency and the floor are told, and somebody else reviews it."
        return reverse("approval", args=[public_id])


class ReviewPage(VotePage):
    """POST `/approvals/<id>/review/`: what somebody else makes of a broken glass."""

    def act(self, data: Any) -> str:
        public_id = self.kwargs["approval"]
        review_glass(approval=public_id, verdict=data.get("verdict"), note=data.get("note"), by=self.actor)
        self.done = "The review is closed, and the case says what it came to."
        return reverse("approval", args=[public_id])


def sides_of(one: ApprovalView) -> list[Side]:
    """Those who decide, each with its votes."""
    found = []
    for role in dict.fromkeys(need.role for need in one.needs):
        given = [need.given for need in one.needs if need.role == role]
        found.append(Side(role, sum(given), len(given), tuple(vote for vote in one.votes if vote.side == role)))
    return found


def item_of(one: ApprovalView) -> Item:
    """An approval as a list shows it."""
    lapse = {
        "state": "running",
        "kind": "lapses",
        "label": "Lapses",
        "started_at": one.asked_at,
        "due_at": one.expires_at,
        "stopped_at": None,
        "limit_seconds": one.seconds_asked,
    }
    votes = []
    for side in sides_of(one):
        of = f", {side.given} of {side.needed}" if side.needed > 1 else ""
        votes.append((side.is_given, f"{'Watch floor' if side.role == 'floor' else one.acronym}{of}"))
    if one.consent:
        votes.append((True, f"{one.acronym}, standing consent"))
    return Item(one, lapse, tuple(votes), ENDED.get(one.state))


def so_far(one: ApprovalView) -> tuple[SoFar, ...]:
    """What happened to an approval, the latest first."""
    told = [SoFar(one.asked_at, "automation", f"{one.book} asked")]
    for given in one.votes:
        who = "agency" if given.side == "liaison" else "person"
        word = "approves" if given.vote == "approve" else "denies"
        told.append(SoFar(given.at, who, f"{given.name} {word}: {given.reason}"))
    told += [SoFar(tried.at, "person", f"{tried.name} tried to {tried.vote or 'vote'}, refused: {tried.why}") for tried in one.refused]
    if one.glass is not None:
        told.append(
            SoFar(one.glass.at, "person", f"{one.glass.broken_by} broke the glass, without {one.glass.missing}: {one.glass.reason}")
        )
        if one.glass.reviewed_at is not None:
            said = f"{one.glass.reviewed_by} reviewed it, {one.glass.said.lower()}: {one.glass.note}"
            told.append(SoFar(one.glass.reviewed_at, "person", said))
    if one.state in ("lapsed", "void") and one.decided_at is not None:
        told.append(SoFar(one.decided_at, "automation", ENDED[one.state][1]))
    return tuple(sorted(told, key=lambda one: one.at, reverse=True))
