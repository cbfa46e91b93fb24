"""Values in a POSIX shell command: each becomes one word, or a part of one, wherever the quotation marks of the command stand."""

import re
import shlex
from collections.abc import Iterator, Mapping

from playbooks.definition.values import Value, text_of
from playbooks.definition.variables import REFERENCE, UnfitPlace, UnfitValue, value_of

# Constructs without a reference in them that are stepped over whole: $NAME, ${NAME}, $((1 + 2)), `date`, $'\n'.
WHOLE = re.compile(r"\$\{\w+\}|\$\(\([\w\s+*/%<>=!&|^?:,~-]*\)\)|`[^`'\"\\$]*`|\$'(?:[^'\\]|\\.)*'|<<<", re.ASCII | re.DOTALL)
# Where quotation marks have rules of their own; what follows one of these is not read any more.
UNREAD = re.compile(r"\$\{|\$\(\(|\$\[|\(\(|`|\$'|<<")
# What reads its words again as a command, or as arithmetic that may hold one: there one pair of quotation marks is not enough.
AGAIN = re.compile(
    r"(?<![\w.-])(?:eval|(?:ba|da|k|mk|z|c|tc|a|fi|r|rba|s)?sh|su|scp|rsync|busybox|xargs|pwsh|powershell|wsl)(?![\w-])"
    r"|\[\[|\w\[|(?:test|\[|printf)\s+-v\s|(?<!\S)--?(?:\w*c|command|exec|execute|eval)[\s=]*['\"]"
    r"|(?:^|[;&|({\n]|(?<!\S)(?:sudo|exec|then|do|else|env|nohup|time)\s)[ \t]*(?:sudo\s+-|env\s+-|(?:at|batch|watch|screen|tmux|parallel"
    r"|trap|expect|crontab|let|declare|typeset|local|export|readonly|read|mapfile|readarray|unset|cmd)(?![\w-]))",
    re.ASCII,
)
CASE = re.compile(r"case\s")
# What reads a quoted text as a program of its own.
PROGRAMS = re.compile(
    r"(?<![\w.-])(?:[gmn]?awk|sed|perl|python[\d.]*|ruby|node|php|lua|osascript|jq|yq|bc|dc|psql|mysql|mariadb|sqlite3|sqlcmd|mongosh?"
    r"|redis-cli)(?![\w-])",
    re.ASCII,
)
PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./][A-Za-z0-9_@%+=:,./-]*")
PLAINEST = re.compile(r"[A-Za-z0-9_.:@][A-Za-z0-9_.:@-]*")
# Where the name of a program stands, and what may be one.
NAMING = re.compile(
    r"(?:^|[;&|({\n]|(?<!\S)(?:then|do|else|elif|if|while|until|!|exec|command|sudo|time|nohup|env)\s)[ \t]*(?:\w+=\S*[ \t]+)*$", re.ASCII
)
PROGRAM = re.compile(r"[A-Za-z0-9_/][A-Za-z0-9_./+-]*")
ALLOWED = {PLAIN: "_@%+=:,./-", PLAINEST: "_.:@-", PROGRAM: "_./+-"}
WORD_ENDS = " \t\r\n;&|()<>"


def filled_shell(text: str, values: Mapping[str, Value]) -> str:
    """A command for `sh` in which every value stands as text of a word: it is never split, expanded, run or read as an option.

    Raises UndefinedVariable, UnfitPlace where no value can stand safely, UnfitValue for a value that cannot stand in this place.
    """
    again, program = AGAIN.search(text) is not None, PROGRAMS.search(text) is not None
    parts: list[str] = []
    done = 0
    opened = False
    for found, place in _spots(text):
        parts.append(text[done : found.start()])
        # A word begins here, or only values that may be empty stand before this one.
        opened = _begins_word(text, found.start()) or (opened and found.start() == done)
        value = values_text(found[1], values)
        before = len(text[: found.start()].rstrip("'\""))
        if opened and NAMING.search(text, max(0, before - 500), before):
            _fits(value, PROGRAM, found[1], "the value names the program to run")
        if again:
            _fits(value, PLAIN, found[1], "the command hands its words to a shell again")
        elif program and place != "bare":
            _fits(value, PLAINEST, found[1], "the quoted text may be a program")
        if opened and value.startswith("-") and isinstance(values[found[1]], str) and not re.search(r"(?<!\S)--\s", text[: found.start()]):
            raise UnfitValue(f"the value of {found[1]} begins with - and would be an option: put -- before it in the command")
        quoted = "'" + shlex.quote(f" {value}")[2:] if value else "''"
        parts.append({"bare": quoted, "single": f"'{quoted}'", "double": f'"{quoted}"'}[place])
        done = found.end()
    return "".join([*parts, text[done:]])


def values_text(name: str, values: Mapping[str, Value]) -> str:
    """The value of a variable as text for a command line. Raises UndefinedVariable, UnfitValue for what no command line holds."""
    value = text_of(value_of(name, values))
    if "\0" in value:
        raise UnfitValue(f"the value of {name} contains a zero byte, which no command line holds")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UnfitValue(f"the value of {name} contains half a character, which no command line holds") from error
    return value


def _fits(value: str, form: re.Pattern[str], name: str, why: str) -> None:
    if not form.fullmatch(value):
        raise UnfitValue(f"{why}, so the value of {name} may only have letters, digits and {ALLOWED[form]}")


def _begins_word(text: str, at: int) -> bool:
    before = text[:at].rstrip("'\"")
    return not before or before[-1] in WORD_ENDS


def _spots(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """The references of a command, each with how it is quoted: bare, single or double. Raises UnfitPlace."""
    spots = {found.start(): found for found in REFERENCE.finditer(text)}
    last = max(spots, default=-1)
    # The quotation marks and parentheses that are open, innermost last.
    opened = ["bare"]
    at = 0
    while at <= last:
        place, char = opened[-1], text[at]
        if at in spots:
            yield spots[at], place
            at = spots[at].end()
            continue
        step = 1
        if place == "single":
            if char == "'":
                opened.pop()
        elif char in "\\$" and at + 1 in spots:
            raise UnfitPlace(spots[at + 1][1], f"it follows {char}, which would change its meaning: remove the {char}")
        elif char == "\\":
            step = 2
        elif (whole := _of(WHOLE, text, at, place)) and not any(at <= one < whole.end() for one in spots):
            step = len(whole[0])
        elif unread := _of(UNREAD, text, at, place):
            raise UnfitPlace(spots[last][1], f"it stands in or after {unread[0]}: move it before that")
        elif text.startswith("$(", at):
            opened.append("bare")
            step = 2
        elif char == '"':
            opened.pop() if place == "double" else opened.append("double")
        elif place == "bare":
            step = _bare(text, at, opened, spots)
        at += step


def _of(construct: re.Pattern[str], text: str, at: int, place: str) -> re.Match[str] | None:
    """The construct that begins here; inside double quotation marks only $ and ` begin one, and $' does not."""
    found = construct.match(text, at)
    return found if found and (place == "bare" or (text[at] in "$`" and not found[0].startswith("$'"))) else None


def _bare(text: str, at: int, opened: list[str], spots: Mapping[int, re.Match[str]]) -> int:
    """Step over a character outside of quotation marks."""
    char = text[at]
    if char == "'":
        opened.append("single")
    elif char == "(":
        opened.append("bare")
    elif char == ")" and len(opened) > 1:
        opened.pop()
    elif char == "#" and (at == 0 or text[at - 1] in WORD_ENDS):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        inside = next((one for start, one in spots.items() if at < start < end), None)
        if inside:
            raise UnfitPlace(inside[1], "it stands in a comment: remove it there")
        return end - at
    elif CASE.match(text, at) and (at == 0 or text[at - 1] in WORD_ENDS):
        # The closing parentheses of its patterns would end what they do not open.
        after = max(spots)
        raise UnfitPlace(spots[after][1], "it stands in or after a case statement: move it before that, into a variable of the shell")
    return 1
