"""The forms of the book itself, of its variables, and of whom and what it speaks of."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from playbooks.definition.editing.desk import Desk
from playbooks.definition.editing.fields import LINE, TEXT, Column, Field, Maker, Row, put
from playbooks.definition.editing.steps import NEW_END, choices_of_steps
from playbooks.definition.editing.variables import COLUMNS, rows_of, write_variables
from playbooks.definition.editing.ways import name_of
from playbooks.definition.kinds import TLP
from playbooks.definition.shapes import held, items, words
from playbooks.definition.steps import TYPES

GROUPS = ("agent_definitions", "target_definitions")
KINDS = {
    "group": "People, a group",
    "individual": "One person",
    "organization": "An organization",
    "security-category": "A kind of product",
    "http-api": "A service over HTTP",
    "net-address": "An address in the network",
    "linux": "A Linux machine",
    "ssh": "A machine over SSH",
    "location": "A place",
    "sector": "A sector",
}
ADDRESSES = tuple((one, one) for one in ("url", "dname", "ipv4", "ipv6", "l2mac", "vlan"))
REACHED = ("http-api", "net-address", "linux", "ssh")


def book_fields(document: Mapping[str, Any]) -> list[Field]:
    """The form of the book itself."""
    make = Maker(document, ())
    make.group = "The book"
    make.text("name", "Name", least=True)
    make.text("description", "Description", TEXT)
    make.many("playbook_types", "What it is for", [(one, one.capitalize()) for one in TYPES])
    make.lines("playbook_activities", "Activities, one a line", hint="Words of CACAO’s list, each named at a command too.")
    make.lines("labels", "Labels, one a line")
    make.group = "How much it matters"
    make.number("priority", "Priority", hint="1 is the highest, 100 the lowest; 0 says nothing.")
    make.number("severity", "Severity", hint="Up to 100, the highest.")
    make.number("impact", "Impact", hint="Up to 100: how much it disturbs.")
    make.group = "Who may see it, and when it counts"
    level = next((words(one.get("tlpv2_level")) for _, one in _tlp(document)), "")
    choices = [("", "None"), *((one, one) for one in TLP)]
    make.choice("tlp", "Traffic light (TLP 2.0)", choices, _write_tlp, value=level, at=("markings",))
    make.text("valid_from", "Counts from", hint="Like 2026-11-24T14:32:00.000Z.")
    make.text("valid_until", "Counts until")
    return make.made


def exception_fields(document: Mapping[str, Any]) -> list[Field]:
    """The way that a run takes when a step fails and nothing else says what then."""
    make = Maker(document, ())
    choices = [("", "The run fails"), *choices_of_steps(document), (NEW_END, "A new end")]
    make.group = "The way of failure"
    make.choice("workflow_exception", "When nothing else says what then", choices, _exception)
    return make.made


def _exception(desk: Desk, book: dict[str, Any], value: str) -> None:
    put(book, "workflow_exception", desk.end() if value == NEW_END else value)


def variable_fields(document: Mapping[str, Any]) -> list[Field]:
    """The form of the book's variables."""
    make = Maker(document, ())
    hint = "A name like __host__. A new name is put wherever the old one is used."
    rows = rows_of(document.get("playbook_variables"))
    write = write_variables("playbook_variables")
    make.group = "Variables"
    make.rows("playbook_variables", "Variables of the book", COLUMNS, rows, write, hint=hint)
    return make.made


def definition_fields(document: Mapping[str, Any], group: str, key: str) -> list[Field]:
    """The form of an agent or a target."""
    make = Maker(document, (group, key))
    one = make.object
    kind = words(one.get("type"))
    make.group = KINDS.get(kind, kind or "Agent or target")
    make.text("name", "Name", least=True)
    make.text("description", "Description", TEXT)
    if kind in ("security-category", *REACHED):
        make.lines("category", "Kinds of product, one a line", hint="Like endpoint, firewall, siem, ticketing.")
    if kind == "sector":
        make.text("sector", "Sector", least=True)
    if kind == "location":
        make.lines("logical", "What it is, one a line")
    if kind in ("group", "individual", "organization"):
        now = words(held(one.get("contact")).get("contact_details"))
        make.add("contact", "How to reach them", TEXT, now, _contact, at=("contact",))
    if kind in REACHED or one.get("address"):
        columns = (Column("kind", "Kind of address", ADDRESSES), Column("value", "Address"))
        make.rows("address", "Addresses", columns, tuple(_addresses(one)), _write_addresses)
        if kind != "net-address":
            make.text("port", "Port", LINE)
        known = [("", "None"), *((each, name_of(it, each)) for each, it in held(document.get("authentication_info_definitions")).items())]
        make.choice("authentication_info", "Signs in with", known, hint="Sign-ins come with an import; a secret never stands here.")
    return make.made


def _contact(desk: Desk, one: dict[str, Any], value: str) -> None:
    contact = dict(held(one.get("contact")))
    put(contact, "contact_details", value)
    put(one, "contact", contact)


def _addresses(one: Mapping[str, Any]) -> Iterator[Row]:
    for kind, some in held(one.get("address")).items():
        yield from ((kind, str(value)) for value in items(some))


def _write_addresses(desk: Desk, one: dict[str, Any], rows: Sequence[Row]) -> None:
    found: dict[str, list[str]] = {}
    for kind, value in rows:
        found.setdefault(kind, []).append(value)
    put(one, "address", found)


def _tlp(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    known = held(document.get("data_marking_definitions"))
    for key in items(document.get("markings")):
        one = held(known.get(key)) if isinstance(key, str) else {}
        if one.get("type") == "marking-tlp":
            yield key, one


def _write_tlp(desk: Desk, book: dict[str, Any], value: str) -> None:
    known = dict(held(book.get("data_marking_definitions")))
    old = {key for key, _ in _tlp(book)}
    kept = [key for key in items(book.get("markings")) if key not in old]
    known = {key: one for key, one in known.items() if key not in old}
    if value:
        key = desk.new("marking-tlp")
        made = {"type": "marking-tlp", "id": key, "created_by": book.get("created_by"), "created": desk.now, "tlpv2_level": value}
        known[key] = made
        kept.append(key)
    put(book, "data_marking_definitions", known)
    put(book, "markings", kept)
