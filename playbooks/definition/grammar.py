"""The grammar of conditions: the comparison part of STIX 2.1 patterning, with CACAO variables in place of object paths."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime

from playbooks.definition.expression import (
    All,
    Any,
    Comparison,
    Condition,
    ConditionSyntax,
    Exists,
    Literal,
    Not,
    Octets,
    Operand,
    Truth,
    Variable,
)
from playbooks.definition.matching import BadPattern, pattern
from playbooks.definition.networks import network
from playbooks.definition.variables import LENIENT_NAME, NAME, REFERENCE

LONGEST = 10_000
DEEPEST = 50
MOST_DIGITS = 400
SKIPPED = re.compile(r"(?:\s+|/\*.*?\*/|//[^\r\n]*)*", re.DOTALL)
TOKEN = re.compile(
    r"(?P<typed>[thb]'[^']*')|(?P<string>'(?:[^'\\]|\\.)*')|(?P<quoted>\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<operator><=|>=|<>|!=|==|=|<|>)|(?P<punctuation>[()\[\],])|(?P<word>[^\s()\[\],'\"=<>!]+)",
    re.DOTALL,
)
NUMBER = re.compile(r"[+-]?(?:0|[1-9][0-9]*)|[+-]?[0-9]*\.[0-9]+")
LOOSE_NUMBER = re.compile(r"[+-]?[0-9]+\.?|[+-]?[0-9]*\.[0-9]+", re.ASCII)
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", re.ASCII)
COMPARISONS = ("=", "==", "!=", "<>", "<", "<=", ">", ">=")
ORDERS = ("<", "<=", ">", ">=")
WORDS = ("LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET")
JOINS = ("AND", "OR", "NOT", "IN", "EXISTS", *WORDS)
OBSERVING = ("FOLLOWEDBY", "WITHIN", "REPEATS", "START", "STOP")
SIGNS = {"&&": "AND", "||": "OR"}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Token:
    """A word of the condition: its kind, its text (keywords in capitals) and where it begins."""

    kind: str  # typed | string | quoted | operator | punctuation | keyword | reference | name | number | bare | end
    text: str
    at: int


def tokens_of(text: str, *, lenient: bool) -> list[Token]:
    """The words of a condition, and an `end`. Raises ConditionSyntax for what is none."""
    if len(text) > LONGEST:
        raise ConditionSyntax(f"a condition has at most {LONGEST} characters", LONGEST)
    found: list[Token] = []
    at = _skipped(text, 0)
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise ConditionSyntax("this quotation mark is never closed" if text[at] in "'\"" else "this is no part of a condition", at)
        kind, word = str(match.lastgroup), match.group()
        found.append(_word(word, at, lenient=lenient) if kind == "word" else Token(kind, word, at))
        if kind == "quoted" and not lenient:
            raise ConditionSyntax("a text stands in single quotation marks", at)
        at = _skipped(text, match.end())
    return [*found, Token("end", "", len(text))]


def _skipped(text: str, at: int) -> int:
    found = SKIPPED.match(text, at)
    return found.end() if found else at


def _word(word: str, at: int, *, lenient: bool) -> Token:
    name = word.removesuffix(":value")
    if (LENIENT_NAME if lenient else NAME).fullmatch(name):
        return Token("reference" if name != word else "name", name, at)
    upper = SIGNS.get(word, word.upper()) if lenient else word.upper()
    if upper in JOINS or upper in OBSERVING or upper in ("TRUE", "FALSE"):
        return Token("keyword", upper, at)
    if (LOOSE_NUMBER if lenient else NUMBER).fullmatch(word):
        if len(word) > MOST_DIGITS:
            raise ConditionSyntax(f"a number has at most {MOST_DIGITS} digits", at)
        return Token("number", word, at)
    if lenient:
        return Token("bare", word, at)
    if word.startswith("__"):
        raise ConditionSyntax(f"{word[:60]} is no variable: write __name__:value, a name of letters, digits, _ and -", at)
    raise ConditionSyntax(f"{word[:60]} is no operator, no variable (__name__:value) and no value ('text', 1, true)", at)


class Reader:
    """Reads one condition, by recursive descent."""

    def __init__(self, text: str, *, lenient: bool) -> None:
        self.tokens = tokens_of(text, lenient=lenient)
        self.lenient = lenient
        self.next = 0
        self.depth = 0

    def whole(self) -> Condition:
        """The condition that the text is. Raises ConditionSyntax."""
        bracketed = self.take("[")
        condition = self.either()
        if bracketed:
            self.expect("]")
        token = self.peek
        if token.text in OBSERVING and token.kind == "keyword":
            raise ConditionSyntax(f"{token.text} joins observations in time, which variables do not have: use AND, OR and NOT", token.at)
        if bracketed and token.text in ("AND", "OR") and token.kind == "keyword":
            raise ConditionSyntax(f"{token.text} cannot join two bracketed observations: put it inside one pair of brackets", token.at)
        if token.kind != "end":
            raise ConditionSyntax("expected AND, OR or the end", token.at)
        return condition

    @property
    def peek(self) -> Token:
        return self.tokens[self.next]

    def take(self, word: str) -> bool:
        token = self.peek
        if token.text == word and token.kind in ("keyword", "punctuation"):
            self.next += 1
            return True
        return False

    def expect(self, word: str) -> None:
        if not self.take(word):
            raise ConditionSyntax(f"expected {word}", self.peek.at)

    def either(self) -> Condition:
        parts = [self.both()]
        while self.take("OR"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def both(self) -> Condition:
        parts = [self.one()]
        while self.take("AND"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self) -> Condition:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ConditionSyntax(f"nested more than {DEEPEST} deep", self.peek.at)
        try:
            if self.take("NOT"):
                return Not(self.one())
            if self.take("EXISTS"):
                return self.exists()
            if self.take("("):
                inner = self.either()
                self.expect(")")
                return inner
            return self.comparison()
        finally:
            self.depth -= 1

    def exists(self) -> Condition:
        token = self.peek
        if token.kind not in ("reference", "name"):
            raise ConditionSyntax("EXISTS asks for a variable, written __name__:value", token.at)
        self.next += 1
        return Exists(Variable(token.text))

    def comparison(self) -> Condition:
        start = self.peek
        if start.text == "[":
            raise ConditionSyntax("an observation cannot stand inside another: leave the brackets out", start.at)
        left = self.operand(left=True)
        negated = self.take("NOT")
        token = self.peek
        if token.kind == "operator":
            self.next += 1
            return self.compared(left, token.text, negated, start)
        for word in WORDS:
            if self.take(word):
                return self.worded(left, word, negated, start)
        if self.take("IN"):
            return self.membership(left, negated, start)
        ends = token.kind == "end" or (token.kind in ("keyword", "punctuation") and token.text in ("AND", "OR", ")", "]"))
        if negated or not (ends or token.text in OBSERVING):
            raise ConditionSyntax("expected a comparison (=, !=, <, <=, >, >=, IN, LIKE, MATCHES, ISSUBSET, ISSUPERSET)", token.at)
        if isinstance(left, Literal) and not isinstance(left.value, bool):
            raise ConditionSyntax("a value alone is no condition: compare a variable with it", start.at)
        return Truth(left)

    def compared(self, left: Operand, operator: str, negated: bool, start: Token) -> Comparison:
        at = self.peek.at
        right = self.operand()
        if operator in ORDERS and not self.lenient and isinstance(right, Literal) and isinstance(right.value, (bool, Octets)):
            raise ConditionSyntax(f"{operator} puts numbers, texts and times in order, nothing else", at)
        if isinstance(left, Literal):
            if isinstance(right, Literal):
                raise ConditionSyntax("no side of this comparison is a variable (__name__:value)", start.at)
            left, operator, right = right, MIRRORED.get(operator, operator), left
        return Comparison(left, operator, right, negated)

    def worded(self, left: Operand, word: str, negated: bool, start: Token) -> Comparison:
        if isinstance(left, Literal):
            raise ConditionSyntax(f"{word} asks about a variable, written __name__:value", start.at)
        at = self.peek.at
        right = self.operand()
        if isinstance(right, Literal):
            if not isinstance(right.value, str):
                raise ConditionSyntax(f"after {word} stands a text in single quotation marks", at)
            if word == "MATCHES":
                try:
                    pattern(right.value)
                except BadPattern as error:
                    raise ConditionSyntax(f"the pattern cannot be read: {error}", at) from error
            if word in ("ISSUBSET", "ISSUPERSET") and network(right.value) is None:
                raise ConditionSyntax(f"after {word} stands an address or a network such as '10.0.0.0/8'", at)
        return Comparison(left, word, right, negated)

    def membership(self, left: Operand, negated: bool, start: Token) -> Comparison:
        if self.lenient and self.peek.kind == "reference":
            return Comparison(left, "IN", (self.operand(),), negated)
        closing = "]" if self.lenient and self.take("[") else ")"
        if closing == ")":
            self.expect("(")
        values = [self.operand()]
        while self.take(","):
            values.append(self.operand())
        self.expect(closing)
        if isinstance(left, Literal) and all(isinstance(one, Literal) for one in values):
            raise ConditionSyntax("no side of this comparison is a variable (__name__:value)", start.at)
        return Comparison(left, "IN", tuple(values), negated)

    def operand(self, *, left: bool = False) -> Operand:
        token = self.peek
        self.next += 1
        if token.kind == "reference":
            return Variable(token.text)
        if token.kind == "name" and self.lenient:
            return Variable(token.text)
        if token.kind == "name":
            raise ConditionSyntax(f"write {token.text}:value for the value of the variable", token.at)
        found = _value(token, lenient=self.lenient)
        if found is None or (left and not self.lenient) or (left and token.kind == "bare"):
            raise ConditionSyntax("expected a variable, written __name__:value" if left else "expected a variable or a value", token.at)
        return found


def _value(token: Token, *, lenient: bool) -> Operand | None:
    """The value that a word is; None when it is none."""
    if token.kind in ("string", "quoted"):
        return _text(token)
    if token.kind == "number":
        return Literal(float(token.text) if "." in token.text else int(token.text))
    if token.kind == "keyword" and token.text in ("TRUE", "FALSE"):
        return Literal(token.text == "TRUE")
    if token.kind == "typed":
        return Literal(_typed(token))
    if token.kind == "bare" and lenient:
        return _text(Token("bare", f"'{token.text}'", token.at))
    return None


def _text(token: Token) -> Operand:
    """A text; one that is nothing but a reference means the variable."""
    # The grammar escapes ' and \ only; before any other character a backslash is itself, as in '\d'.
    text = token.text[1:-1] if token.kind == "bare" else re.sub(r"\\(['\"\\])", r"\1", token.text[1:-1])
    whole = REFERENCE.fullmatch(text)
    if whole:
        return Variable(whole[1])
    if REFERENCE.search(text):
        raise ConditionSyntax("a variable inside a text is not filled in: compare it by itself", token.at)
    return Literal(text)


def _typed(token: Token) -> datetime | Octets:
    mark, text = token.text[0], token.text[2:-1]
    try:
        if mark == "t":
            if not TIMESTAMP.fullmatch(text):
                raise ValueError
            return datetime.fromisoformat(text)
        if mark == "h":
            if not re.fullmatch(r"(?:[0-9A-Fa-f]{2})*", text):
                raise ValueError
            return Octets(bytes.fromhex(text), hexadecimal=True)
        return Octets(base64.b64decode(text, validate=True), hexadecimal=False)
    except (ValueError, binascii.Error) as error:
        forms = {"t": "a time is written t'2026-11-24T14:32:00Z'", "h": "bytes are written h'0aff'", "b": "bytes are written b'Cv8='"}
        raise ConditionSyntax(forms[mark], token.at) from error
