"""XML read without trust: no document type, no entities, a bounded size, depth and number of elements."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
LARGEST = 8 * 1024 * 1024  # bytes
DEEPEST = 80
MOST = 100_000  # elements
LONGEST = 20_000  # characters of text in one element; what is longer is cut


class Unreadable(ValueError):
    """A file that is no BPMN; the text says what is wrong and where."""


@dataclass(eq=False)
class Element:
    """One element of BPMN; what other vocabularies wrote is kept as a name only (`other`)."""

    tag: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    text: str = ""
    other: bool = False

    @property
    def id(self) -> str:
        """Its id, or nothing."""
        return self.attributes.get("id", "")

    def all(self, *tags: str) -> list["Element"]:
        """The children of these kinds, in order."""
        return [one for one in self.children if one.tag in tags and not one.other]

    def first(self, tag: str) -> "Element | None":
        """The first child of this kind."""
        return next(iter(self.all(tag)), None)

    def walk(self) -> Iterator["Element"]:
        """Itself and all that it holds, in order."""
        todo = [self]
        while todo:
            one = todo.pop()
            yield one
            todo.extend(reversed(one.children))


class _Tree:
    """Builds elements from the parser's calls.

    The standard library's expat, with the document type refused: without one there are no entities, inner or outer, and
    so neither bombs nor reads of other files. A wrapper or a second parser would guard against the same and add a dependency.
    """

    def __init__(self) -> None:
        self.root: Element | None = None
        self.open: list[Element] = []
        self.count = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _line(self) -> int:
        return self.parser.CurrentLineNumber

    def _doctype(self, *_: object) -> None:
        raise Unreadable(f"line {self._line()}: a document type (DOCTYPE) is not accepted; remove it")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MOST:
            raise Unreadable(f"more than {MOST} elements")
        if len(self.open) >= DEEPEST:
            raise Unreadable(f"line {self._line()}: elements are nested more than {DEEPEST} deep")
        space, _, tag = name.rpartition(" ")
        if not self.open and (space, tag) != (BPMN, "definitions"):
            raise Unreadable(f"the outermost element is {tag[:60]}; a BPMN 2.0 file begins with definitions of {BPMN}")
        one = Element(tag, attributes, other=space != BPMN)
        if self.open:
            self.open[-1].children.append(one)
        else:
            self.root = one
        self.open.append(one)

    def _end(self, name: str) -> None:
        self.open.pop()

    def _characters(self, text: str) -> None:
        if len(self.open[-1].text) < LONGEST:
            self.open[-1].text += text


def parsed(raw: bytes) -> Element:
    """The `definitions` of a BPMN 2.0 file. Raises Unreadable with the reason and the line."""
    if len(raw) > LARGEST:
        raise Unreadable(f"larger than {LARGEST // 1024 // 1024} MiB")
    tree = _Tree()
    try:
        tree.parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise Unreadable(f"line {error.lineno}: this is not well-formed XML ({expat.ErrorString(error.code)})") from error
    except Unreadable:
        raise
    except (ValueError, LookupError) as error:
        raise Unreadable("the encoding that the file names is not known; save it as UTF-8") from error
    if tree.root is None:
        raise Unreadable("the file holds no element")
    return tree.root
