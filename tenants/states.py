"""What exists on the bottom floor: roles, kinds and states of agencies, states of deliveries."""

from django.db.models import TextChoices


class Role(TextChoices):
    """What a person may be in the programme."""

    ANALYST = "analyst", "Analyst"
    WATCH_LEAD = "watch_lead", "Watch lead"
    ADMIN = "admin", "Admin"
    LIAISON = "liaison", "Liaison"
    AUDITOR = "auditor", "Auditor"

    @property
    def is_staff_role(self) -> bool:
        """Roles of the programme itself, which need a second factor in production."""
        return self is not Role.LIAISON


class AgencyKind(TextChoices):
    """Federal civilian agencies are under FISMA; contractors of the defense industrial base are not."""

    FEDERAL_CIVILIAN = "federal_civilian", "Federal civilian agency"
    DEFENSE_CONTRACTOR = "defense_contractor", "Defense contractor"


class SizeClass(TextChoices):
    """The classes in which agencies are compared (federal.md 3, fair ranking)."""

    CFO_ACT = "cfo_act", "CFO Act"
    SMALL = "small", "Small"
    MICRO = "micro", "Micro"


class AgencyState(TextChoices):
    """The way of an agency through the programme."""

    PROSPECTIVE = "prospective", "Prospective"
    ONBOARDING = "onboarding", "Onboarding"
    PARALLEL = "parallel", "Parallel run"
    LIVE = "live", "Live"
    EXITED = "exited", "Exited"

    def may_become(self, other: "AgencyState") -> bool:
        """Whether an agency may move from this state to `other`."""
        return other in _MOVES[self]


_MOVES = {
    AgencyState.PROSPECTIVE: {AgencyState.ONBOARDING},
    AgencyState.ONBOARDING: {AgencyState.PARALLEL, AgencyState.LIVE, AgencyState.PROSPECTIVE},
    AgencyState.PARALLEL: {AgencyState.LIVE, AgencyState.ONBOARDING},
    AgencyState.LIVE: {AgencyState.EXITED},
    AgencyState.EXITED: {AgencyState.ONBOARDING},
}


class DeliveryState(TextChoices):
    """Where one delivery of one fact to one subscriber stands."""

    OPEN = "open", "Open"
    DONE = "done", "Done"
    PARKED = "parked", "Parked"
    SKIPPED = "skipped", "Skipped by a person"


class Visibility(TextChoices):
    """Whether a row that hangs on a case is shown to the agency."""

    INTERNAL = "internal", "Internal"
    RELEASED = "released", "Released"
