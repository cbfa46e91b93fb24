"""Making hostile requests out of taken ones: one thing is wrong, in any of the places where bytes come in."""

import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from tests.inputs import corpus
from tests.inputs.calling import Ask
from tests.inputs.places import Place, Sample, as_form, as_json, places

# What may be wrong, and how often it is.
WAYS: dict[str, int] = {"member": 8, "query": 6, "path": 4, "header": 4, "body": 3, "method": 1}


class Hostile:
    """A seeded stream of requests. Places come round in turn, so that none is left out by chance."""

    def __init__(self, norths: dict[str, Any], seed: int) -> None:
        self.chance = random.Random(seed)
        self.sample = Sample(norths, self.chance)
        self.places = places()
        self.chance.shuffle(self.places)

    def asks(self, count: int) -> Iterator[Ask]:
        """So many requests; half of them go to the API."""
        api = [place for place in self.places if place.is_api]
        pages = [place for place in self.places if not place.is_api]
        for at in range(count):
            some = api if at % 2 else pages
            yield self.ask(some[at // 2 % len(some)])

    def ask(self, place: Place) -> Ask:
        """One request to a place, with one thing wrong."""
        ways = {way: weight for way, weight in WAYS.items() if self._fits(way, place)}
        way = self.chance.choices(list(ways), list(ways.values()))[0]
        made: Callable[[Place], Ask] = getattr(self, f"_{way}")
        return made(place)

    def _fits(self, way: str, place: Place) -> bool:
        return (way != "path" or bool(place.words)) and (way not in ("member", "body") or place.method == "POST")

    def _good(self, place: Place, *, path: str = "", query: dict[str, str] | None = None, what: str = "", **headers: str) -> Ask:
        path = path or self.sample.path(place)
        asked = self.sample.query(place) if query is None else query
        return Ask(place.method, path, as_form(asked), {**self.sample.headers(place), **headers}, self._written(place, path), what)

    def _written(self, place: Place, path: str) -> bytes:
        if place.method == "GET":
            return b""
        if not place.is_api:
            return as_form(self.sample.form()).encode()
        # A verb that is hostile itself has no members of its own.
        known = "{verb}" not in place.path or path.rpartition("/")[2].isidentifier()
        return as_json(self.sample.members(place, path)) if known and "%" not in path.rpartition("/")[2] else b"{}"

    def _path(self, place: Place) -> Ask:
        word = self.chance.choice([word for word in place.words if word != "verb"] or place.words)
        raw = self.chance.choice([*corpus.RAW_SEGMENTS, quote(corpus.text(self.chance), safe="", errors="surrogatepass")])
        return self._good(place, path=self.sample.path(place, **{word: raw}), what=f"the path's {word}")

    def _query(self, place: Place) -> Ask:
        name = self.chance.choice(["cursor", *self.sample.fields])
        value = self.chance.choice(corpus.CURSORS) if name == "cursor" else corpus.text(self.chance)
        ask = self._good(place, query={**self.sample.query(place), name: value}, what=f"the query's {name}")
        return (
            ask
            if self.chance.random() < 0.95
            else Ask(ask.method, ask.path, "&".join([f"{name}=%ff%00"] * 2_000), ask.headers, ask.body, "a long query")
        )

    def _header(self, place: Place) -> Ask:
        name, values = self.chance.choice(corpus.HEADERS)
        return self._good(place, what=f"the header {name}", **{name: self.chance.choice(values)})

    def _method(self, place: Place) -> Ask:
        good = self._good(place)
        return Ask(self.chance.choice(corpus.METHODS), good.path, good.query, good.headers, good.body, "the method")

    def _body(self, place: Place) -> Ask:
        good = self._good(place)
        body = self.chance.choice(corpus.BODIES)
        kind = self.chance.choice(corpus.CONTENT_TYPES) if self.chance.random() < 0.3 else good.headers["Content-Type"]
        return Ask(good.method, good.path, good.query, {**good.headers, "Content-Type": kind}, body, "the body")

    def _member(self, place: Place) -> Ask:
        good = self._good(place)
        if not place.is_api:
            name = self.chance.choice(self.sample.fields)
            fields = {**self.sample.form(), name: corpus.text(self.chance)}
            return Ask(good.method, good.path, good.query, good.headers, as_form(fields).encode(), f"the field {name}")
        last = good.path.rpartition("/")[2]
        members = self.sample.members(place, good.path if last.isidentifier() else "/note")
        name = self.chance.choice([*members, "__proto__", "extra"]) if members else "extra"
        members[name] = self.chance.choice(corpus.MEMBERS)
        return Ask(good.method, good.path, good.query, good.headers, as_json(members), f"the member {name}")
