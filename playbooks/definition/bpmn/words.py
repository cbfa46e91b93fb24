"""Words of a drawing made fit for a playbook: texts, keys of choices, names of variables, ids, durations."""

import re
from hashlib import sha256
from uuid import UUID, uuid5

SPACE = UUID("1f3b6f6e-6d0c-4a53-9c76-2d3e7f0a9b41")
LONGEST_NAME, LONGEST_TEXT = 200, 4000
YES = frozenset({"yes", "y", "true", "approved", "approve", "ok", "success", "pass", "passed"})
SIGNS = {">=": " at least ", "=>": " at least ", "≥": " at least ", "<=": " at most ", "=<": " at most ", "≤": " at most "}
SIGNS |= {">": " over ", "<": " under ", "=": " equals ", "%": " percent "}
DURATION = re.compile(
    r"P(?=[\dT])(?:(?P<Y>\d+)Y)?(?:(?P<M>\d+)M)?(?:(?P<W>\d+)W)?(?:(?P<D>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)(?:\.(?P<f>\d{1,9}))?S)?)?",
    re.ASCII,
)
LONGEST_DELAY = 10 * 366 * 86_400_000  # milliseconds


def line(text: str, longest: int = LONGEST_NAME) -> str:
    """A text on one line, cut to size, all of it shown, in which nothing reads as a reference to a variable."""
    return _quiet(_cut(" ".join(text.split()), longest))


def lines(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text of several lines, likewise."""
    kept = [" ".join(one.split()) for one in text.strip().splitlines()]
    return _quiet(_cut(re.sub(r"\n{3,}", "\n\n", "\n".join(kept)), longest))


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _quiet(text: str) -> str:
    shown = "".join(c for c in text if c.isprintable() or c == "\n")
    return shown.replace("__:value", "__ :value")


def key_of(text: str, longest: int = 40) -> str:
    """A text as a short key of lower-case letters, digits and underscores; empty when nothing of it is left."""
    for sign, word in SIGNS.items():
        text = text.replace(sign, word)
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:longest].strip("_")


def variable_of(text: str) -> str:
    """A variable's name that reminds of a question."""
    key = key_of(text, 60)
    return f"__{key}__" if key[:1].isalpha() else f"__answer_{key}__" if key else "__answer__"


def step_uuid(*parts: object) -> str:
    """A UUID in the form of version 4, the same for the same parts."""
    return str(UUID(bytes=sha256("\x1f".join(map(str, parts)).encode()).digest()[:16], version=4))


def playbook_id(namespace: str, name: str) -> str:
    """The id of the draft of a workflow: by its name, so that a signal that names another workflow finds that one's draft."""
    return f"playbook--{uuid5(SPACE, namespace + ' ' + key_of(name, 500))}"


def milliseconds(text: str) -> int | None:
    """An ISO 8601 duration in milliseconds (a year is 365 days, a month 30), or None where it is none or beyond ten years."""
    found = DURATION.fullmatch(text.strip())
    if found is None:
        return None
    parts = {key: int(value or 0) for key, value in found.groupdict().items() if key != "f"}
    days = parts["Y"] * 365 + parts["M"] * 30 + parts["W"] * 7 + parts["D"]
    seconds = days * 86_400 + parts["h"] * 3_600 + parts["m"] * 60 + parts["s"]
    total = seconds * 1000 + int((found["f"] or "0").ljust(3, "0")[:3])
    return total if 0 < total <= LONGEST_DELAY else None
