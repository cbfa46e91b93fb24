"""Documents as files: JSON and YAML in the same shape, from which the same document is read again."""

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml
from yaml.cyaml import CEmitter  # type: ignore[attr-defined]
from yaml.nodes import MappingNode, ScalarNode
from yaml.representer import SafeRepresenter

from playbooks.definition.canonical import canonical
from playbooks.definition.findings import LARGEST, unsound
from playbooks.definition.layout import with_layout
from playbooks.definition.reading import MOST_BYTES, JsonTypes

# Names that every reader of YAML takes for a text without quotes.
PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z_][A-Za-z0-9_-]*", re.IGNORECASE)


def kept(text: str) -> Any:
    """The document of a canonical text, with the same canonical text again.

    RFC 8785 writes 1e20 as a whole number that it takes from nobody: what lies beyond the whole numbers was a decimal.
    """
    return json.loads(text, parse_int=_number)


def _number(text: str) -> int | float:
    whole = int(text)
    return whole if -LARGEST <= whole <= LARGEST else float(text)


def as_json(document: Mapping[str, Any]) -> str:
    """The document as JSON that people can read."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def as_yaml(document: Mapping[str, Any]) -> str:
    """The document as YAML: every text in quotes, so that no reader takes one for a date, a number or a truth."""
    text: str = yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=2**31 - 1)
    return text


FORMS = {"json": as_json, "yaml": as_yaml}


def written(document: Mapping[str, Any], form: str, *, as_kept: bool = False) -> str:
    """A checked document as the text of a file, `json` or `yaml`: with a layout where that may be added and can be read again.

    What a layout would make too large to be read leaves as it is kept; what even indents would make too large, in its canonical form.
    """
    for one in (document,) if as_kept else (with_layout(document), document):
        if any(found.code == "unreadable" for found in unsound(one)):
            continue
        text = FORMS[form](one)
        if len(text.encode()) <= MOST_BYTES:
            return text
    return canonical(document)


class _Representer(SafeRepresenter):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, data: str) -> ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", data, style='"')

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)
        for name, _ in node.value:
            if PLAIN.fullmatch(name.value):
                name.style = None
        return node


_Representer.add_representer(str, _Representer.represent_str)


class _Dumper(CEmitter, _Representer, JsonTypes):
    def __init__(self, stream: Any, default_style: Any = None, default_flow_style: Any = False, sort_keys: bool = True, **how: Any) -> None:
        CEmitter.__init__(self, stream, **how)
        _Representer.__init__(self, default_style=default_style, default_flow_style=default_flow_style, sort_keys=sort_keys)
        JsonTypes.__init__(self)


def is_yaml(name: str, raw: bytes) -> bool:
    """Whether a file is read as YAML: its name says so, or it does not say and the content begins as no JSON object."""
    ending = name.lower().rpartition(".")[2]
    if ending in ("yaml", "yml", "json"):
        return ending != "json"
    return not raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))
