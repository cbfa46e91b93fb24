"""What the API's description says of every door: the refusals that the gate answers with, and short words for shapes."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from tenants.gates.problems import MEDIA_TYPE

Shape = dict[str, Any]

TEXT: Shape = {"type": "string"}
WHOLE: Shape = {"type": "integer"}
NUMBER: Shape = {"type": "number"}
TRUTH: Shape = {"type": "boolean"}
TIME: Shape = {"type": "string", "format": "date-time"}
ANY: Shape = {}
VERSION = r'^(W/)?"?[0-9]{1,9}"?$'


def maybe(shape: Shape) -> Shape:
    """The shape, or null."""
    return {**shape, "nullable": True}


def one_of(values: Any) -> Shape:
    """A text out of a list."""
    return {"type": "string", "enum": sorted(str(value) for value in values)}


def text(most: int) -> Shape:
    """A text that says something, of at most `most` characters."""
    return {"type": "string", "minLength": 1, "maxLength": most}


def listed(shape: Shape, *, most: int | None = None) -> Shape:
    """A list of such members, at most `most` of them."""
    return {"type": "array", "items": shape} | ({} if most is None else {"maxItems": most})


def shaped(always: Shape, maybe_too: Shape | None = None) -> Shape:
    """An object with members that are always there and others that may be."""
    found: Shape = {"type": "object", "properties": {**always, **(maybe_too or {})}}
    return {**found, "required": list(always)} if always else found


def paged(shape: Shape) -> Shape:
    """One page of a list."""
    return shaped({"results": listed(shape), "next": maybe(TEXT)})


PROBLEM = shaped(
    {"type": TEXT, "title": TEXT, "status": WHOLE, "code": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}, "detail": TEXT},
    {"field": TEXT, "cure": TEXT},
)
SAYS = {
    400: "The request cannot be read at all: a host that is not ours, a broken encoding.",
    401: "No valid key, token or session.",
    403: "The caller may know of it, but not do this.",
    404: "There is no such thing, or the caller may not know of it.",
    406: "Only JSON is answered here.",
    409: "It does not fit what is there now.",
    413: "The body is too large.",
    415: "This content type or encoding is not accepted.",
    422: "A value cannot be used; `field` and `cure` say which, and what to send instead.",
    428: "The edit names no version.",
    429: "Too fast; Retry-After says when to send again.",
    503: "Nothing was taken, because the database is away; Retry-After says when to send again.",
}
ALWAYS = frozenset({400, 401, 404, 406, 422})
OF_CHANGES = ALWAYS | {403, 409, 413, 415}


class Schema(AutoSchema):
    """An operation's description, with the refusals that the gate adds to what its door declares.

    A view may name its own in `refusals`; a single operation adds one as `responses={..., 403: None}`.
    """

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        found = super()._get_response_bodies(direction)
        if self.get_auth() == []:  # probes answer everyone, and know no problem document
            return found
        declared = {int(code) for code, answer in found.items() if code.isdigit() and int(code) >= 400 and "content" not in answer}
        for status in sorted(declared | self._refusals()):
            found[str(status)] = {"description": SAYS[status], "content": {MEDIA_TYPE: {"schema": self._problem()}}}
        return dict(sorted(found.items()))

    def _refusals(self) -> frozenset[int]:
        own: frozenset[int] | None = getattr(self.view, "refusals", None)
        if own is not None:
            return own
        if self.method == "GET":
            return ALWAYS
        edits = any(parameter["name"] == "If-Match" for parameter in self._get_parameters())
        return OF_CHANGES | {428} if edits else OF_CHANGES

    def _problem(self) -> Any:
        component = ResolvedComponent(name="Problem", type=ResolvedComponent.SCHEMA, schema=PROBLEM, object="Problem")
        self.registry.register_on_missing(component)
        return component.ref
