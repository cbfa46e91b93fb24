"""Kinds of products that a playbook may speak to, and what each action of theirs is: effect, verification, undo, reach."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from playbooks.states import EffectClass


@dataclass(frozen=True)
class Answer:
    """What a product answered: the HTTP status and its JSON (or the text's beginning under `text`); `text` is all of it as text.
    `retry_after` is how long it wants to be left alone, in seconds (RFC 9110, 10.2.3), None when it does not say.
    """

    status: int
    body: Any
    text: str = ""
    retry_after: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a call: `ok`, `failed` (certainly not done), or `unsure` (it may have happened).

    `passing` says that a failure may pass by itself; `outputs` are values for the book's variables.
    """

    state: str
    detail: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    response: Mapping[str, Any] = field(default_factory=dict)
    passing: bool = False


# Commands that an agency's own agent may carry out; the engine never runs them itself.
AGENT_KINDS = ("bash", "powershell", "ssh", "caldera-cmd", "elastic", "jupyter", "kestrel", "yara")
SECRET_NAME = re.compile(r"[a-z0-9]+(?:[-_/][a-z0-9]+)*")  # secrets are named edr/north, and only named

Rendered = Mapping[str, Any]  # method, url, headers, body, targets, key, undo ... as `rendering` makes it


@dataclass(frozen=True)
class ProductAction:
    """One thing that a product does. `path` names its parts in braces; `reads(answer, rendered)` judges a 2xx answer.

    `verifying(rendered)` is the request that asks whether it happened (None: nothing can be asked), `happened(answer, rendered)` reads
    its answer (None: it did not), and `absent(answer, rendered)` says that an answer other than 200 means that it did not.
    `judges(answer, rendered)` comes before what the HTTP status says (None: the status counts).
    `undoing(rendered)` is the request that takes it back. Paths are under the connector's base address.
    """

    name: str  # "endpoint.isolate"
    label: str
    method: str
    path: str
    effect: EffectClass
    reads: Callable[[Answer, Rendered], Outcome]
    reach: Callable[[Mapping[str, str]], str]
    verifying: Callable[[Rendered], tuple[str, str] | None] | None = None
    happened: Callable[[Answer, Rendered], Outcome | None] | None = None
    absent: Callable[[Answer, Rendered], bool] | None = None
    judges: Callable[[Answer, Rendered], Outcome | None] | None = None
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
    """A kind of product and what it can be told; whatever is not listed is refused.

    One that is `addressed` is found by the address that a book names, or by the kind of its command, and an agency may have several;
    any other by its category, and an agency has one.
    """

    kind: str
    label: str
    actions: tuple[ProductAction, ...]
    addressed: bool = False

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


def product_of(category: str) -> Product | None:
    """The kind of product that an agent of this category is, or None."""
    found = product(category)
    return None if found is None or found.addressed else found


def may_be_consented(name: str) -> bool:
    """Whether an agency can consent to this action for good: a request to just any address is looked at one by one."""
    found = _products.get(name.partition(".")[0])
    return found is not None and not found.addressed and found.named(name) is not None


def action_named(name: str) -> ProductAction | None:
    """The action of that name of any product, or None."""
    found = _products.get(name.partition(".")[0])
    return found.named(name) if found else None


def consentable() -> list[Product]:
    """Every kind of product whose actions can be consented to for good, by name."""
    return [one for one in kinds() if not one.addressed]


def kinds() -> list[Product]:
    """Every kind of product, by name."""
    return sorted(_products.values(), key=lambda one: one.kind)
