"""The aggregates of the bottom floor."""

from tenants.models.agency import Agency, CallTreeContact
from tenants.models.audit import AuditRow
from tenants.models.journal import AnchorMark, Delivery, Entry, Seal
from tenants.models.keys import ApiToken, SensorKey
from tenants.models.person import Membership, Person
from tenants.models.remembered import RememberedAnswer

__all__ = [
    "Agency",
    "AnchorMark",
    "ApiToken",
    "AuditRow",
    "CallTreeContact",
    "Delivery",
    "Entry",
    "Membership",
    "Person",
    "RememberedAnswer",
    "Seal",
    "SensorKey",
]
