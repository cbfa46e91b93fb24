"""Who hears of which fact: `@reacts_to(CaseOpened)` in an app's reactions."""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., None])


@dataclass(frozen=True)
class Subscription:
    """One reaction: its stable name, the function, the kinds it hears."""

    name: str
    react: Callable[..., None]
    kinds: tuple[str, ...]


_events: dict[str, type] = {}
_by_kind: dict[str, list[Subscription]] = {}
_by_name: dict[str, Subscription] = {}


def kind_of(event: type) -> str:
    """The stable name of an event class: `cases.CaseOpened` for soc.cases.events.CaseOpened."""
    return f"{event.__module__.split('.')[-2]}.{event.__name__}"


def event_class(kind: str) -> type | None:
    """The event class of a kind, or None when the code no longer has it."""
    if kind not in _events:
        app = kind.split(".")[0]
        for module in (f"soc.{app}.events", f"{app}.events"):
            try:
                found = getattr(import_module(module), kind.split(".")[1], None)
            except ModuleNotFoundError:
                continue
            if found is not None:
                _events[kind] = found
                break
    return _events.get(kind)


def reacts_to(*events: type) -> Callable[[F], F]:
    """Subscribe `react(event, entry)` to events; it runs in its own transaction, at least once, in order per subject."""

    def register(react: F) -> F:
        name = f"{react.__module__}.{react.__name__}"
        kinds = tuple(kind_of(event) for event in events)
        subscription = Subscription(name, react, kinds)
        _by_name[name] = subscription
        for event, kind in zip(events, kinds, strict=True):
            _events[kind] = event
            heard = _by_kind.setdefault(kind, [])
            heard[:] = [s for s in heard if s.name != name] + [subscription]
        return react

    return register


def subscribers_of(kind: str) -> list[Subscription]:
    """Those who hear of `kind`, in order of registration."""
    return _by_kind.get(kind, [])


def subscription(name: str) -> Subscription | None:
    """The subscription of that stable name, or None when the code no longer has it."""
    return _by_name.get(name)


def as_event(kind: str, data: dict[str, Any]) -> Any:
    """The frozen dataclass that `data` was recorded from; unknown fields are left out, times become aware datetimes.

    Raises LookupError when the code no longer has the kind.
    """
    cls = event_class(kind)
    if cls is None or not is_dataclass(cls):
        raise LookupError(f"no event class for {kind}")
    values = {}
    for f in fields(cls):
        if f.name in data:
            value = data[f.name]
            if isinstance(value, str) and "datetime" in str(f.type):
                value = datetime.fromisoformat(value)
            elif isinstance(value, list):
                value = tuple(value)
            values[f.name] = value
    return cls(**values)
