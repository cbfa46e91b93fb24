"""One HTTP request to a product: no redirects, no proxies, the checked address only, a deadline, a cap, secrets put in last."""

import json
import math
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import orjson

from playbooks.connectors.addresses import AddressRefused, destination
from playbooks.connectors.secrets import SecretMissing, secret
from playbooks.products import Answer

CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0
# The whole call, however slowly it drips; far below the lease of a run (engine.claiming).
DEADLINE_SECONDS = 10.0
MOST_BYTES = 256 * 1024
PUT_OFF = (408, 425, 429, 503)
LONGEST_WAIT_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class Way:
    """How to reach one product: what a connector row says, without the row."""

    base_url: str
    allowed_hosts: tuple[str, ...]
    named_networks: tuple[str, ...]
    secret_name: str


class NotSent(Exception):
    """The request certainly did not reach the product. `passing`: it may work later."""

    def __init__(self, message: str, *, passing: bool) -> None:
        super().__init__(message)
        self.passing = passing


class Unsure(Exception):
    """The request was on its way when the connection failed: it may have been carried out."""


class TooLate(Exception):
    """The time by which the request had to leave is over; it did not."""


def send(
    way: Way, method: str, url: str, headers: Mapping[str, str], body: Any, *, content: str = "", leave_by: float = math.inf
) -> Answer:
    """Send one request and read its answer. Raises NotSent and Unsure; never follows a redirect.

    What is sent along is the JSON of `body`, or `content` as it is written.

    `leave_by` is a time of the monotonic clock, in seconds: later than that nothing is sent, and TooLate is raised.

    The caller's `headers` hold no secret; the one that the connector names is added here and taken out of what comes back.
    """
    try:
        to = destination(url, allowed_hosts=way.allowed_hosts, named_networks=way.named_networks)
        token = secret(way.secret_name) if way.secret_name else ""
    except (AddressRefused, SecretMissing) as error:
        raise NotSent(str(error), passing=False) from error
    except OSError as error:
        raise NotSent("the product's name does not resolve", passing=True) from error
    sent = content if body is None else json.dumps(body)
    request = _request(to.ip, to.host, method, url, headers, token, sent.encode() if sent else None)
    limits = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    began = time.monotonic()
    if began > leave_by:  # a name may take its time to resolve, and a process may have stood still
        raise TooLate(f"the request to {to.host} did not leave in time")
    ends = began + DEADLINE_SECONDS
    try:
        with httpx.Client(trust_env=False, follow_redirects=False, timeout=limits) as client, _cut_off(client):
            response = client.send(request, stream=True)
            try:
                raw = _capped(response, ends)
            finally:
                response.close()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
        raise NotSent(f"no connection to {to.host}: {_without(str(error), token, way)}", passing=True) from error
    except (httpx.HTTPError, httpx.StreamError, OSError, RuntimeError) as error:
        raise Unsure(f"{type(error).__name__} while waiting for {to.host}") from error
    text = _without(raw.decode("utf-8", "replace"), token, way)
    wait = _seconds(response.headers.get("Retry-After", "")) if response.status_code in PUT_OFF else None
    return Answer(response.status_code, _as_json(text), text.replace("\x00", "\ufffd"), wait)


def _seconds(text: str) -> float | None:
    """What Retry-After says: seconds, or a date; None when it says neither. At most a day."""
    try:
        seconds = float(text) if text.strip().isdigit() else parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS) or None


@contextmanager
def _cut_off(client: httpx.Client) -> Iterator[None]:
    """Close the line at the deadline: a product that sends a byte every few seconds keeps no worker."""

    def close() -> None:
        with suppress(Exception):
            client.close()

    clock = threading.Timer(DEADLINE_SECONDS, close)
    clock.daemon = True
    clock.start()
    try:
        yield
    finally:
        clock.cancel()


def _request(ip: str, host: str, method: str, url: str, headers: Mapping[str, str], token: str, content: bytes | None) -> httpx.Request:
    """Connect to the address that was checked, but speak (Host, certificate) to the name."""
    wanted = httpx.URL(url)
    sent = {"Accept": "application/json", "User-Agent": "Watchfloor", **headers, "Host": wanted.netloc.decode("ascii")}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    return httpx.Request(method, wanted.copy_with(host=ip), headers=sent, content=content, extensions={"sni_hostname": host})


def _capped(response: httpx.Response, ends: float) -> bytes:
    raw = b""
    for part in response.iter_bytes():
        raw += part
        if len(raw) > MOST_BYTES:
            raise Unsure(f"the answer is longer than {MOST_BYTES} bytes")
        if time.monotonic() > ends:
            raise Unsure(f"the answer took longer than {DEADLINE_SECONDS:.0f} s")
    return raw


def _without(text: str, token: str, way: Way) -> str:
    return text.replace(token, f"[secret {way.secret_name}]") if token else text


def _as_json(text: str) -> Any:
    """The answer as JSON that a row can hold (no NUL, no lone surrogate, no NaN, no endless number or depth), else as text."""
    clean = text.replace("\x00", "\ufffd")
    try:
        value = json.loads(clean, parse_constant=lambda name: None)
        written = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()
        kept = json.loads(written.replace("\\u0000", "\ufffd"))
        orjson.dumps([[[[[[[[kept]]]]]]]])  # the rows hold it within others
        return kept
    except (ValueError, TypeError, RecursionError):
        return {"text": clean[:2000]}
