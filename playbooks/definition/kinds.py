"""Every kind of object of CACAO 2.0 apart from steps and commands, and what its properties may hold."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from playbooks.definition.findings import Place, Sheet
from playbooks.definition.shapes import (
    Check,
    Shape,
    anything,
    held,
    identifier,
    is_whole,
    items,
    listed,
    millisecond,
    moment_of,
    named,
    one_of,
    text,
    timestamp,
    truth,
    whole,
    words,
)
from playbooks.definition.variables import LENIENT_NAME, NAME, REFERENCE, WrongType, names_in, typed

VARIABLE_TYPES = (
    "bool", "dictionary", "float", "hexstring", "integer", "ipv4-addr", "ipv6-addr", "long", "mac-addr", "hash", "md5-hash",
    "sha256-hash", "string", "uri", "uuid",
)  # fmt: skip
REGIONS = (
    "africa", "eastern-africa", "middle-africa", "northern-africa", "southern-africa", "western-africa", "americas", "caribbean",
    "central-america", "latin-america-caribbean", "northern-america", "south-america", "asia", "central-asia", "eastern-asia",
    "southern-asia", "south-eastern-asia", "western-asia", "europe", "eastern-europe", "northern-europe", "southern-europe",
    "western-europe", "oceania", "antarctica", "australia-new-zealand", "melanesia", "micronesia", "polynesia",
)  # fmt: skip
TLP = ("TLP:RED", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:GREEN", "TLP:CLEAR")
KEYS = ("public_key", "public_cert_chain", "cert_url", "thumbprint")
MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", re.IGNORECASE)

extensions = named(named(anything), identifier("extension-definition"))


def in_order(first: str, second: str, *, equal: bool, code: str = "bad_timestamp") -> Check:
    """Two times of which the second comes later, or not earlier."""

    def check(sheet: Sheet, at: Place, one: Any) -> None:
        begins, ends = moment_of(one.get(first)), moment_of(one.get(second))
        # A revoked object's period of validity is to be ignored.
        if one.get("revoked") is True and first == "valid_from":
            return
        if begins and ends and (ends < begins or (ends == begins and not equal)):
            sheet.error(code, (*at, second), f"{second} lies before {first}. Correct one of the two.")

    return check


def of_its_type(*known: str, closed: bool = False) -> Check:
    """A type of a vocabulary: open ones may have others, which people then see to."""

    def check(sheet: Sheet, at: Place, value: Any) -> None:
        if not isinstance(value, str):
            text(sheet, at, value)
        elif value not in known and closed:
            sheet.error("unknown_type", at, f"The type here is {' or '.join(known)}.")
        elif value not in known:
            sheet.warning("unknown_type", at, f"CACAO 2.0 does not name the type {value[:80]}. People see to what it stands for.")

    return check


def by_type(shapes: Mapping[str, Shape], others: Shape, *, closed: bool = False) -> Check:
    """An object whose type says which properties it has; `others` is what is known of one whose type is unknown."""
    some = of_its_type(*shapes, closed=closed)

    def check(sheet: Sheet, at: Place, value: Any) -> None:
        kind = held(value).get("type")
        shape = shapes.get(kind) if isinstance(kind, str) else None
        (shape or others)(sheet, at, value)
        if shape is None and kind not in (None, ""):
            some(sheet, (*at, "type"), kind)

    return check


def _at_least_one_more(sheet: Sheet, at: Place, one: Any) -> None:
    if not any(one.get(key) for key in ("description", "source", "url", "external_id", "reference_id")):
        sheet.strictly("schema", at, "An external reference has a name and at least a description, a source, a url or an id.")


EXTERNAL_REFERENCE = Shape(
    dict.fromkeys(("name", "description", "source", "url", "external_id", "reference_id"), text), ("name",), (_at_least_one_more,)
)
references = listed(EXTERNAL_REFERENCE)
CONTACT = Shape({"email": named(text), "phone": named(text), "contact_details": text})


def _degrees(least: float, most: float) -> Check:
    def check(sheet: Sheet, at: Place, value: Any) -> None:
        text(sheet, at, value)
        if isinstance(value, str) and not names_in(value):
            number = float(value) if re.fullmatch(r"-?\d{1,3}(\.\d{1,20})?", value, re.ASCII) else 1000
            if not least < number <= most:
                sheet.strictly("schema", at, f"{at[-1]} is written in degrees, above {least:g} and up to {most:g}.")

    return check


def _country(sheet: Sheet, at: Place, value: Any) -> None:
    text(sheet, at, value)
    if isinstance(value, str) and not names_in(value) and not re.fullmatch(r"[A-Z]{2}", value, re.IGNORECASE):
        sheet.strictly("schema", at, "country is a code of two letters (ISO 3166-1), like US.")


def _both_degrees(sheet: Sheet, at: Place, one: Any) -> None:
    for first, second in (("latitude", "longitude"), ("longitude", "latitude"), ("precision", "latitude")):
        if first in one and second not in one:
            sheet.strictly("schema", (*at, first), f"{first} needs {second}. Add it.")


LOCATION = Shape(
    {
        **dict.fromkeys(("name", "description", "building_details", "network_details", "administrative_area", "city"), text),
        **dict.fromkeys(("street_address", "postal_code", "precision"), text),
        "region": one_of(*REGIONS),
        "country": _country,
        "latitude": _degrees(-90, 90),
        "longitude": _degrees(-180, 180),
    },
    also=(_both_degrees,),
)


def _address(sheet: Sheet, at: Place, value: Any) -> None:
    named(listed(anything))(sheet, at, value)
    for kind, some in held(value).items():
        if kind not in ("dname", "ipv4", "ipv6", "l2mac", "vlan", "url"):
            sheet.strictly("schema", (*at, kind), "An address is of kind dname, ipv4, ipv6, l2mac, vlan or url.")
        for number, one in enumerate(items(some)):
            here = (*at, kind, number)
            if not isinstance(one, str) and not (kind == "vlan" and is_whole(one)):
                sheet.error("schema", here, "An address is a text.")
            elif not names_in(str(one)) and not _is_address(kind, str(one)):
                sheet.strictly("schema", here, f"{str(one)[:80]} is no address of kind {kind}.")


def _is_address(kind: str, one: str) -> bool:
    if len(one) > 4000:
        return False
    if kind in ("ipv4", "ipv6"):
        try:
            return ipaddress.ip_interface(one).version == int(kind[-1])
        except ValueError:
            return False
    if kind == "l2mac":
        return MAC.fullmatch(one) is not None
    if kind == "vlan":
        return re.fullmatch(r"\d{1,4}(\.0)?", one) is not None and float(one) <= 4095
    return bool(one.strip())


def _port(sheet: Sheet, at: Place, value: Any) -> None:
    if not isinstance(value, str):
        sheet.strictly("schema", at, "port is a text of digits, like 443 in quotes.")
    if not names_in(str(value)) and not (re.fullmatch(r"\d{1,5}", str(value)) and 0 < int(str(value)) < 65536):
        sheet.error("schema", at, "port is a number from 1 to 65535, written as a text.")


AGENT = Shape(
    {"type": text, "name": text, "description": text, "location": LOCATION, "agent_target_extensions": extensions}, ("type", "name")
)
_PERSON = AGENT.extended({"contact": CONTACT})
_NETWORK = AGENT.extended({"address": _address, "authentication_info": text, "category": listed(text)}, "address")
_SERVICE = _NETWORK.extended({"port": _port})
_OTHER_AGENT = Shape({**_SERVICE.properties, "contact": CONTACT}, AGENT.required, closed=False)  # every way of saying where
AGENT_OR_TARGET = by_type(
    {
        "group": _PERSON,
        "individual": _PERSON,
        "organization": _PERSON,
        "location": AGENT.extended({"logical": listed(text)}),
        "sector": AGENT.extended({"sector": text}, "sector"),
        "security-category": AGENT.extended({"category": listed(text)}, "category"),
        "http-api": _SERVICE,
        "linux": _SERVICE,
        "ssh": _SERVICE,
        "net-address": _NETWORK,
    },
    _OTHER_AGENT,
)


def _kept_elsewhere(sheet: Sheet, at: Place, one: Any) -> None:
    if one.get("kms") is True and not one.get("kms_key_identifier"):
        sheet.error("schema", (*at, "kms_key_identifier"), "kms is true: kms_key_identifier names the key. Add it.")
    if one.get("kms_key_identifier") and one.get("kms") is not True:
        sheet.strictly("schema", (*at, "kms"), "Where kms_key_identifier stands, kms is true.")


def _or_kept_elsewhere(*names: str) -> Check:
    def check(sheet: Sheet, at: Place, one: Any) -> None:
        for name in names:
            if one.get("kms") is not True and not one.get(name):
                sheet.error("schema", (*at, name), f"{name} is required where kms is not true. Add it.")

    return check


_AUTHENTICATION = Shape(
    {
        **dict.fromkeys(("type", "name", "description", "kms_key_identifier"), text),
        "kms": truth,
        "authentication_info_extensions": extensions,
    },
    ("type",),
    (_kept_elsewhere,),
)
AUTHENTICATION = by_type(
    {
        "http-basic": _AUTHENTICATION.extended({"user_id": text, "password": text}),
        "oauth2": _AUTHENTICATION.extended({"oauth_header": text, "token": text}, also=(_or_kept_elsewhere("oauth_header", "token"),)),
        "user-auth": _AUTHENTICATION.extended({"username": text, "password": text}),
    },
    _AUTHENTICATION.opened(),
)

_VALIDITY = in_order("valid_from", "valid_until", equal=False)
_MARKING = Shape(
    {
        **dict.fromkeys(("type", "name", "description"), text),
        "id": identifier("marking-statement", "marking-tlp", "marking-iep"),
        "created_by": identifier("identity"),
        "created": millisecond,
        "revoked": truth,
        "valid_from": timestamp,
        "valid_until": timestamp,
        "labels": listed(text),
        "external_references": references,
        "marking_extensions": extensions,
    },
    ("type", "id", "created_by", "created"),
    (_VALIDITY,),
)


def _end_date(sheet: Sheet, at: Place, value: Any) -> None:
    if value is not None:
        timestamp(sheet, at, value)


def _end_date_is_there(sheet: Sheet, at: Place, one: Any) -> None:
    for name in ("end_date", "external_references"):  # null and an empty list are answers
        if name not in one:
            sheet.error("schema", (*at, name), f"{name} is required here. Add it.")


_IEP_TEXTS = ("tlp", "encrypt_in_transit", "permitted_actions", "affected_party_notifications", "attribution", "unmodified_resale")
MARKING = by_type(
    {
        "marking-statement": _MARKING.extended({"statement": text}, "statement"),
        "marking-tlp": _MARKING.extended({"tlpv2_level": one_of(*TLP)}, "tlpv2_level"),
        "marking-iep": _MARKING.extended(
            {
                **dict.fromkeys(_IEP_TEXTS, text),
                "iep_version": whole(0, 1000),
                "start_date": timestamp,
                "end_date": _end_date,
                "external_references": listed(text, least=0),
            },
            "name", "description", "iep_version", "start_date", *_IEP_TEXTS,
            also=(_end_date_is_there,),
        ),
    },
    _MARKING.opened(),
    closed=True,
)  # fmt: skip

_EXTENSION_DEFINITION = Shape(
    {
        **dict.fromkeys(("type", "name", "description", "schema", "version"), text),
        "created_by": identifier("identity"),
        "external_references": references,
    },
    ("type", "name", "created_by", "schema", "version"),
)
EXTENSION_DEFINITION = by_type({"extension-definition": _EXTENSION_DEFINITION}, _EXTENSION_DEFINITION, closed=True)


def _one_key(sheet: Sheet, at: Place, one: Any) -> None:
    given = [key for key in KEYS if one.get(key)]
    if len(given) != 1:
        sheet.error("schema", at, f"A signature has exactly one of {', '.join(KEYS)}; this has {len(given)}.")
    if words(one.get("algorithm")).startswith("HS"):
        sheet.warning("schema", (*at, "algorithm"), "A key that both sides share proves nothing to others. Sign with ES384 or Ed25519.")


def signature(sheet: Sheet, at: Place, value: Any) -> None:
    """A signature, and the ones that countersign it."""
    SIGNATURE(sheet, at, value)


_SIGNATURE = Shape(
    {
        **dict.fromkeys(("type", "signee", "hash_algorithm", "algorithm", "public_key", "cert_url", "thumbprint", "value"), text),
        "id": identifier(),
        "created_by": identifier("identity"),
        "created": millisecond,
        "modified": millisecond,
        "revoked": truth,
        "valid_from": timestamp,
        "valid_until": timestamp,
        "related_to": identifier("playbook"),
        "related_version": timestamp,
        "public_cert_chain": listed(text),
        "signature": signature,
    },
    ("type", "id", "created", "modified", "signee", "related_to", "related_version", "hash_algorithm", "algorithm", "value"),
    (_one_key, _VALIDITY, in_order("created", "modified", equal=True)),
)
SIGNATURE = by_type({"jss": _SIGNATURE}, _SIGNATURE, closed=True)


def variable_name(sheet: Sheet, at: Place, name: Any) -> None:
    """The name of a variable (CACAO 2.0 section 10.18)."""
    if NAME.fullmatch(name):
        return
    message = "A variable is named __like_this__: two underscores, a letter, letters, digits, _ or -, two underscores; at most 250."
    (sheet.strictly if LENIENT_NAME.fullmatch(name) else sheet.error)("variable_name", at, message)


def _value(sheet: Sheet, at: Place, one: Any) -> None:
    value, kind = one.get("value"), one.get("type")
    if value is None or not isinstance(kind, str):
        return
    if not isinstance(value, (str, Mapping)):
        sheet.strictly("schema", (*at, "value"), "A value is a text, null or an object; numbers and truths are written as texts.")
    if isinstance(value, str) and REFERENCE.search(value):
        return
    try:
        typed(kind, value)
    except WrongType as error:
        # What an address or a hash looks like is less settled than what a number is.
        (sheet.warning if kind in ("uri", "hash", "hexstring") else sheet.strictly)("schema", (*at, "value"), f"{error}.")


def _external_only_above(sheet: Sheet, at: Place, one: Any) -> None:
    if one.get("external") is True:
        sheet.strictly("schema", (*at, "external"), "Only variables of the playbook are external. Declare it under playbook_variables.")


VARIABLE = Shape(
    {"type": of_its_type(*VARIABLE_TYPES), "description": text, "value": anything, "constant": truth, "external": truth},
    ("type",),
    (_value,),
)
variables = named(VARIABLE, variable_name)
step_variables = named(VARIABLE.extended({}, also=(_external_only_above,)), variable_name)
