"""What a property may hold, as small checks that are put together: a text, a time, an identifier, a list or an object of such."""

import base64
import binascii
import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from playbooks.definition.findings import Place, Sheet

Check = Callable[[Sheet, Place, Any], None]

IDENTIFIER = re.compile(
    r"(?P<type>[a-z](?:-?[a-z0-9])*)--(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-(?P<version>[0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})",
    re.IGNORECASE | re.ASCII,
)
VARIANT = re.compile(r"[^-]+(?:-[^-]+){2}-[89ab]", re.IGNORECASE)
TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:)([0-5]\d|60)(?:\.(\d+))?Z", re.ASCII)
REFERENCE_BEGINS = "__"
# Looking for the word that was meant costs; a document of nothing but unknown words gets no more help than this.
MOST_GUESSES = 50


def held(value: Any) -> Mapping[str, Any]:
    """The object, or an empty one where something else stands: what is wrong there is said once, by its shape."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """The list, or an empty one where something else stands."""
    return value if isinstance(value, list) else []


def words(value: Any) -> str:
    """The text, or an empty one where something else stands."""
    return value if isinstance(value, str) else ""


def anything(sheet: Sheet, at: Place, value: Any) -> None:
    """Whatever JSON holds."""


def text(sheet: Sheet, at: Place, value: Any) -> None:
    """A text."""
    if not isinstance(value, str):
        sheet.error("schema", at, f"{at[-1]} is a text. Write it in quotes.")


def truth(sheet: Sheet, at: Place, value: Any) -> None:
    """true or false."""
    if not isinstance(value, bool):
        sheet.error("schema", at, f"{at[-1]} is true or false, without quotes.")


def is_whole(value: Any) -> bool:
    """Whether it is a whole number, which JSON may also write as 5.0."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and float(value).is_integer()


def whole(least: int, most: int) -> Check:
    """A whole number between two."""

    def check(sheet: Sheet, at: Place, value: Any) -> None:
        if not is_whole(value) or not least <= value <= most:
            sheet.error("schema", at, f"{at[-1]} is a whole number from {least} to {most}.")

    return check


def one_of(*known: str) -> Check:
    """One of a closed list."""

    def check(sheet: Sheet, at: Place, value: Any) -> None:
        if value not in known:
            sheet.error("schema", at, f"{at[-1]} is one of {', '.join(known)}.")

    return check


def encoded(sheet: Sheet, at: Place, value: Any) -> None:
    """A text in base64."""
    text(sheet, at, value)
    if isinstance(value, str):
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            if not value.startswith(REFERENCE_BEGINS):
                sheet.strictly("schema", at, f"{at[-1]} is not base64. Encode it again (RFC 4648 section 4).")


def moment_of(value: Any) -> tuple[str, str] | None:
    """A timestamp as something that has an order; None for what is none."""
    found = TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        # A leap second exists in RFC 3339, and in no clock of Python's.
        datetime.fromisoformat(f"{found[1]}{'59' if found[2] == '60' else found[2]}+00:00")
    except ValueError:
        return None
    return found[1] + found[2], (found[3] or "").rstrip("0")


def timestamp(sheet: Sheet, at: Place, value: Any) -> None:
    """A time in UTC (RFC 3339), with as many decimals as one likes."""
    if moment_of(value) is None:
        sheet.error("bad_timestamp", at, f"{at[-1]} is no time in UTC. Write it like 2026-11-24T14:32:00.000Z.")


def millisecond(sheet: Sheet, at: Place, value: Any) -> None:
    """A time with three decimals, neither more nor fewer: it names a version (CACAO 2.0 section 3.1)."""
    timestamp(sheet, at, value)
    if moment_of(value) is not None and not re.search(r"\.\d{3}Z$", value):
        sheet.strictly("bad_timestamp", at, f"{at[-1]} has exactly three decimals, like 2026-11-24T14:32:00.000Z.")


def identifier(*types: str, versions: str = "12345") -> Check:
    """A type, two hyphens and a UUID (RFC 4122) of one of these versions."""

    def check(sheet: Sheet, at: Place, value: Any) -> None:
        if not isinstance(value, str):
            sheet.error("schema", at, f"{at[-1]} is an identifier: a type, -- and a UUID.")
            return
        found = IDENTIFIER.fullmatch(value)
        if found is None or found["version"] not in "12345" or not VARIANT.match(found["uuid"]):
            sheet.strictly("schema", at, f"{_brief(value)} is no identifier: a type, -- and a UUID of version 4.")
        elif types and found["type"] not in types:
            sheet.strictly("schema", at, f"The identifier here begins with {' or '.join(f'{one}--' for one in types)}.")
        elif found["version"] not in versions:
            sheet.strictly("schema", at, f"The UUID here is of version {' or '.join(versions)}. Make a new one.")

    return check


def listed(of: Check, *, least: int = 1) -> Check:
    """A list of such values."""

    def check(sheet: Sheet, at: Place, value: Any) -> None:
        if not isinstance(value, list):
            sheet.error("schema", at, f"{at[-1]} is a list.")
            return
        if len(value) < least:
            sheet.warning("schema", at, f"{at[-1]} is empty. Leave it out, or fill it.")
        for number, one in enumerate(value):
            of(sheet, (*at, number), one)

    return check


def named(of: Check, name: Check = anything) -> Check:
    """An object of such values, under names of the author's own."""

    def check(sheet: Sheet, at: Place, value: Any) -> None:
        if not isinstance(value, Mapping):
            sheet.error("schema", at, f"{at[-1]} is an object.")
            return
        for key, one in value.items():
            name(sheet, (*at, key), key)
            of(sheet, (*at, key), one)

    return check


@dataclass(frozen=True)
class Shape:
    """An object with properties that the standard names. It is itself a check."""

    properties: Mapping[str, Check]
    required: tuple[str, ...] = ()
    also: tuple[Check, ...] = field(default=())  # what its properties have to do with each other
    closed: bool = True  # whether other properties are worth a warning

    def __call__(self, sheet: Sheet, at: Place, value: Any) -> None:
        """Find everything that is wrong with the object itself."""
        if not isinstance(value, Mapping):
            sheet.error("schema", at, f"{at[-1] if at else 'A playbook'} is an object.")
            return
        for name in self.required:
            if value.get(name) in (None, "", [], {}):
                sheet.error("schema", (*at, name), f"{name} is required here. Add it.")
        for name, one in value.items():
            if name in self.properties:
                if one not in (None, "") or name not in self.required:
                    self.properties[name](sheet, (*at, name), one)
            elif self.closed:
                self._unknown(sheet, (*at, name))
        for check in self.also:
            check(sheet, at, value)

    def _unknown(self, sheet: Sheet, at: Place) -> None:
        # The standard asks of a reader that required properties are there and that known ones have their form; an unknown one breaks
        # neither, and a book with one runs. It is kept, exported again, and said, since it is most often a slip of the pen.
        sheet.guesses += 1
        name = str(at[-1])
        meant = difflib.get_close_matches(name, self.properties, 1, 0.75) if sheet.guesses <= MOST_GUESSES and len(name) <= 60 else []
        cure = f"Did you mean {meant[0]}?" if meant else "Remove it, or keep it in an extension."
        sheet.warning("schema", at, f"CACAO 2.0 has no property {_brief(name)} here. {cure}")

    def extended(self, properties: Mapping[str, Check], *required: str, also: Iterable[Check] = ()) -> "Shape":
        """The same with more properties."""
        return Shape({**self.properties, **properties}, (*self.required, *required), (*self.also, *also), self.closed)

    def opened(self) -> "Shape":
        """The same, with properties that nobody can know."""
        return Shape(self.properties, self.required, self.also, closed=False)


def _brief(value: str) -> str:
    return value if len(value) <= 80 else f"{value[:77]}..."
