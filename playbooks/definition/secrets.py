"""Secrets that stand in a playbook in clear, where only the name of a variable or of a key elsewhere belongs."""

import re
from collections.abc import Mapping
from typing import Any

from playbooks.definition.findings import Place, Sheet
from playbooks.definition.shapes import held, items, words
from playbooks.definition.variables import REFERENCE, names_in

FIELDS = ("password", "token", "oauth_header")
HEADERS = ("authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token", "api-key", "apikey")
# What may stand beside a reference, or alone, and gives nothing away.
HARMLESS = re.compile(r"(?:authorization ?:?)? ?(?:bearer|basic|token|oauth|apikey|digest)?", re.IGNORECASE)

# Names of variables whose values are shown to nobody.
NAMED = re.compile(r"passw|passphrase|secret|token|credential|api_?key|private_?key|bearer|cookie", re.IGNORECASE)


def is_secret(variable: str) -> bool:
    """Whether a variable holds a secret, by its name."""
    return NAMED.search(variable) is not None


def check_secrets(sheet: Sheet, book: Mapping[str, Any]) -> None:
    """Passwords and tokens of agents, in the variables that stand for them, and in the headers of commands."""
    variables = held(book.get("playbook_variables"))
    for key, one in held(book.get("authentication_info_definitions")).items():
        for field in FIELDS:
            value = words(held(one).get(field))
            _clear(sheet, ("authentication_info_definitions", key, field), value)
            for name in names_in(value):
                if held(variables.get(name)).get("value"):
                    _say(sheet, ("playbook_variables", name, "value"))
    for key, step in held(book.get("workflow")).items():
        for number, command in enumerate(items(held(step).get("commands"))):
            for header, some in held(held(command).get("headers")).items():
                if header.strip().lower() in HEADERS:
                    for no, value in enumerate(items(some)):
                        _clear(sheet, ("workflow", key, "commands", number, "headers", header, no), words(value))


def _clear(sheet: Sheet, at: Place, value: str) -> None:
    if not HARMLESS.fullmatch(" ".join(REFERENCE.sub("", value).split())):
        _say(sheet, at)


def _say(sheet: Sheet, at: Place) -> None:
    sheet.strictly("literal_secret", at, "A secret stands here in clear. Name an external variable, or a key by kms_key_identifier.")
