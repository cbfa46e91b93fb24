"""Kinds of products that a playbook may speak to, and what each action of theirs is: effect, verification, undo, reach."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from playbooks.states import EffectClass


@dataclass(frozen=True)
class Answer:
    """What a product answered: the HTTP status and its JSON (or text under `text`)."""

    status: int
    body: Any


@dataclass(frozen=True)
class Outcome:
    """What became of a call: `ok`, `failed` (certainly not done), or `unsure` (it may have happened).

    `passing` says that a failure may pass by itself; `outputs` are texts for the book's variables.
    """

    state: str
    detail: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    response: Mapping[str, Any] = field(default_factory=dict)
    passing: bool = False


SECRET_NAME = re.compile(r"[a-z0-9]+(?:[-_/][a-z0-9]+)*")  # secrets are named edr/north, and only named

Rendered = Mapping[str, Any]  # method, url, headers, body, targets, key, undo ... as `rendering` makes it


@dataclass(frozen=True)
class ProductAction:
    """One thing that a product does. `path` names its parts in braces; `reads(answer, rendered)` judges a 2xx answer.

    `verifying(rendered)` is the request that asks whether it happened, `happened(answer, rendered)` reads its answer (None: it did not).
    `undoing(rendered)` is the request that takes it back. Paths are under the connector's base address.
    """

    name: str  # "endpoint.isolate"
    label: str
    method: str
    path: str
    effect: EffectClass
    reads: Callable[[Answer, Rendered], Outcome]
    reach: Callable[[Mapping[str, str]], str]
    verifying: Callable[[Rendered], tuple[str, str]] | None = None
    happened: Callable[[Answer, Rendered], Outcome | None] | None = None
    undoing: Callable[[Mapping[str, str]], tuple[str, str]] | None = None
    undo_text: str = ""

    def parts(self, method: str, path: str) -> dict[str, str] | None:
        """The named parts of a request that is this action, or None when it is another."""
        if method != self.method:
            return None
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/?#]+)", re.escape(self.path))
        found = re.fullmatch(pattern, path.partition("?")[0])
        return found.groupdict() if found else None

    def simulate(self, rendered: Rendered) -> Outcome:
        """What a dry run is told: nothing is sent."""
        return Outcome("ok", "Simulated: nothing was sent", {"key": str(rendered.get("key", ""))})


@dataclass(frozen=True)
class Product:
    """A kind of product and what it can be told; whatever is not listed is refused."""

    kind: str
    label: str
    actions: tuple[ProductAction, ...]

    def action_for(self, method: str, path: str) -> tuple[ProductAction, dict[str, str]] | None:
        """The action that a request is, with the named parts of its path, or None."""
        for one in self.actions:
            parts = one.parts(method, path)
            if parts is not None:
                return one, parts
        return None

    def named(self, name: str) -> ProductAction | None:
        """The action of that name, or None."""
        return next((one for one in self.actions if one.name == name), None)


_products: dict[str, Product] = {}


def register(product: Product) -> None:
    """Add a kind of product."""
    _products[product.kind] = product


def product(kind: str) -> Product | None:
    """The kind of that name, or None."""
    return _products.get(kind)


def action_named(name: str) -> ProductAction | None:
    """The action of that name of any product, or None."""
    found = _products.get(name.partition(".")[0])
    return found.named(name) if found else None


def kinds() -> list[Product]:
    """Every kind of product, by name."""
    return sorted(_products.values(), key=lambda one: one.kind)
