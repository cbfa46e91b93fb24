"""The judge of playbooks finds what is lost, done twice, not asked about or told otherwise than it was: counts that were tampered with."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.falls.agreeing import Attempt, Line, Request, Seen, Standing, judge, read_requests, table
from tests.falls.counting import Product
from tests.falls.instance import free_port
from tests.falls.shapes import CLASSES, OF, STEPS, Shape, of, shapes

A_LINE = shapes(1)[0]
KEYED = ("idempotent", "keyed", "verifiable", "unsafe")


def sound(shape: Shape = A_LINE, no: str = "1") -> Seen:
    """A run that did everything once, as the product and the rows tell of it."""
    requests, attempts, notes = [], [], {}
    for number, (step, turn, kind) in enumerate(shape.effects, start=1):
        about = of(no, step, turn)
        key = f"key of {about}" if kind in KEYED else ""
        attempts.append(Attempt(about, kind, "ok", f"own {about}", sent=key, id=about))
        if kind == "local":
            notes[about] = 1
            continue
        lane = next((lane for lane, last in shape.last.items() if last == (step, turn)), "other")
        path, state = (f"/idempotent/{no}/{lane}", about) if kind == "idempotent" else ("", "")
        requests.append(Request(kind, key, about, did=number if key else 0, said=200, path=path, state=state))
    effects = {one.key: 1 for one in attempts if one.kind in KEYED}
    return Seen({no: ("a run", shape)}, requests, [Standing("a run", no, "done")], attempts, notes, effects)


def first(seen: Seen, kind: str) -> tuple[Request, Attempt]:
    """The first request of a class, and its row."""
    request = next(one for one in seen.requests if one.kind == kind)
    return request, next(one for one in seen.attempts if one.of == request.of)


def with_request(seen: Seen, kind: str, **changes: object) -> Seen:
    one, _ = first(seen, kind)
    return replace(seen, requests=[replace(r, **changes) if r is one else r for r in seen.requests])  # type: ignore[arg-type]


def with_another(seen: Seen, kind: str, **changes: object) -> Seen:
    """The same request once more, which the rows expect."""
    one, row = first(seen, kind)
    rows = [replace(a, checks=1) if a is row else a for a in seen.attempts]
    return replace(seen, requests=[*seen.requests, replace(one, **changes)], attempts=rows)  # type: ignore[arg-type]


def with_row(seen: Seen, kind: str, **changes: object) -> Seen:
    row = next(one for one in seen.attempts if one.kind == kind)
    return replace(seen, attempts=[replace(a, **changes) if a is row else a for a in seen.attempts])  # type: ignore[arg-type]


def without_request(seen: Seen, kind: str) -> Seen:
    one, _ = first(seen, kind)
    return replace(seen, requests=[r for r in seen.requests if r is not one])


@pytest.mark.parametrize("shape", shapes(1), ids=lambda shape: shape.slug)
def test_where_all_was_done_once_the_judge_finds_nothing(shape: Shape) -> None:
    verdict = judge(sound(shape), over=True)
    assert verdict.sound, verdict.report()
    assert (verdict.accepted, verdict.stored) == (1, 1)


@pytest.mark.parametrize("shape", shapes(1), ids=lambda shape: shape.slug)
def test_each_book_has_every_class_of_effect(shape: Shape) -> None:
    assert {kind for _, _, kind in shape.effects} == set(CLASSES)
    assert len(shape.effects) == len({(step, turn) for step, turn, _ in shape.effects}) < STEPS


def test_what_is_repeated_as_its_class_allows_is_no_fault() -> None:
    seen = with_another(sound(), "keyed", did=0)
    seen = with_another(with_another(seen, "idempotent"), "read")
    verdict = judge(seen, over=True)
    assert verdict.sound, verdict.report()
    lines = table(seen)
    assert [lines[kind].repeats for kind in CLASSES] == [0, 1, 1, 1, 0, 0]
    assert lines["keyed"] == Line(steps=5, requests=6, effects=5, repeats=1, in_doubt=1)


Fault = tuple[Callable[[], Seen], str, dict[str, int]]
FAULTS: dict[str, Fault] = {
    "a run is gone": (lambda: replace(sound(), runs=[]), "lost", {"runs": 1}),
    "a run failed": (lambda: replace(sound(), runs=[Standing("a run", "1", "failed")]), "lost", {"runs that failed": 1}),
    "a run stands still": (lambda: replace(sound(), runs=[Standing("a run", "1", "ready")]), "unfinished", {"runs that stand still": 1}),
    "a run was started twice": (lambda: replace(sound(), runs=[*sound().runs, Standing("b", "1", "done")]), "twice", {"runs": 1}),
    "two notes": (
        lambda: replace(sound(), notes=dict.fromkeys(list(sound().notes)[:1], 2) | dict(list(sound().notes.items())[1:])),
        "twice",
        {"local effects": 1},
    ),
    "no note": (
        lambda: replace(sound(), notes=dict(list(sound().notes.items())[1:])),
        "lost",
        {"local effects": 1, "notes that rows tell of": 1},
    ),
    "a keyed effect twice": (lambda: with_another(sound(), "keyed", did=99), "twice", {"keyed effects": 1}),
    "a keyed effect under another key": (
        lambda: with_another(sound(), "keyed", did=99, key="another"),
        "twice",
        {"keyed effects": 1, "keys that the rows do not name": 1},
    ),
    "a verifiable effect twice": (lambda: with_another(sound(), "verifiable", did=99), "twice", {"verifiable effects": 1}),
    "an unsafe request twice": (
        lambda: with_another(sound(), "unsafe", did=0),
        "twice",
        {"unsafe requests under one key": 1, "unsafe requests of one step": 1},
    ),
    "an unsafe request twice under another key": (
        lambda: with_another(sound(), "unsafe", did=0, key="another"),
        "twice",
        {"unsafe requests of one step": 1, "keys that the rows do not name": 1},
    ),
    "an unsafe step in doubt that nobody was asked about": (
        lambda: with_request(sound(), "unsafe", said=503),
        "lost",
        {"unsafe steps in doubt that nobody was asked about": 1},
    ),
    "a dropped line that nobody was asked about": (
        lambda: with_request(sound(), "unsafe", said=0),
        "lost",
        {"unsafe steps in doubt that nobody was asked about": 1},
    ),
    "an unsafe call that never left": (
        lambda: without_request(sound(), "unsafe"),
        "lost",
        {"unsafe requests": 1, "effects that rows tell of": 1},
    ),
    "a keyed call that never left": (
        lambda: without_request(sound(), "keyed"),
        "lost",
        {"keyed effects": 1, "effects that rows tell of": 1},
    ),
    "a call that did nothing": (
        lambda: with_request(sound(), "keyed", did=0),
        "lost",
        {"keyed effects": 1, "effects that rows tell of": 1},
    ),
    "a reading that never left": (lambda: without_request(sound(), "read"), "lost", {"read requests": 1}),
    "a request that no row meant": (
        lambda: replace(sound(), requests=[*sound().requests, Request("keyed", "k", "9/x/1", 99, 200)]),
        "twice",
        {"requests that no row meant": 1, "keys that the rows do not name": 1},
    ),
    "a request that was not written down": (
        lambda: replace(sound(), requests=[*sound().requests, replace(first(sound(), "read")[0])]),
        "twice",
        {"requests that were not written down before": 1},
    ),
    "a row that denies an effect": (lambda: with_row(sound(), "unsafe", state="failed", asked=True), "lost", {"effects that rows deny": 1}),
    "an effect without a row": (lambda: replace(sound(), effects={}), "lost", {"effects without a row": 12}),
    "a step left open": (lambda: with_row(sound(), "keyed", state="started"), "unfinished", {"steps left open": 1}),
    "a fact told twice": (lambda: replace(sound(), told={"notes told twice": [("n", 2)]}), "twice", {"notes told twice": 2}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found_by_its_name(name: str) -> None:
    make, where, wanted = FAULTS[name]
    verdict = judge(make(), over=True)
    assert not verdict.sound
    assert dict(getattr(verdict, where)) == wanted, verdict.report()


def test_a_state_that_was_set_again_by_an_earlier_step_is_found() -> None:
    seen = sound()
    late = next(one for one in seen.requests if one.path == "/idempotent/1/a")
    verdict = judge(replace(with_another(seen, "idempotent", path=late.path, did=99)), over=True)
    assert dict(verdict.lost) == {"states that are not the last": 1}
    assert judge(with_another(seen, "idempotent", did=99), over=True).sound, "a state of its own may be set again"


@pytest.mark.parametrize(
    ("doubt", "waits_for", "sound_so"), [(True, "person", True), (True, "run", True), (False, "person", False), (True, "timer", False)]
)
def test_a_run_may_wait_for_a_person_about_an_unsafe_step_and_for_nothing_else(doubt: bool, waits_for: str, sound_so: bool) -> None:
    seen = replace(sound(), runs=[Standing("a run", "1", "waiting", waits_for, 0, doubt)])
    assert judge(seen, over=False).sound is sound_so
    assert not judge(seen, over=True).sound, "when people have answered it must be over"


def test_before_the_answers_what_is_not_done_yet_is_no_loss_but_what_is_twice_is() -> None:
    waits = [Standing("a run", "1", "waiting", "person", 0, True)]
    assert judge(replace(with_row(without_request(sound(), "unsafe"), "unsafe", state="unknown", asked=True), runs=waits), over=False).sound
    assert not judge(replace(with_another(sound(), "keyed", did=99), runs=waits), over=False).sound


def ask(port: int, method: str, path: str, **headers: str) -> int:
    sent = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", method=method, headers=headers, data=b'{"state": "x"}' if method == "PUT" else None
    )
    try:
        with urllib.request.urlopen(sent, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_the_product_counts_each_request_and_does_a_keyed_thing_once(tmp_path, monkeypatch) -> None:
    file = tmp_path / "requests.jsonl"
    product = Product(free_port(), file, 1)
    monkeypatch.setattr(product, "luck", lambda about: (50, 0.0, 0.0))
    thread = threading.Thread(target=product.server.serve_forever, daemon=True)
    thread.start()
    port = product.server.server_address[1]
    try:
        for part, path in (("keyed", "/keyed/orders"), ("verifiable", "/verifiable/orders"), ("unsafe", "/unsafe/calls")):
            for _ in range(2):
                assert ask(port, "POST", path, **{OF: f"1/{part}/1", "Idempotency-Key": f"k-{part}"}) == 200
        assert ask(port, "GET", "/verifiable/orders/k-verifiable") == 200
        assert ask(port, "GET", "/verifiable/orders/k-nobody") == 404
        assert ask(port, "PUT", "/idempotent/1/a", **{OF: "1/put/1", "Idempotency-Key": "k-put"}) == 200
        monkeypatch.setattr(product, "luck", lambda about: (0, 0.0, 0.0))
        assert ask(port, "POST", "/unsafe/calls", **{OF: "2/unsafe/1", "Idempotency-Key": "k-2"}) == 503
    finally:
        product.server.shutdown()
        product.server.server_close()
        thread.join()
    seen = read_requests(file)
    assert [(one.part, bool(one.did)) for one in seen if not one.looked] == [
        ("keyed", True), ("keyed", False), ("verifiable", True), ("verifiable", True), ("unsafe", True), ("unsafe", True),
        ("idempotent", True), ("unsafe", False),
    ]  # fmt: skip
    assert [(one.kind, one.key, one.said) for one in seen if one.looked] == [
        ("verifiable", "k-verifiable", 200),
        ("verifiable", "k-nobody", 404),
    ]
    assert [one.state for one in seen if one.state] == ["x"]
    assert json.loads(file.read_text().splitlines()[0])["of"] == "1/keyed/1"


def test_luck_depends_on_the_seed_and_on_how_often_a_thing_was_asked(tmp_path) -> None:
    def drawn(seed: int) -> list[int]:
        product = Product(free_port(), tmp_path / "none", seed)
        product.server.server_close()
        return [product.luck(f"POST {number}")[0] for number in range(2000)] + [product.luck("POST 1")[0] for _ in range(3)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 30 < sum(number < 3 for number in drawn(1)) < 90
