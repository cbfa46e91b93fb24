"""The entries of the top bar, which every app adds to for itself."""

from collections.abc import Callable
from dataclasses import dataclass

from tenants.actors import Actor


@dataclass(frozen=True)
class NavItem:
    """One entry: a label, the URL's name, for whom, in which order, and a count of what waits (one query at most)."""

    label: str
    url_name: str
    roles: frozenset[str]
    order: int
    count: Callable[[Actor], int] | None = None


_items: dict[str, NavItem] = {}


def register(item: NavItem) -> None:
    """Add an entry (apps do so when they are ready)."""
    _items[item.url_name] = item


def items_for(actor: Actor) -> list[NavItem]:
    """The entries that this actor's role opens, in order."""
    return sorted((i for i in _items.values() if actor.role in i.roles), key=lambda i: i.order)


def home_of(actor: Actor) -> str:
    """The URL name of the first page for this actor: the first entry of their bar."""
    items = items_for(actor)
    return items[0].url_name if items else "account"


FLOOR: frozenset[str] = frozenset({"analyst", "watch_lead"})
READERS: frozenset[str] = frozenset({"analyst", "watch_lead", "auditor"})
