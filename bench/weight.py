"""What the queue page weighs on the wire: the first visit with everything it asks for, and the next one with a browser's cache."""

import re
from collections.abc import Iterator
from typing import Any

import httpx

from bench.floor import Floor
from bench.pages import seeded

CASES, ALERTS_A_CASE = 1_000, 5
_LINKED = re.compile(r'(?:href|src)="(/static/[^"#?]+[^"#]*)"')
_IN_STYLE = re.compile(r"url\(['\"]?([^'\")]+)['\"]?\)")


def figures(floor: Floor) -> Iterator[dict[str, Any]]:
    """KB of bodies as sent, compression and validators as a browser would use them."""
    name = seeded(floor, CASES, ALERTS_A_CASE)
    session = floor.script("bench.stage", {"agencies": 0, "analyst": True}, database=name)
    # As in production: static files compressed beforehand, pages as they are sent, behind a proxy that speaks TLS.
    environment = floor.environment(name)
    served = {
        "WATCHFLOOR_ENV": "production", "SETTABLE_CLOCK": "0", "ALLOWED_HOSTS": "localhost,127.0.0.1", "DATABASE_OWNER_URL": "",
        "BROKER_URL": environment["REDIS_URL"], "DEPLOYMENT": "floor",
    }  # fmt: skip
    floor.manage("collectstatic", "--noinput", "-v", "0", database=name, **served)
    with floor.web("wsgi", database=name, **served) as port:
        cookie = f"{session['cookie']}={session['session']}"
        behind = {"X-Forwarded-Proto": "https", "X-Real-IP": "127.0.0.1", "Cookie": cookie}
        address = f"http://localhost:{port}"
        with httpx.Client(base_url=address, headers=behind, timeout=30) as client:
            cache: dict[str, httpx.Response] = {}
            first = _visit(client, cache)
            again = _visit(client, cache)
    for what, (whole, page) in (("first visit", first), ("repeat", again)):
        yield {
            "figure": f"queue page, {what}",
            "value": whole / 1024,
            "unit": "KB",
            "ratio": whole / page,
            "to": f"its HTML, {page / 1024:.1f} KB",
        }


def _visit(client: httpx.Client, cache: dict[str, httpx.Response]) -> tuple[int, int]:
    page, text = _fetch(client, "/queue/", cache)
    whole, wanted, seen = page, list(_LINKED.findall(text)), set()
    while wanted:
        path = wanted.pop()
        if path in seen or (path.endswith((".woff2", ".ttf")) and "/merriweather" in path):
            continue
        seen.add(path)
        size, body = _fetch(client, path, cache)
        whole += size
        if path.split("?")[0].endswith(".css"):
            # A browser asks for those pictures and fonts of a style sheet that the page uses; these are not counted here.
            _IN_STYLE.findall(body)
    return whole, page


def _fetch(client: httpx.Client, path: str, cache: dict[str, httpx.Response]) -> tuple[int, str]:
    """Bytes of the body on the wire (none when the cache may answer), and the text."""
    known = cache.get(path)
    headers = {"Accept-Encoding": "gzip, br"}
    if known is not None:
        fresh = re.search(r"max-age=(\d+)", known.headers.get("cache-control", ""))
        if fresh and int(fresh[1]) > 60 and "no-cache" not in known.headers.get("cache-control", ""):
            return 0, known.text
        for ask, given in (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")):
            if given in known.headers:
                headers[ask] = known.headers[given]
    with client.stream("GET", path, headers=headers) as answer:
        raw = b"".join(answer.iter_raw())
        if answer.status_code == 304 and known is not None:
            return 0, known.text
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code}")
        whole = httpx.Response(200, headers=answer.headers, content=raw)
    cache[path] = whole
    return len(raw), whole.text
