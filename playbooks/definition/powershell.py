"""Values in a PowerShell command: each becomes text of a string, wherever the quotation marks of the command stand."""

import re
from collections.abc import Iterator, Mapping

from playbooks.definition.shell import values_text
from playbooks.definition.values import Value
from playbooks.definition.variables import REFERENCE, UnfitPlace, UnfitValue

# PowerShell takes typographic quotation marks for plain ones.
SINGLE = "'\u2018\u2019\u201a\u201b"
DOUBLE = '"\u201c\u201d\u201e'
DASHES = "-\u2013\u2014\u2015"
WHOLE = re.compile(r"\$\{\w+\}|\$\([^()'\"`]*\)", re.ASCII)
UNREAD = re.compile(rf"\$\{{|<#|@[{SINGLE}{DOUBLE}]|--%")
AGAIN = re.compile(
    r"(?<![\w.-])(?:iex|invoke-expression|powershell|pwsh|cmd|ssh|wsl|bash|sh|invoke-wmimethod|start-process|saps|invoke-command|icm"
    r"|schtasks|sqlcmd|invoke-sqlcmd|reg|wmic|start-job|add-type|new-object|invoke-item)(?:\.exe)?(?![\w-])"
    r"|scriptblock|invokescript|-enc\w*|-com\w*\s|-argumentlist",
    re.IGNORECASE,
)
PLAIN = re.compile(r"[A-Za-z0-9_@+=:./\\][A-Za-z0-9_@+=:./\\-]*")
BEFORE = " \t\r\n;|&({[,=:"
INSIDE_WORD = re.compile(r"[\w./\\-]")
AFTER = " \t\r\n;|&)}],"


def filled_powershell(text: str, values: Mapping[str, Value]) -> str:
    """A PowerShell command in which every value stands as text of a string: it is never expanded, run or read as a parameter.

    Raises UndefinedVariable, UnfitPlace where no value can stand safely, UnfitValue for a value that cannot stand in this place.
    """
    again = AGAIN.search(text) is not None
    parts: list[str] = []
    done = 0
    for found, place in _spots(text):
        value = values_text(found[1], values)
        if again and not PLAIN.fullmatch(value):
            raise UnfitValue(f"the command is read again, so the value of {found[1]} may only have letters, digits and _@+=:./\\-")
        before = text[: found.start()].rstrip(SINGLE + DOUBLE)
        if value[:1] in tuple(DASHES) and isinstance(values[found[1]], str) and (not before or before[-1] in BEFORE[:8]):
            raise UnfitValue(
                f"the value of {found[1]} begins with - and would be a parameter: name the parameter before it, as -Name:value"
            )
        if place == "bare" and not _alone(text, found):
            raise UnfitPlace(found[1], "it is glued to other text outside of quotation marks: put the whole word into quotation marks")
        parts += [text[done : found.start()], _quoted(value, place)]
        done = found.end()
    return "".join([*parts, text[done:]])


def _quoted(value: str, place: str) -> str:
    if place == "double":
        return re.sub(f"[`$]|[{DOUBLE}]", lambda found: f"`{found[0]}", value)
    doubled = re.sub(f"[{SINGLE}]", lambda found: found[0] * 2, value)
    return doubled if place == "single" else f"'{doubled}'"


def _alone(text: str, found: re.Match[str]) -> bool:
    before, after = text[: found.start()][-1:], text[found.end() : found.end() + 1]
    return (not before or before in BEFORE) and (not after or after in AFTER)


def _spots(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """The references of a command, each with how it is quoted: bare, single or double. Raises UnfitPlace."""
    spots = {found.start(): found for found in REFERENCE.finditer(text)}
    last = max(spots, default=-1)
    place, at = "bare", 0
    while at <= last:
        char = text[at]
        whole = WHOLE.match(text, at) if place != "single" else None
        if at in spots:
            yield spots[at], place
            at = spots[at].end()
            continue
        step = 1
        if place == "single":
            place = "bare" if char in SINGLE else place
        elif char in "`$" and at + 1 in spots:
            raise UnfitPlace(spots[at + 1][1], f"it follows {char}, which would change its meaning: remove the {char}")
        elif char == "`":
            step = 2
        elif whole and not any(at <= one < whole.end() for one in spots):
            step = len(whole[0])
        elif (place == "bare" and UNREAD.match(text, at)) or (place == "double" and text.startswith(("$(", "${"), at)):
            raise UnfitPlace(spots[last][1], f"it stands in or after {text[at : at + 2]}: move it before that")
        elif char in DOUBLE:
            place = "bare" if place == "double" else "double"
        elif place == "bare" and char in SINGLE:
            place = "single"
        elif place == "bare" and char == "#" and not INSIDE_WORD.match(text[at - 1 : at]):
            end = text.find("\n", at)
            inside = next((one for start, one in spots.items() if start > at and (end < 0 or start < end)), None)
            if inside or text[at - 1 : at] not in BEFORE[:9]:
                raise UnfitPlace((inside or spots[last])[1], "it stands in or after what may be a comment: remove the #")
            step = end - at
        at += step
