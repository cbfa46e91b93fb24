"""Every address of the site with its methods, and how it is written about the things of one agency."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.walls.urls import Wall

WORDS = {  # how the paths call what the table names
    "slug": "agency", "agency": "agency", "number": "case", "verb": "verb", "receipt": "receipt", "letter": "letter", "run": "run",
    "question": "question",
    "approval": "approval", "suppression": "suppression", "consent": "consent", "person": "person", "membership": "membership",
    "delivery_id": "delivery", "code": "instrument", "step": "step", "book": "book", "signer": "signer", "draft": "draft",
}  # fmt: skip


def patterns(found: Any, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address under these, as it is written in the code."""
    for one in found:
        if isinstance(one, URLResolver):
            yield from patterns(one.url_patterns, prefix + str(one.pattern))
        else:
            yield prefix + str(one.pattern), one


EVERY = dict(patterns(get_resolver().url_patterns))
OURS = {str(one.name): one for path, one in EVERY.items() if not path.startswith("accounts/")}
SIGN_IN = {str(one.name): one for path, one in EVERY.items() if path.startswith("accounts/")}


def methods_of(pattern: URLPattern) -> set[str]:
    """GET where the address shows something, POST where it does something."""
    view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
    assert view is not None, f"{pattern} has no class of its own"
    found = set()
    allowed = {m.upper() for m in getattr(view, "http_method_names", ["get", "post"])}
    if hasattr(view, "get") and "GET" in allowed:
        found.add("GET")
    own = [cls for cls in view.__mro__ if not cls.__module__.startswith(("tenants.gates", "django.", "rest_framework."))]
    does = any(name in vars(cls) for cls in own for name in ("act", "post", "change"))
    if does and "POST" in allowed:
        found.add("POST")
    return found


def words_of(wall: Wall) -> list[str]:
    """What the path of an address names, by the words of the table."""
    named = []
    for word in OURS[wall.name].pattern.converters:
        named.append(WORDS[word] if word != "prefix" else "key" if "key" in wall.of else "token")
    return named


def path_of(wall: Wall, things: Mapping[str, Any]) -> str:
    """The address of a row about these things."""
    given = {word: things[name] for word, name in zip(OURS[wall.name].pattern.converters, words_of(wall), strict=True)}
    return reverse(wall.name, kwargs=given) + filled(wall.query, things)


def filled(template: Any, things: Mapping[str, Any]) -> Any:
    """A query or a body with `{words}` in the place of things; an exact `{word}` keeps the thing's own type."""
    if isinstance(template, dict):
        return {name: filled(value, things) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, things) for value in template]
    if not isinstance(template, str):
        return template
    if template.startswith("{") and template.endswith("}") and template[1:-1] in things:
        return things[template[1:-1]]
    return template.format_map(things)
