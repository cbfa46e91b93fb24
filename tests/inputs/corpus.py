"""Hostile values: what PostgreSQL, JSON readers, templates and people stumble over, and bodies that are not what they say."""

import base64
import json
import random
from typing import Any

DEPTH = 10_000
LARGE = 10 * 1024 * 1024  # bytes

# Texts for every place that holds one: path, query, header, form field, member of a JSON body.
TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800x",
    "\ufeff\ufffe",
    "\u202eevil\u202c",
    "zero\u200bwidth\u200d\u2060",
    "\u0130\u1e9e\ufb03",  # letters that change their length when their case changes
    "\U0001f469\u200d\U0001f692" * 40,
    "Z\u0351\u036b\u0343" * 400,
    "x" * 70_000,
    "é" * 3_000,
    "' OR 1=1 --",
    "'; SELECT pg_sleep(5); --",
    "\\'; DROP TABLE cases_case; --",
    "%s %(x)s %d {} {0.__class__} ${7*7}",
    "{{ 7|add:7 }}{% load x %}{% debug %}",
    "<script>hostile()</script>",
    '"><img src=x onerror=hostile()>',
    "javascript:hostile()",
    "__proto__",
    "constructor.prototype",
    "../../../../etc/passwd",
    "..%2f..%2f%00",
    "%00",
    "%25%30%30",
    "\r\nX-Injected: 1",
    "=HYPERLINK(1)",
    "null",
    "true",
    "NaN",
    "-Infinity",
    "1e400",
    "-0",
    "0x7fffffff",
    "9" * 400,
    "9223372036854775808",
    "-9223372036854775809",
    "2147483648",
    "٣٤",  # digits of another script
    "²",  # a digit that int() does not take
    "9999-12-31T23:59:59.999999-23:59",
    "0001-01-01T00:00:00+23:59",
    "2026-02-30T25:61:61Z",
    "00000000-0000-0000-0000-000000000000",
    "{00000000-0000-0000-0000-000000000000}",
    "urn:uuid:00000000-0000-0000-0000-00000000000g",
    "DOI-2026-999999999999999999999",
    "DOI-2026-000001\n",
    "to & tsquery | !( :* <->",
    "''''''':*",
    "\\",
    "[" * DEPTH,
    '{"title": ' + "[" * DEPTH + "]" * DEPTH + "}",
    "(((((((((((((((((((((((((((((((((((((((((((((((a+)+)+)+)+)+$",
    ",,,,,,",
    "a" * 255 + "@" + "b" * 255 + ".example",
    "[::1]%eth0",
    "http://[::ffff:127.0.0.1]:99999/../..//",
)


def cursor(value: Any) -> str:
    """A cursor as ours are written, around any value."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


NOW = "2026-11-24T00:00:00+00:00"
CURSORS = (
    *("=", "====", "a", "!!!!", "\x00", "é", "A" * 100_000, "bnVsbA", "W10", cursor({}), cursor("x"), cursor(1)),
    *(cursor(["x", "y"]), cursor([1, 2]), cursor([True, False]), cursor([NOW, "\x00"]), cursor(["\x00", 1]), cursor(["\x00", "\x00"])),
    *(cursor([NOW, 10**30]), cursor([NOW, -(10**30)]), cursor([NOW, 1.5]), cursor([NOW, "1"]), cursor([NOW, True])),
    *(cursor([10**30, 10**30]), cursor(["9999-12-31T23:59:59.999999-23:59", 1]), cursor(["0001-01-01T00:00:00+23:59", 1])),
    *(cursor(["infinity", 1]), cursor(["-infinity", 1]), cursor(["\ud800", 1]), cursor([NOW, "\ud800"]), cursor(["2026-11-24", 1])),
    *(
        cursor([NOW, 1, 2]),
        cursor([NOW, cursor([0, NOW, 1])]),
        cursor([NOW, cursor([10**30, "\x00", -1])]),
        cursor([NOW, cursor([0, 1, 1])]),
    ),
    *(cursor([NOW, cursor(["\x00", 1])]), cursor([NOW, cursor([NOW, 10**30])]), cursor(["\x00", cursor([0, NOW, 1])]), cursor([[], {}])),
    base64.urlsafe_b64encode(b"[1e400,NaN]").decode(),
    base64.urlsafe_b64encode(b"[" * DEPTH).decode(),
    base64.urlsafe_b64encode(b"\xff\xfe[1,2]").decode(),
)

# JSON values for a member of a body, written as JSON itself: some have no Python value.
MEMBERS = (
    *(json.dumps(text) for text in TEXTS),
    *("null", "true", "0", "-1", "1e400", "-1e400", "NaN", "Infinity", "1.5", "9" * 5_000, "1E-9999", "[]", "{}", "[[]]", '[null, "x"]'),
    *('{"__proto__": {"admin": true}}', '{"a": 1, "a": 2}', '["note:x", {"a": []}]', '["note:\\u0000"]', '["\\ud800"]', "[1e400]"),
    "[" * DEPTH + "]" * DEPTH,
    '{"a":' * DEPTH + "1" + "}" * DEPTH,
    "[" + ",".join(["0"] * 20_000) + "]",
    json.dumps({f"k{n}": n for n in range(5_000)}),
)

# Whole bodies.
BODIES = (
    b"",
    b"\x00",
    b"\xff\xfe\x00",
    b"\xef\xbb\xbf{}",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    '{"title": "x"}'.encode("utf-16"),
    '{"title": "x"}'.encode("utf-32"),
    b'"just a text"',
    b"null",
    b"0",
    b"[]",
    b"[[[]]]",
    b'[null, 1, "x", {}]',
    b"{",
    b"{}{}",
    b"{}garbage",
    b"[" * DEPTH,
    b"[" * DEPTH + b"]" * DEPTH,
    b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
    b'{"title": "a", "title": "b", "severity": "low", "severity": "high"}',
    b'{"title": 1e400}',
    b'{"title": NaN}',
    b'{"title": "\\ud800", "reason": "\\ud800"}',
    b'{"title": "\\u0000", "reason": "\\u0000"}',
    b'{"idempotency_key": "\\u0000", "alert": {"title": "x"}}',
    b'{"idempotency_key": "k", "alert": "\\ud800"}',
    b'{"idempotency_key": "k", "alert": {"title": "a"}, "alert": {"title": "b"}}',
    b'{"class_uid": 2004, "time": 99999999999999999999}',
    b'{"class_uid": 2004.0}',
    b'{"rule": {}, "event": {}}',
    b'{"title": "' + b"x" * LARGE + b'"}',
    b" " * LARGE,
    b"\n" * 100_000,
    b'"' * 100_001,
    b"title=x&reason=%00",
    b'--b\r\nContent-Disposition: form-data; name="reason"; filename="../x"\r\n\r\n\xff\r\n--b--\r\n',
    b"".join(b'{"title": "%d"}\n\xff\n' % n for n in range(50)),
)

CONTENT_TYPES = (
    *("", "application/json; charset=utf-16", "application/json;;;", "text/plain", "application/xml", "multipart/form-data"),
    *("multipart/form-data; boundary=b", "multipart/form-data; boundary=" + "x" * 500, "application/x-www-form-urlencoded; charset=rot13"),
    *(
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/JSON",
        "application/x-ndjson; charset=latin-1",
        "\xff",
        "a" * 5_000,
    ),
)

HEADERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Accept", ("text/html", "*/*;q=x", "application/json;indent=999999999", "application/json; indent=-1", "image/png", ",", "\xff")),
    ("Accept-Language", ("x" * 5_000, "../..", "de-\x00", "*;q=9e999")),
    ("Content-Encoding", ("gzip", "br", "\xff", "identity, gzip")),
    ("Content-Length", ("-1", "abc", "9" * 30, "1e3", "²", "0", "5", "99999999")),
    ("Transfer-Encoding", ("chunked", "gzip, chunked")),
    ("Cookie", ("watchfloor_session=\xff", "watchfloor_session=" + "x" * 9_000, "=;;;", "watchfloor_session=a\x00b", "messages=x")),
    ("Host", ("evil.example", "", "localhost:99999999", "[::1", "local\x00host", "\xff", "a" * 5_000)),
    ("Idempotency-Key", ("\x00", "\xff", "x" * 300, "x" * 70_000, " ", "k\tk", "é")),
    ("If-Match", ('"', "W/", "²", "1.5", "-1", "9" * 9, "9" * 400, "\x00", "*", '"1", "2"', "٣")),
    ("Origin", ("null", "http://[", "\xff")),
    ("Referer", ("http://[", "\xff", "x" * 9_000)),
    ("X-Forwarded-For", ("127.0.0.1", "\x00", "x" * 9_000, "::ffff:1.2.3.4%x")),
    ("X-Forwarded-Host", ("evil.example",)),
    ("X-Forwarded-Proto", ("https", "\xff")),
    ("X-HTTP-Method-Override", ("DELETE",)),
    ("X-Request-Id", ("\r\nX: 1", "\xff", "x" * 9_000, "<script>hostile()</script>")),
    ("X-Watchfloor-Bell", ("1", "\xff")),
    ("HX-Request", ("true", "\xff")),
    ("Range", ("bytes=0-0,-9999999999",)),
    ("Authorization", ("Bearer", "Bearer ", "Bearer \x00", "Bearer \xff", "Basic Og==", "Bearer " + "x" * 70_000, "\xff \xff")),
)  # fmt: skip

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "X" * 300, "PROPFIND")

# Written as they stand in the request line.
RAW_SEGMENTS = (
    *("%00", "%ff", "%ed%a0%80", "%c0%ae%c0%ae", "..", "%2e%2e", "%2f", "%5c", "%0d%0aX:1", "%25%30%30", ";a=b", "%u0041", "%", "%zz"),
    *("%E2%80%AE", "a" * 9_000, "%F0%9F%91%A9", "__proto__", "%27%20OR%201=1--", "0" * 50, "-1", "%3Cscript%3Ehostile()%3C/script%3E"),
)


def text(chance: random.Random) -> str:
    """One of the texts, or two of them glued."""
    one = chance.choice(TEXTS)
    return one + chance.choice(TEXTS) if chance.random() < 0.1 else one
