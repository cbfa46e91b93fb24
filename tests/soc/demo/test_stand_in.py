"""The stand-in endpoint product: real HTTP, one effect for a key, nothing forgotten."""

import threading

import httpx
import pytest

from soc.demo.stand_in import serve_in_background


@pytest.fixture
def file(tmp_path):
    return tmp_path / "stand-in.json"


@pytest.fixture
def product(file):
    server = serve_in_background(0, file)
    with httpx.Client(base_url=server.address, trust_env=False) as client:
        yield client
    server.shutdown()


def isolate(product, host, key):
    return product.post(f"/hosts/{host}/isolate", json={"reason": "X-1"}, headers={"Idempotency-Key": key})


def test_an_isolation_is_told_once_and_found_by_its_key(product):
    answer = isolate(product, "BRT-WS-2291", "k1")
    assert answer.status_code == 200 and answer.json()["key"] == "k1"
    [known] = product.get("/isolations").json()
    assert known == {"host": "brt-ws-2291", "key": "k1", "at": known["at"], "requests": 1}
    assert product.get("/isolations", params={"key": "k1"}).json() == [known]
    assert product.get("/isolations", params={"key": "other"}).json() == []


def test_the_same_key_again_isolates_once_and_counts_the_requests(product):
    threads = [threading.Thread(target=isolate, args=(product, "h1", "k1")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(one["host"], one["requests"]) for one in product.get("/isolations").json()] == [("h1", 8)]


def test_a_key_that_was_used_for_another_host_is_refused_and_changes_nothing(product):
    isolate(product, "h1", "k1")
    assert isolate(product, "h2", "k1").status_code == 409
    assert [one["host"] for one in product.get("/isolations").json()] == ["h1"]


def test_without_a_key_nothing_happens(product):
    assert product.post("/hosts/h1/isolate").status_code == 400
    assert product.get("/isolations").json() == []


def test_a_release_is_no_isolation_and_stands_on_the_page(product):
    isolate(product, "h1", "k1")
    assert product.post("/hosts/h1/release", headers={"Idempotency-Key": "k1:undo"}).json()["state"] == "released"
    assert len(product.get("/isolations").json()) == 1
    page = product.get("/").text
    assert "Released" in page and "Isolated" in page and "Simulated data" in page


def test_what_a_sender_names_is_shown_as_text(product):
    isolate(product, "%3Cscript%3E", "<b>")
    assert "<script>" not in product.get("/").text and "&lt;script&gt;" in product.get("/").text


def test_a_restart_forgets_nothing(product, file):
    isolate(product, "h1", "k1")
    again = serve_in_background(0, file)
    try:
        assert httpx.get(f"{again.address}/isolations", trust_env=False).json() == product.get("/isolations").json()
        assert isolate(httpx.Client(base_url=again.address, trust_env=False), "h1", "k1").json()["requests"] == 2
    finally:
        again.shutdown()
