"""Sensors that keep each alert until it was taken, and an analyst who approves what is asked; both write down what was promised."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TAKEN, TRY_AGAIN = 202, (429, 500, 502, 503, 504)
NOISES, HOSTS = 5, 8  # rules and hosts of an agency whose alerts join a case


@dataclass(frozen=True)
class Planned:
    """One alert: whose, under which key, and whether it is sent once more after it was taken."""

    slug: str
    key: str
    alert: dict[str, Any]
    again: bool = False


def planned(seed: int, number: int, slugs: tuple[str, ...], case_every: int) -> Planned:
    """The alert of that number: the same seed gives the same stream. One in `case_every` opens a case whose playbook isolates a host."""
    chance = random.Random(f"{seed}:{number}")
    slug = chance.choice(slugs)
    key = f"falls-{seed}-{number}"
    if number % case_every == 0:
        host = f"ws-{number}.{slug}.example"
        about: dict[str, Any] = {"title": f"Malware on {host}", "severity": "high", "rule": "outbreak"}
    else:
        host = f"pc-{chance.randrange(HOSTS)}.{slug}.example"
        rule = f"noise-{chance.randrange(NOISES)}"
        about = {"title": f"Noise on {host}", "severity": "low", "rule": rule, "no": number}
    alert = {**about, "entities": [{"type": "host", "value": host}]}
    return Planned(slug, key, alert, again=chance.random() < 0.03)


class Line:
    """One kept connection to the service; a failure of any kind is None, and the next call begins anew."""

    def __init__(self, url: str, timeout: float = 20.0) -> None:
        self.place, self.timeout = urlsplit(url), timeout
        self.wire: http.client.HTTPConnection | None = None

    def call(self, method: str, path: str, bearer: str, body: Any = None, key: str = "") -> tuple[int, Any] | None:
        """Status and JSON of the answer."""
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        try:
            if self.wire is None:
                self.wire = http.client.HTTPConnection(self.place.hostname or "", self.place.port, timeout=self.timeout)
            self.wire.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
            answer = self.wire.getresponse()
            raw = answer.read()
            return answer.status, json.loads(raw) if raw else None
        except (OSError, http.client.HTTPException, ValueError):
            if self.wire is not None:
                self.wire.close()
            self.wire = None
            return None


class Notebook:
    """What was promised to us, a line each, written before anything else happens."""

    def __init__(self, file: Path) -> None:
        self.file, self.guard = file, threading.Lock()

    def note(self, *words: str) -> None:
        with self.guard, open(self.file, "a") as out:
            out.write(" ".join(words) + "\n")

    def lines(self) -> list[tuple[str, ...]]:
        return [tuple(line.split()) for line in self.file.read_text().splitlines()] if self.file.exists() else []


class Stream:
    """A steady stream of alerts over a few connections, until `finish()`."""

    def __init__(
        self, url: str, keys: dict[str, str], notebook: Notebook, *, seed: int, rate: float, case_every: int, lines: int = 6
    ) -> None:
        self.url, self.keys, self.notebook, self.seed, self.rate, self.case_every = url, keys, notebook, seed, rate, case_every
        self.guard, self.over, self.given_up = threading.Lock(), threading.Event(), threading.Event()
        self.number, self.due = 0, time.monotonic()
        self.answers: Counter[str] = Counter()
        self.threads = [threading.Thread(target=self._send_on, daemon=True) for _ in range(lines)]
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()

    def finish(self, seconds: float = 60.0) -> int:
        """No new alerts; wait for those under way. Returns how many were never taken."""
        self.over.set()
        deadline = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self.given_up.set()
        return sum(thread.is_alive() for thread in self.threads)

    def _next(self) -> tuple[int, float]:
        with self.guard:
            self.number += 1
            # After a fall the sensors catch up one second, not all of it at once.
            self.due = max(self.due + 1 / self.rate, time.monotonic() - 1)
            return self.number, self.due

    def _send_on(self) -> None:
        line = Line(self.url)
        slugs = tuple(self.keys)
        while not self.over.is_set():
            number, due = self._next()
            if self.over.wait(max(0.0, due - time.monotonic())):
                return
            one = planned(self.seed, number, slugs, self.case_every)
            for _ in range(2 if one.again else 1):
                self._until_taken(line, one)

    def _until_taken(self, line: Line, one: Planned) -> None:
        while not self.given_up.is_set():
            answer = line.call("POST", "/api/v1/alerts", self.keys[one.slug], one.alert, one.key)
            self.answers[str(answer[0]) if answer else "no answer"] += 1
            if answer and answer[0] == TAKEN:
                item = answer[1]["items"][0]
                self.notebook.note(one.slug, one.key, item["status"], item["receipt"])
                return
            if answer and answer[0] not in TRY_AGAIN:
                raise AssertionError(f"the intake answered {answer} to {one}")
            time.sleep(0.2)


class Voter:
    """Approves whatever is asked, as an analyst's program does over the API; notes each vote that was taken."""

    def __init__(self, url: str, token: str, notebook: Notebook) -> None:
        self.token, self.notebook, self.over = token, notebook, threading.Event()
        self.line = Line(url)
        self.thread = threading.Thread(target=self._vote_on, daemon=True)
        self.thread.start()

    def finish(self) -> None:
        self.over.set()
        self.thread.join(30)

    def _vote_on(self) -> None:
        while not self.over.wait(0.5):
            answer = self.line.call("GET", "/api/v1/approvals?state=open", self.token)
            for one in answer[1]["results"] if answer and answer[0] == 200 else ():
                body = {"hash": one["hash"], "vote": "approve", "reason": "Malware was found on it."}
                voted = self.line.call("POST", f"/api/v1/approvals/{one['id']}/vote", self.token, body, f"vote-{one['id']}")
                if voted and voted[0] == 200:
                    self.notebook.note(one["id"])
