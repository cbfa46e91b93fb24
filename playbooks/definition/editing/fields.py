"""Fields of a form: what stands in them, how they are read from what a browser sends, and how they are written into the document.

Only what was changed is written: a form that is sent as it was shown leaves the document as it was, byte for byte.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from playbooks.definition.editing.desk import Desk, UnfitEdit
from playbooks.definition.shapes import held, is_whole, items, words

Row = tuple[str, ...]
Value = str | tuple[str, ...] | tuple[Row, ...]
Path = tuple[str | int, ...]

LINE, TEXT, CODE, CHOICE, MANY, ROWS = "line", "text", "code", "choice", "many", "rows"
UNITS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
DURATION = re.compile(r"(\d{1,12}) ?(ms|s|min|h|d)", re.IGNORECASE)
MOST_ROWS = 500


@dataclass(frozen=True)
class Column:
    """A column of a field of rows; `choices` where one chooses, `flag` where it is ticked."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    flag: bool = False
    long: bool = False


@dataclass(frozen=True)
class Field:
    """One field: what it shows now, what may be chosen, where its object stands, and how a new value is written there.

    `at` are the beginnings of the JSON pointers below the object about which findings belong here.
    """

    name: str
    label: str
    kind: str
    value: Value
    write: Callable[[Desk, dict[str, Any], Any], None]
    path: Path
    at: tuple[str, ...]
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    columns: tuple[Column, ...] = ()
    group: str = ""

    @property
    def id(self) -> str:
        """The id that labels and links use."""
        return id_of(self.name)

    def table(self) -> list[tuple[int, list["Cell"]]]:
        """The rows as they are drawn, with an empty one for the next."""
        rows = [*(row for row in self.value if isinstance(row, tuple)), ("",) * len(self.columns)]
        return [(number, [Cell(*pair) for pair in zip(self.columns, row, strict=True)]) for number, row in enumerate(rows)]


@dataclass(frozen=True)
class Cell:
    """One cell of a field of rows."""

    column: Column
    value: str

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """What may be chosen, and what stands there now."""
        known = self.column.choices
        return known if not self.value or any(self.value == one for one, _ in known) else (*known, (self.value, self.value))


def id_of(name: str) -> str:
    """The id of a field's element."""
    return "id_" + re.sub(r"[^A-Za-z0-9_-]", "_", name)


def sent(one: Field, data: Mapping[str, Sequence[str]]) -> Value | None:
    """What a browser sent for a field; None where it sent nothing for it."""
    if one.kind == ROWS:
        return _rows(one, data)
    if one.name not in data:
        return None
    if one.kind == MANY:
        return tuple(dict.fromkeys(part for part in data[one.name] if part))
    return plain(data[one.name][-1], one.kind)


def plain(text: str, kind: str) -> str:
    """A text as browsers give it back: line ends as one letter, none where there is but one line."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if kind in (TEXT, CODE) else text.replace("\n", "")


def _rows(one: Field, data: Mapping[str, Sequence[str]]) -> tuple[Row, ...] | None:
    if f"{one.name}-rows" not in data:
        return None
    said = data[f"{one.name}-rows"][-1]
    number = min(int(said), MOST_ROWS) if said.isdecimal() and len(said) < 6 else 0
    found = []
    for place in range(number):
        if f"{one.name}-{place}-drop" in data:
            continue
        cells = []
        for column in one.columns:
            given = data.get(f"{one.name}-{place}-{column.name}", [""])[-1]
            cells.append(plain(given, TEXT if column.long else LINE))
        found.append(tuple(cells))
    return _filled(one, found)


def _filled(one: Field, rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows that say something: the empty one shows the first choice of its lists, and that alone is no row."""
    free = [place for place, column in enumerate(one.columns) if not column.choices]
    return tuple(row for row in rows if any(row[place] for place in free))


def shown(one: Field) -> Value:
    """What a field shows, as a browser gives it back when nobody touched it."""
    if isinstance(one.value, str):
        return plain(one.value, one.kind)
    if one.kind == ROWS:
        kinds = [TEXT if column.long else LINE for column in one.columns]
        rows = (row for row in one.value if isinstance(row, tuple))
        return _filled(one, [tuple(plain(cell, kind) for cell, kind in zip(row, kinds, strict=True)) for row in rows])
    return one.value


def changed(fields: Sequence[Field], data: Mapping[str, Sequence[str]]) -> list[tuple[Field, Value]]:
    """The fields that were sent with another value than they show."""
    given = ((one, sent(one, data)) for one in fields)
    return [(one, value) for one, value in given if value is not None and value != shown(one)]


def fill(desk: Desk, fields: Sequence[Field], data: Mapping[str, Sequence[str]]) -> list[Field]:
    """Write what was changed into the document; gives the fields that were. Raises UnfitEdit."""
    found = changed(fields, data)
    for one, value in found:
        place: Any = desk.document
        for step in one.path:
            place = place[step]
        if not isinstance(place, dict):
            raise UnfitEdit("What stands there is no object, and has no fields.", field=one.name, cure="Remove it.")
        one.write(desk, place, value)
    return [one for one, _ in found]


@dataclass
class Maker:
    """Makes the fields of one object of a document, in groups."""

    document: Mapping[str, Any]
    path: Path
    prefix: str = ""
    pointer: str = ""
    made: list[Field] = field(default_factory=list)
    group: str = ""

    @property
    def object(self) -> Mapping[str, Any]:
        """The object that the fields are of."""
        place: Any = self.document
        for step in self.path:
            place = place[step]
        return held(place)

    def add(self, name: str, label: str, kind: str, value: Value, write: Any, *, at: Sequence[str] = (), **more: Any) -> None:
        """One field."""
        points = tuple(f"{self.pointer}/{one}" for one in (at or (name,)))
        self.made.append(Field(self.prefix + name, label, kind, value, write, self.path, points, group=self.group, **more))

    def text(self, name: str, label: str, kind: str = LINE, *, least: bool = False, **more: Any) -> None:
        """A property that is a text; an empty one is left out, unless it is required (`least`)."""
        self.add(name, label, kind, words(self.object.get(name)), _text(name, least), **more)

    def choice(
        self, name: str, label: str, choices: Sequence[tuple[str, str]], write: Any = None, value: str | None = None, **more: Any
    ) -> None:
        """A property that is one of some; what stands there now can stay."""
        now = words(self.object.get(name)) if value is None else value
        known = tuple(choices) if any(now == one for one, _ in choices) else (*choices, (now, f"{now} (not in this book)"))
        self.add(name, label, CHOICE, now, write or _text(name, False), choices=known, **more)

    def many(self, name: str, label: str, choices: Sequence[tuple[str, str]], **more: Any) -> None:
        """A property that is a list of texts, ticked from some; what stands there now can stay."""
        now = tuple(str(one) for one in items(self.object.get(name)))
        known = (*choices, *((one, one) for one in now if all(one != other for other, _ in choices)))
        self.add(name, label, MANY, now, _many(name), choices=tuple(known), **more)

    def lines(self, name: str, label: str, **more: Any) -> None:
        """A property that is a list of texts, one a line."""
        self.add(name, label, TEXT, "\n".join(str(one) for one in items(self.object.get(name))), _lines(name), **more)

    def number(self, name: str, label: str, **more: Any) -> None:
        """A property that is a whole number."""
        now = self.object.get(name)
        self.add(
            name,
            label,
            LINE,
            str(int(now)) if isinstance(now, (int, float)) and is_whole(now) else "" if now is None else str(now),
            _number(name, self.prefix),
            **more,
        )

    def duration(self, name: str, label: str, **more: Any) -> None:
        """A property in milliseconds, shown in the largest unit that fits."""
        now = self.object.get(name)
        self.add(name, label, LINE, span(now), _duration(name, self.prefix), **more)

    def rows(self, name: str, label: str, columns: Sequence[Column], rows: Sequence[Row], write: Any, **more: Any) -> None:
        """A field of rows."""
        self.add(name, label, ROWS, tuple(rows), write, columns=tuple(columns), **more)


def span(milliseconds: Any) -> str:
    """A time as people write it: 90 s, 5 min, 2 h."""
    if milliseconds is None:
        return ""
    if not is_whole(milliseconds) or milliseconds < 0:
        return str(milliseconds)
    number = int(milliseconds)
    unit = next((name for name, size in reversed(UNITS.items()) if number and number % size == 0), "s")
    return f"{number // UNITS[unit]} {unit}"


def _text(name: str, least: bool) -> Any:
    def write(desk: Desk, one: dict[str, Any], value: str) -> None:
        put(one, name, value, least=least)

    return write


def put(one: dict[str, Any], name: str, value: Any, *, least: bool = False) -> None:
    """Set a property, or leave it out when there is nothing to say."""
    if value or least:
        one[name] = value
    else:
        one.pop(name, None)


def _many(name: str) -> Any:
    def write(desk: Desk, one: dict[str, Any], value: tuple[str, ...]) -> None:
        # What was ticked before keeps its order.
        before = [part for part in items(one.get(name)) if part in value]
        put(one, name, before + [part for part in value if part not in before])

    return write


def _lines(name: str) -> Any:
    def write(desk: Desk, one: dict[str, Any], value: str) -> None:
        put(one, name, [line.strip() for line in value.split("\n") if line.strip()])

    return write


def _number(name: str, prefix: str) -> Any:
    def write(desk: Desk, one: dict[str, Any], value: str) -> None:
        text = value.strip()
        if text and not (text.isdecimal() and text.isascii() and len(text) < 10):
            raise UnfitEdit(f"“{text[:40]}” is no whole number.", field=prefix + name, cure="Write a whole number, like 50, or nothing.")
        one.pop(name, None)
        if text:
            one[name] = int(text)

    return write


def _duration(name: str, prefix: str) -> Any:
    def write(desk: Desk, one: dict[str, Any], value: str) -> None:
        text = value.strip()
        found = DURATION.fullmatch(text)
        if text and not found:
            cure = "Write a number and ms, s, min, h or d, like 30 min, or nothing."
            raise UnfitEdit(f"“{text[:40]}” is no length of time.", field=prefix + name, cure=cure)
        one.pop(name, None)
        if found:
            one[name] = int(found[1]) * UNITS[found[2].lower()]

    return write


def pairs_of(value: Any) -> Iterator[Row]:
    """An object of texts as rows."""
    for name, one in held(value).items():
        yield name, words(one)
