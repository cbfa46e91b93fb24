"""The normal alert: what every form of alert is turned into."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Form = Literal["ocsf", "sigma", "plain"]
ObservableType = Literal["host", "account", "address", "domain", "url", "hash", "mail"]

OBSERVABLE_TYPES: tuple[ObservableType, ...] = ("host", "account", "address", "domain", "url", "hash", "mail")
SEVERITIES = ("informational", "low", "medium", "high", "critical")
UNSTATED_SEVERITY = "medium"  # an alert that does not say how bad it is must not sink to the bottom of the queue


@dataclass(frozen=True, slots=True)
class Observable:
    """One thing seen, in its normal spelling.

    `type` is one of `OBSERVABLE_TYPES`, or "resource" for an entity of a cloud provider, which is no observable.
    `algorithm` names the algorithm of a hash ("md5", "sha1", "sha256", "imphash" ...) and is empty otherwise.
    """

    type: str
    value: str
    algorithm: str = ""

    @property
    def compared(self) -> tuple[str, str]:
        """What makes two of them the same: account names differ in case without differing in meaning."""
        return (self.type, self.value.lower() if self.type == "account" else self.value)


@dataclass(frozen=True, slots=True)
class NormalAlert:
    """What one alert says, whatever form it came in. Text holds neither NUL nor lone surrogates."""

    form: Form
    title: str
    severity: str
    rule_key: str
    rule_name: str
    happened_at: datetime | None
    entities: tuple[Observable, ...]
    observables: tuple[Observable, ...]
    techniques: tuple[str, ...]
    description: str
    source_ref: str
