"""One agency as its page shows it: each part only for those whose role may read it."""

from dataclasses import dataclass
from typing import Any

from playbooks.models import StandingConsent
from playbooks.policies import may_consent
from playbooks.products import ProductAction, consentable
from playbooks.states import EffectClass
from soc.cases.policies import may_read_balance
from soc.cases.queries.intake import Balance, balances_of
from soc.scorecards.policies import may_read_scorecard
from tenants.actors import Actor
from tenants.errors import Unknown, require
from tenants.models import Agency, CallTreeContact, SensorKey
from tenants.policies import may_change_the_directory, may_handle_keys, may_see_people
from tenants.queries.directory import agency_of, call_tree, keys_of
from tenants.queries.people import people_of
from tenants.states import AgencyState, Role

WAY = (AgencyState.PROSPECTIVE, AgencyState.ONBOARDING, AgencyState.PARALLEL, AgencyState.LIVE)


@dataclass(frozen=True)
class Move:
    """A state that an agency may take next, what the button says, and what follows from it."""

    state: str
    label: str
    follows: str
    onward: bool  # toward being live


_SAYS = {
    AgencyState.PROSPECTIVE: ("Back to prospective", "It leaves the floor; its keys stay, and what was received is kept."),
    AgencyState.ONBOARDING: ("Begin onboarding", "Keys can be made, sources connected and the call tree filled in."),
    AgencyState.PARALLEL: ("Begin the parallel run", "Its alerts are worked beside the agency's own people."),
    AgencyState.LIVE: ("Go live", "From now on the watch floor answers for its cases."),
    AgencyState.EXITED: ("End participation", "Its cases stay readable; nothing new is promised."),
}


@dataclass(frozen=True)
class Step:
    """One step of the way of an agency: `done`, `now` or `ahead`."""

    label: str
    where: str


@dataclass(frozen=True)
class ConsentView:
    """An agency's lasting word: which actions, who gave it, when, and whether it still stands."""

    id: str
    actions: tuple[str, ...]
    given_by: str
    given_at: Any
    note: str
    withdrawn_at: Any


@dataclass(frozen=True)
class KeyView:
    """A sensor key as far as it is no secret, and where it stands: `live`, `expired` or `revoked`."""

    key: SensorKey
    state: str


@dataclass(frozen=True)
class AgencyPageView:
    """One agency. A part that the reader may not see is None."""

    agency: Agency
    way: tuple[Step, ...]
    moves: tuple[Move, ...]
    contacts: tuple[CallTreeContact, ...]
    people: tuple[Any, ...]
    all_people: bool  # whether `people` holds everyone, or its liaisons only
    keys: tuple[KeyView, ...] | None
    balance: Balance | None
    consents: tuple[ConsentView, ...]
    may_move: bool
    may_call: bool
    may_key: bool
    may_consent: bool
    may_score: bool
    actions: tuple[tuple[str, str], ...]  # that a consent may name: name, label

    @property
    def standing(self) -> tuple[ConsentView, ...]:
        """The consents that stand."""
        return tuple(one for one in self.consents if one.withdrawn_at is None)

    @property
    def answers_out_of_hours(self) -> bool:
        """Whether somebody of the call tree answers at night."""
        return any(one.out_of_hours for one in self.contacts)


def agency_page(*, slug: str, reader: Actor) -> AgencyPageView:
    """The page of an agency (its slug; "" is the reader's own); 6 queries at most. Raises Unknown for what is not the reader's."""
    agency = agency_of(slug, reader) if slug else Agency.objects.filter(pk=reader.agency_id).first()  # type: ignore[misc]  # None finds none
    if agency is None:
        raise Unknown()
    covered = reader.covers(agency.pk)
    require(covered or agency.state == AgencyState.PROSPECTIVE, Unknown())
    everyone = may_see_people(reader)
    held = tuple(people_of(agency.pk))
    return AgencyPageView(
        agency=agency,
        way=_way(agency),
        moves=_moves(agency) if may_change_the_directory(reader) else (),
        contacts=call_tree(agency) if covered else (),
        people=tuple(one for one in held if everyone or one.role == Role.LIAISON),
        all_people=everyone,
        keys=_keys(agency, reader) if may_handle_keys(reader) or reader.audits else None,
        balance=(balances_of([agency.pk]).get(agency.pk) or Balance(agency.slug)) if covered and may_read_balance(reader) else None,
        consents=_consents(agency) if covered else (),
        may_move=may_change_the_directory(reader),
        may_call=may_change_the_directory(reader),
        may_key=may_handle_keys(reader),
        may_consent=may_consent(reader, agency.pk),
        may_score=covered and may_read_scorecard(reader, agency.pk),
        actions=tuple((one.name, one.label) for one in _acts() if one.effect != EffectClass.READ),
    )


def _way(agency: Agency) -> tuple[Step, ...]:
    if agency.state == AgencyState.EXITED:
        return (*(Step(one.label, "done") for one in WAY), Step("Exited", "now"))
    here = WAY.index(AgencyState(agency.state))
    return tuple(Step(one.label, "now" if at == here else "done" if at < here else "ahead") for at, one in enumerate(WAY))


def _moves(agency: Agency) -> tuple[Move, ...]:
    was = AgencyState(agency.state)
    onward = sorted((s for s in AgencyState if was.may_become(s)), key=lambda s: s in WAY and WAY.index(s) < _place(was))
    return tuple(Move(s.value, *_SAYS[s], onward=s in WAY and WAY.index(s) > _place(was)) for s in onward)


def _place(state: AgencyState) -> int:
    return WAY.index(state) if state in WAY else -1


def _keys(agency: Agency, reader: Actor) -> tuple[KeyView, ...]:
    now = reader.now()
    found = [KeyView(key, "revoked" if key.revoked_at else "expired" if key.expires_at <= now else "live") for key in keys_of(agency)]
    return tuple(sorted(found, key=lambda one: one.state != "live"))


def _consents(agency: Agency) -> tuple[ConsentView, ...]:
    rows = StandingConsent.objects.filter(agency=agency).order_by("-given_at", "-id")[:50]
    labels = {one.name: one.label for one in _acts()}
    return tuple(
        ConsentView(
            id=str(one.public_id),
            actions=tuple(labels.get(name, name) for name in one.actions),
            given_by=one.given_by_name,
            given_at=one.given_at,
            note=one.note,
            withdrawn_at=one.withdrawn_at,
        )
        for one in rows
    )


def _acts() -> tuple[ProductAction, ...]:
    return tuple(action for product in consentable() for action in product.actions)
