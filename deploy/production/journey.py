"""The smoke journey through the production form: over HTTPS, at both addresses, as the people and the sensor that use them."""

import base64
import hashlib
import hmac
import json
import re
import secrets
import socket
import ssl
import struct
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

ALERT = {
    "title": "LSASS read by an unsigned process",
    "severity": "critical",
    "rule": "lsass-read",
    "entities": [{"type": "host", "value": "DPL-WS-2291"}],
    "techniques": ["T1003.001"],
}
YEAR = 365 * 24 * 3600


class Failed(AssertionError):
    """A step that did not go as it should; its text says what came instead."""


def expect(true: Any, said: object) -> None:
    if not true:
        raise Failed(str(said)[:600])


class Visitor:
    """A browser or a program at one address: real TLS with the address's own name, kept cookies, no redirects followed."""

    def __init__(self, host: str, port: int, trust: ssl.SSLContext, bearer: str = "") -> None:
        self.host, self.port, self.trust = host, port, trust
        self.origin = f"https://{host}:{port}"
        headers = {"Host": f"{host}:{port}", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
        self.client = httpx.Client(base_url=f"https://127.0.0.1:{port}", headers=headers, verify=trust, timeout=30)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers=headers, extensions={"sni_hostname": self.host})

    def send(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """POST JSON, as programs do."""
        return self.client.post(path, json=body, headers=headers, extensions={"sni_hostname": self.host})

    def submit(self, path: str, **fields: Any) -> httpx.Response:
        """POST a form, as pages do: with the token of the cookie, and our own origin."""
        token = self.client.cookies.get("csrftoken", "")
        data = {"csrfmiddlewaretoken": token, **fields}
        headers = {"Origin": self.origin, "Referer": self.origin + path}
        return self.client.post(path, data=data, headers=headers, extensions={"sni_hostname": self.host})

    def sign_in(self, email: str, password: str) -> httpx.Response:
        self.get("/accounts/login/")
        return self.submit("/accounts/login/", login=email, password=password)

    def set_up_second_factor(self, password: str) -> str:
        """Turn on an authenticator app, as staff must, with the password once more; returns its secret."""
        again = self.submit("/accounts/reauthenticate/", password=password)
        expect(again.status_code == 302, f"the password was not taken again: {again.status_code}")
        page = self.get("/accounts/2fa/totp/activate/")
        expect(page.status_code == 200, f"the page of the authenticator app: {page.status_code} {page.headers.get('location')}")
        found = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page.text)
        expect(found, "the page shows no secret")
        secret = found[1] if found else ""
        done = self.submit("/accounts/2fa/totp/activate/", code=one_time_code(secret))
        expect(done.status_code == 302, f"the code was not taken: {done.status_code}")
        return secret

    def open_socket(self) -> ClientConnection:
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.client.cookies.jar)
        return connect(
            f"wss://{self.host}:{self.port}/ws/live/",
            sock=socket.create_connection(("127.0.0.1", self.port)),
            ssl=self.trust,
            server_hostname=self.host,
            origin=self.origin,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookies},
        )


def one_time_code(secret: str) -> str:
    """The code that an authenticator app shows now (RFC 6238)."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    number = struct.unpack(">I", digest[digest[-1] & 15 :][:4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def until(found: Callable[[], Any], what: str, seconds: float = 20) -> Any:
    """Ask again until there is something; raises Failed when there never is."""
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        expect(time.monotonic() < deadline, f"{what}: not within {seconds:g} s")
        time.sleep(0.2)
    return answer


class Journey:
    """One alert through both deployments. Each public method is a step; what they share is kept here."""

    def __init__(
        self, *, visit: Callable[..., Visitor], manage: Callable[..., str], product: Any, broker: Any, ports: tuple[int, int]
    ) -> None:
        self.visit, self.manage, self.product, self.broker = visit, manage, product, broker
        self.plain_port, self.web_port = ports
        self.passwords = {who: secrets.token_urlsafe(18) for who in ("ana", "nia")}

    def both_are_alive_and_ready(self) -> str:
        ready = {"status": "ok", "database": "ok", "migrations": "ok", "broker": "ok", "sockets": "ok"}
        for name in ("floor", "agencies"):
            visitor = self.visit(name)
            expect(visitor.get("/healthz").json() == {"status": "ok"}, name)
            expect((answer := visitor.get("/readyz")).json() == ready, f"{name}: {answer.text}")
        return "database, migrations, broker, sockets: ok"

    def headers_and_files_are_as_a_browser_should_get_them(self) -> str:
        page = self.visit("floor").get("/accounts/login/")
        expect(page.status_code == 200, page.status_code)
        wanted = {
            "strict-transport-security": f"max-age={YEAR}",
            "content-security-policy": "default-src 'none'",
            "x-frame-options": "DENY",
        }
        wanted |= {"x-content-type-options": "nosniff", "referrer-policy": "same-origin"}
        for name, value in wanted.items():
            expect(value in page.headers.get(name, ""), f"{name}: {page.headers.get(name)}")
        cookie = page.headers.get("set-cookie", "").lower()
        expect("secure" in cookie and "httponly" in cookie and "samesite=lax" in cookie, f"cookie: {cookie}")
        expect("python" not in page.headers.get("server", "").lower(), page.headers.get("server"))
        (style, *_) = re.findall(r'href="(/static/[^"]+\.css)"', page.text)
        kept = self.visit("floor").get(style)
        age = int((re.search(r"max-age=(\d+)", kept.headers.get("cache-control", "")) or ["", "0"])[1])
        expect(kept.status_code == 200 and age >= YEAR and "immutable" in kept.headers["cache-control"], f"{style}: {kept.headers}")
        return f"HSTS, CSP, cookie Secure HttpOnly Lax; {style} is kept {age // 86400} days"

    def plain_http_and_unknown_names_get_nothing(self) -> str:
        visitor = self.visit("floor")
        expect(httpx.get(f"http://127.0.0.1:{self.plain_port}/").status_code == 308, "plain HTTP was not sent on")
        stranger = Visitor("somebody.example", visitor.port, visitor.trust)
        try:
            answer = stranger.get("/healthz")
        except httpx.ConnectError:
            return "308 to HTTPS; no handshake for another name"
        raise Failed(f"an unknown name was answered: {answer.status_code}")

    def figures_are_for_this_machine_only(self) -> str:
        here = httpx.get(f"http://127.0.0.1:{self.web_port}/metrics")
        expect(here.status_code == 200 and "watchfloor_rows_waiting" in here.text, f"on this machine: {here.status_code}")
        through = self.visit("floor").get("/metrics", **{"X-Forwarded-For": "127.0.0.1"})
        expect(through.status_code == 404, f"through the proxy: {through.status_code}")
        return "200 on the loopback port, 404 through the proxy"

    def too_large_a_body_is_refused_at_the_door(self) -> str:
        visitor = self.visit("agencies")
        answer = visitor.client.post("/api/v1/alerts", content=b" " * (33 * 1024 * 1024), extensions={"sni_hostname": visitor.host})
        expect((answer.status_code, answer.json()["code"]) == (413, "too_large"), answer.text)
        return "413 too_large"

    def an_admin_makes_agency_people_and_key(self) -> str:
        password = self.manage("create_admin", "--email", "ada@watchfloor.example", "--name", "Ada Brook").strip()
        ada = self.visit("floor")
        expect(ada.sign_in("ada@watchfloor.example", password).status_code == 302, "the admin was not let in")
        gate = ada.get("/people/")
        expect(gate.headers.get("location") == "/accounts/2fa/", f"no second factor was asked: {gate.status_code}")
        ada.set_up_second_factor(password)
        expect(ada.get("/people/").status_code == 200, "the second factor did not open the pages")
        for slug, acronym in (("dpl", "DPL"), ("oft", "OFT")):
            made = ada.submit(
                "/agencies/new/", slug=slug, name=f"Office {acronym}", acronym=acronym, kind="federal_civilian", size_class="small"
            )
            expect(made.status_code == 302, f"the agency: {made.status_code}")
            for version, state in ((1, "onboarding"), (2, "live")):
                moved = ada.submit(f"/agencies/{slug}/move/", state=state, version=version)
                expect(moved.status_code == 302, f"{slug} to {state}: {moved.status_code}")
        for who, role, agency in (("ana", "watch_lead", ""), ("nia", "liaison", "dpl")):
            added = ada.submit("/people/", email=f"{who}@watchfloor.example", name=who.title(), password=self.passwords[who])
            expect(added.status_code == 302, f"{who}: {added.status_code}")
            granted = ada.submit(added.headers["location"], role=role, agency=agency)
            expect(granted.status_code == 302, f"{who}, {role}: {granted.status_code}")
        shown = ada.submit("/agencies/dpl/keys/", name="edr", once=secrets.token_urlsafe(16))
        found = re.search(r'id="secret">(wfk_[^<]+)<', shown.text)
        expect(shown.status_code == 200 and found, f"the key: {shown.status_code}")
        self.key = found[1] if found else ""
        self.manage(
            *("connect_product", "--agency", "dpl", "--name", "EDR", "--url", self.product.address),
            *("--secret", "edr", "--network", "127.0.0.1/32"),
        )
        return "admin with a second factor, two agencies, two people, one key, one product"

    def each_address_refuses_the_others_people(self) -> str:
        self.ana, self.nia = self.visit("floor"), self.visit("agencies")
        expect(self.ana.sign_in("ana@watchfloor.example", self.passwords["ana"]).status_code == 302, "the watch lead was not let in")
        self.ana.set_up_second_factor(self.passwords["ana"])
        expect(self.ana.get("/queue/").status_code == 200, "the queue does not open")
        expect(self.nia.sign_in("nia@watchfloor.example", self.passwords["nia"]).status_code == 302, "the liaison was not let in")
        for name, who in (("agencies", "ana"), ("floor", "nia")):
            refused = self.visit(name).sign_in(f"{who}@watchfloor.example", self.passwords[who])
            expect(refused.status_code == 403, f"{who} at {name}: {refused.status_code}")
        stolen = self.visit("agencies")
        stolen.client.cookies.update(self.ana.client.cookies)
        expect(stolen.get("/api/v1/cases").status_code == 401, "a session of the floor was taken by the agencies' address")
        self.ana_token = self.manage("create_token", "--person", "ana@watchfloor.example").strip()
        expect(self.visit("agencies", bearer=self.ana_token).get("/api/v1/cases").status_code == 401, "so was a token")
        expect(self.visit("floor", bearer=self.key).send("/api/v1/alerts", ALERT).status_code == 401, "a sensor posted at the floor's")
        self.floor, self.sensor = self.visit("floor", bearer=self.ana_token), self.visit("agencies", bearer=self.key)
        return "sign-in 403; session, token and sensor key 401"

    def a_sensor_posts_and_a_case_appears_and_the_bell_rings(self) -> str:
        with closing(self.ana.open_socket()) as bell:
            bell.send(json.dumps({"join": ["agency.dpl.queue", "agency.oft.queue"]}))
            joined = json.loads(bell.recv(10))["joined"]
            began = time.monotonic()
            taken = self.sensor.send("/api/v1/alerts", ALERT)
            expect(taken.status_code == 202, taken.text)
            heard = json.loads(bell.recv(20))
            rang = time.monotonic() - began
            expect(heard["topic"] == "agency.dpl.queue" and heard["n"] > joined["agency.dpl.queue"], heard)
        receipt = taken.json()["items"][0]["receipt"]
        self.number = until(lambda: self.sensor.get(f"/api/v1/receipts/{receipt}").json()["case"], "a case")
        return f"202, {self.number}, heard after {rang:.2f} s"

    def the_playbook_asks_and_acts_once(self) -> str:
        (approval,) = until(lambda: self.floor.get(f"/api/v1/approvals?case={self.number}&state=open").json()["results"], "an approval")
        expect(not self.product.orders(), "it acted before it was allowed")
        vote = {"hash": approval["hash"], "vote": "approve", "reason": "Credentials are being read."}
        for who, visitor in (("floor", self.floor), ("liaison", self.liaison())):
            if any(need["role"] == who and not need["given"] for need in approval["needs"]):
                voted = visitor.send(f"/api/v1/approvals/{approval['id']}/vote", vote)
                expect(voted.status_code == 200, f"{who}: {voted.text}")
        until(self.product.orders, "the order to isolate the host")
        expect(len(self.product.orders()) == 1, self.product.orders())
        return f"approved, one order for {[one['host'] for one in self.product.isolations.values()]}"

    def liaison(self) -> Visitor:
        token = self.manage("create_token", "--person", "nia@watchfloor.example").strip()
        return self.visit("agencies", bearer=token)

    def the_case_is_closed_and_the_scorecard_moves(self) -> str:
        expect(self.floor.get("/api/v1/scorecards/dpl").json()["closed"] == 0, "something was closed before")
        for verb, body in (
            ("claim", {}),
            ("contain", {"reason": "The host is off the network."}),
            ("close", {"disposition": "true_positive", "reason": "Contained and cleaned."}),
        ):
            version = self.floor.get(f"/api/v1/cases/{self.number}").json()["version"]
            worked = self.floor.send(f"/api/v1/cases/{self.number}/{verb}", body, **{"If-Match": str(version)})
            expect(worked.status_code == 200, f"{verb}: {worked.text}")
        until(lambda: self.floor.get("/api/v1/scorecards/dpl").json()["closed"] == 1, "the moved scorecard")
        standings = "/api/v1/standings?measure=time_to_contain"
        until(lambda: "dpl" in [row["agency"] for row in self.floor.get(standings).json()["results"]], "the standings")
        return "closed 1 of 1, and in the standings"

    def the_liaison_sees_it_at_the_agencies_address(self) -> str:
        page = self.nia.get(f"/cases/{self.number}/")
        expect(page.status_code == 200 and self.number in page.text, f"the case page: {page.status_code}")
        liaison = self.liaison()
        expect(liaison.get(f"/api/v1/cases/{self.number}").json()["state"] == "closed", "the API says otherwise")
        expect(liaison.get("/api/v1/scorecards/dpl").json()["closed"] == 1, "their scorecard")
        expect(liaison.get("/api/v1/scorecards/oft").status_code == 404, "another agency's scorecard")
        return "case, scorecard; 404 for another agency's"

    def without_the_broker_the_sweep_does_the_work(self) -> str:
        self.broker.kill()
        slowest = 0.0
        receipts = []
        for n in range(10):
            began = time.monotonic()
            taken = self.sensor.send("/api/v1/alerts", {**ALERT, "rule": f"without-{n}", "entities": []})
            slowest = max(slowest, time.monotonic() - began)
            expect(taken.status_code == 202, taken.text)
            receipts.append(taken.json()["items"][0]["receipt"])
        began = time.monotonic()
        for receipt in receipts:
            until(lambda one=receipt: self.sensor.get(f"/api/v1/receipts/{one}").json()["case"], "a case without a broker")
        took = time.monotonic() - began
        for name in ("floor", "agencies"):
            answer = self.visit(name).get("/readyz")
            expect((answer.status_code, answer.json()["status"], answer.json()["broker"]) == (200, "degraded", "down"), answer.text)
        expect(slowest < 1, f"a post waited {slowest:.2f} s")
        return f"degraded; slowest post {slowest * 1000:.0f} ms, ten cases within {took:.1f} s"

    def a_broker_that_is_back_is_rung_again(self) -> str:
        began = time.monotonic()
        self.broker.start()
        for name in ("floor", "agencies"):
            until(lambda one=name: self.visit(one).get("/readyz").json()["status"] == "ok", f"{name} ready again")
        taken = self.sensor.send("/api/v1/alerts", {**ALERT, "rule": "after", "entities": []}).json()["items"][0]["receipt"]
        until(lambda: self.sensor.get(f"/api/v1/receipts/{taken}").json()["case"], "a case")
        # A worker that listens again takes what was rung meanwhile off its queue.
        until(lambda: all(self.broker.heard(f"doorbell-{name}") for name in ("floor", "agencies")), "workers that listen again", 40)
        return f"ok, and workers listen again after {time.monotonic() - began:.0f} s"

    def the_journal_verifies(self) -> str:
        return self.manage("verify_journal").strip().splitlines()[-1]
