"""What the bottom floor tells the world."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AgencyRegistered:
    """An agency stands in the directory."""

    slug: str
    name: str


@dataclass(frozen=True)
class AgencyMoved:
    """An agency moved along its way."""

    slug: str
    before: str
    after: str


@dataclass(frozen=True)
class CallTreeChanged:
    """The call tree was replaced."""

    slug: str
    contacts: int


@dataclass(frozen=True)
class PersonAdded:
    """A person may sign in."""

    person_id: int


@dataclass(frozen=True)
class RoleGranted:
    """A person was given a role."""

    person_id: int
    role: str


@dataclass(frozen=True)
class RoleEnded:
    """A role of a person ended."""

    person_id: int
    role: str


@dataclass(frozen=True)
class PersonDeactivated:
    """A person may no longer sign in; their sessions and tokens ended."""

    person_id: int


@dataclass(frozen=True)
class PersonReactivated:
    """A person may sign in again."""

    person_id: int


@dataclass(frozen=True)
class KeyMade:
    """A sensor key was made."""

    prefix: str
    name: str


@dataclass(frozen=True)
class KeyRevoked:
    """A sensor key was revoked."""

    prefix: str
    name: str


@dataclass(frozen=True)
class DeliveryTended:
    """A person decided about a parked delivery: tried again or skipped."""

    delivery_id: int
    decision: str
    reason: str
