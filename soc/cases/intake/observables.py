"""Observables: telling bare strings apart, refanging them, and writing each in one normal way."""

import ipaddress
import re
from collections.abc import Callable

from soc.cases.intake.normal import OBSERVABLE_TYPES, Observable
from soc.cases.intake.problems import Problem, Refused, refuse
from soc.cases.intake.reading import clean, kind

VALUE_LIMIT = 2_048  # bytes; a longer value does not fit into an index entry of PostgreSQL

_HASH_LENGTHS = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
_NAMED_LENGTHS = {name: length for length, name in _HASH_LENGTHS.items()} | {"imphash": 32, "authentihash": 64}
_HASH = re.compile(r"(?:([A-Za-z0-9-]{2,16})[=:])?([0-9A-Fa-f]{32,128})")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#\\]+)(.*)", re.DOTALL)
_DEFANGED_SCHEME = re.compile(r"(?:h(?:xx|\*\*)p(s?)|(fxp))(?=\[?:\]?(?://|\[//\])|\[://\])", re.IGNORECASE)
_SEPARATOR = re.compile(r"\[://\]|\[:\]//|:\[//\]")
_DOT = re.compile(r"\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|\{dot\}|\[\.(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])\.\]", re.IGNORECASE)
_AT = re.compile(r"\[@\]|\(@\)|\{@\}|\[at\]|\(at\)|\{at\}", re.IGNORECASE)
_COLON = re.compile(r"\[:\]")
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_DOMAIN = re.compile(rf"(?:_?{_LABEL}\.)+(?!\d+$){_LABEL}")
_HOST = re.compile(r"[^\s/\\@:\[\]<>\"'|,;]{1,255}")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def refang(value: str) -> str:
    """Undo the usual ways of making an indicator harmless: hxxp, [.], (dot), [at], [:].

    The path of a URL is left alone unless the URL in front of it was made harmless too.
    """
    found = _SEPARATOR.sub("://", _DEFANGED_SCHEME.sub(lambda m: "ftp" if m[2] else f"http{m[1].lower()}", value))
    match = _URL.fullmatch(found)
    if match is not None:
        authority = _thawed(match[2])
        if found == value and authority == match[2]:
            return value
        return f"{match[1]}://{authority}{_DOT.sub('.', match[3])}"
    return _thawed(found)


def _thawed(value: str) -> str:
    return _COLON.sub(":", _AT.sub("@", _DOT.sub(".", value)))


def detect(value: str, *, dotted: str = "domain") -> str | None:
    """The type of a bare string, or None when it looks like nothing we know.

    A dotted name can be a machine or a domain; `dotted` says which it is here (entities: "host", observables: "domain").
    A single word is a host.
    """
    found = refang(clean(value).strip())
    if _URL.fullmatch(found) and not _BLANK.search(found):
        return "url"
    if _address(found) is not None:
        return "address"
    if _HASH.fullmatch(found):
        return "hash"
    if "\\" in found:
        return "account" if not _CONTROL.search(found) else None
    if "@" in found:
        return "mail" if _mail(found) is not None else None
    if _domain(found) is not None:
        return dotted
    return "host" if _host(found) is not None else None


def observable(type_: str, value: str) -> Observable | None:
    """The observable in its normal spelling, or None when the value is not of that type.

    Hosts, domains, hashes and mail in lower case; addresses as `ipaddress` writes them; scheme and host of a URL in
    lower case and its path as given; accounts and resources as given.
    """
    found = clean(value).strip()
    if not found or len(found.encode()) > VALUE_LIMIT:
        return None
    if type_ == "hash":
        return _hash(found)
    if type_ not in _WRITERS:
        return None
    written = _WRITERS[type_](found if type_ in ("account", "resource") else refang(found))
    if not written or len(written.encode()) > VALUE_LIMIT:
        return None
    return Observable(type_, written)


def read(entry: object, field: str, *, dotted: str, resources: bool = False) -> Observable:
    """One member of `entities` or `observables`: an object with `type` and `value`, or a bare string.

    Raises Refused (bad_observable, too_large).
    """
    known = ", ".join(OBSERVABLE_TYPES)
    cure = f'Send {{"type": one of {known}, "value": "..."}} or a string.'
    type_: object = None
    value: object = entry
    if isinstance(entry, dict):
        type_, value = entry.get("type"), entry.get("value")
        allowed = type_ in OBSERVABLE_TYPES or (resources and type_ == "resource")
        if not isinstance(type_, str) or not allowed:
            raise refuse("bad_observable", field, f"{field} has no type that we know.", cure)
    if not isinstance(value, str):
        raise refuse("bad_observable", field, f"The value of {field} is {kind(value)}, not a string.", cure)
    if len(clean(value).strip().encode()) > VALUE_LIMIT:
        raise refuse("too_large", field, f"{field} has more than {VALUE_LIMIT:,} bytes.", f"Shorten {field} and send it again.")
    wanted = type_ if isinstance(type_, str) else detect(value, dotted=dotted)
    found = observable(wanted, value) if wanted else None
    if found is None:
        what = f"a {wanted}" if wanted else "anything that we know"
        raise refuse("bad_observable", field, f"{field} does not look like {what}.", cure)
    return found


def checked(type_: str, value: str, field: str) -> Observable | Problem:
    """One observable that a person or a script names, or the problem with it (for doors other than the intake)."""
    try:
        return read({"type": type_, "value": value}, field, dotted="domain")
    except Refused as refused:
        return refused.problem


def _address(value: str) -> str | None:
    try:
        found = ipaddress.ip_address(value.split("%", 1)[0].removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(found)


def _host(value: str) -> str | None:
    found = _address(value) or value.lower().removesuffix(".")
    return found if _HOST.fullmatch(found) or _address(value) else None


def _domain(value: str) -> str | None:
    found = value.lower().removesuffix(".").removeprefix("*.")
    return found if len(found) <= 253 and _DOMAIN.fullmatch(found) else None


def _mail(value: str) -> str | None:
    found = value.lower().removeprefix("mailto:")
    if found.endswith(">") and "<" in found:
        found = found[found.rindex("<") + 1 : -1]
    name, at, domain = found.rpartition("@")
    if not at or not name or "@" in name or _BLANK.search(found) or _host(domain) is None:
        return None
    return found


def _url(value: str) -> str | None:
    match = _URL.fullmatch(value)
    if match is None or _BLANK.search(value):
        return None
    user, at, host = match[2].rpartition("@")
    return f"{match[1].lower()}://{user}{at}{host.lower()}{match[3]}" if host else None


def _account(value: str) -> str | None:
    return value if not _CONTROL.search(value) and value != "-" else None


def _resource(value: str) -> str | None:
    return value if not _CONTROL.search(value) else None


def _hash(value: str) -> Observable | None:
    match = _HASH.fullmatch(value)
    if match is None:
        return None
    digits = match[2].lower()
    algorithm = (match[1] or "").lower().replace("-", "") or _HASH_LENGTHS.get(len(digits), "")
    fits = len(digits) == _NAMED_LENGTHS.get(algorithm, -1)
    return Observable("hash", digits, algorithm) if fits else None


_WRITERS: dict[str, Callable[[str], str | None]] = {
    "host": _host,
    "account": _account,
    "address": _address,
    "domain": _domain,
    "url": _url,
    "mail": _mail,
    "resource": _resource,
}
