"""The routes of cases, as scripts use them."""

from collections.abc import Callable
from typing import Any

import pytest

from soc.cases.models import Case
from tests.cast import Cast

Do = Callable[..., Case]
Look = Callable[[Case], Any]
FIELDS = ["number", "title", "agency", "severity", "state", "owner", "opened_at", "clocks", "observables", "techniques", "version"]
OF_A_LIAISON = {*FIELDS, "tasks", "notes", "timeline", "evidence"}


def path(case: Case, verb: str = "") -> str:
    return f"/api/v1/cases/{case.number}" + (f"/{verb}" if verb else "")


def test_claim_contain_close_and_reopen(cast: Cast, case: Case, api_of: Callable[[str], Any]) -> None:
    ana = api_of("ana")
    read = ana.get(path(case)).json()
    assert (read["state"], read["owner"], read["version"]) == ("new", None, 1)
    claimed = ana.send(path(case, "claim"), {}, version=1)
    assert claimed.status_code == 200
    assert (claimed.json()["state"], claimed.json()["owner"], claimed.json()["version"]) == ("triage", "ana@watchfloor.example", 2)
    assert claimed["ETag"] == '"2"'
    contained = ana.send(path(case, "contain"), {"reason": "Isolated."}, version='"2"')
    assert contained.json()["state"] == "contained"
    closed = ana.send(path(case, "close"), {"disposition": "true_positive", "reason": "Over."}, version=3)
    assert (closed.status_code, closed.json()["state"], closed.json()["disposition"]) == (200, "closed", "true_positive")
    assert {c["kind"]: c["state"] for c in closed.json()["clocks"]} == {
        "acknowledge": "met",
        "contain": "met",
        "report_to_cisa": "not_started",
    }
    reopened = ana.send(path(case, "reopen"), {"reason": "Again."}, version=4)
    assert (reopened.json()["state"], reopened.json()["version"]) == ("contained", 5)


BODIES: list[tuple[str, dict[str, Any]]] = [
    ("claim", {}),
    ("assign", {"owner": "lee@watchfloor.example"}),
    ("investigate", {}),
    ("edit", {"title": "Another title"}),
    ("note", {"text": "Hello."}),
    ("severity", {"severity": "low", "reason": "x"}),
    ("contain", {"reason": "x"}),
    ("recover", {"reason": "x"}),
    ("task", {"title": "x"}),
    ("suppress", {"until": "2026-12-01T00:00:00Z", "reason": "x"}),
    ("declare", {"kind": "incident", "reason": "x"}),
    ("close", {"disposition": "undetermined", "reason": "x"}),
]


@pytest.mark.parametrize(("verb", "body"), BODIES)
def test_every_verb_answers_with_the_case(cast: Cast, case: Case, api_of: Callable[[str], Any], verb: str, body: dict[str, Any]) -> None:
    if verb == "suppress":
        from datetime import UTC, datetime, timedelta

        body = {**body, "until": (datetime.now(UTC) + timedelta(days=7)).isoformat()}
    answered = api_of("lee").send(path(case, verb), body, version=1)
    assert answered.status_code == 200, answered.content
    assert answered.json()["version"] == 2
    assert answered.json()["number"] == case.number


# Who calls, with which If-Match, and what they are told.
REFUSED: list[tuple[str, Any, int, str]] = [
    ("sol", 1, 404, "not_found"),
    ("zoe", 1, 404, "not_found"),
    ("ada", 1, 404, "not_found"),
    ("north_key", 1, 404, "not_found"),
    ("nia", 1, 403, "not_allowed"),
    ("aud", 1, 403, "not_allowed"),
    ("ana", None, 428, "version_required"),
    ("ana", 9, 409, "stale_version"),
    ("ana", "abc", 422, "invalid"),
]


@pytest.mark.parametrize(("verb", "body"), BODIES)
def test_refusals_come_in_their_order_and_move_nothing(
    cast: Cast, case: Case, api_of: Callable[[str], Any], stored: Look, verb: str, body: dict[str, Any]
) -> None:
    before = stored(case)
    for who, version, status, code in REFUSED:
        if (verb, who) == ("note", "nia"):
            continue  # the one verb of a liaison
        # An input that is wrong too is not what the caller hears of first.
        for sent in (body, dict.fromkeys(body, 7)):
            answered = api_of(who).send(path(case, verb), sent, version=version)
            assert (answered.status_code, answered.json()["code"]) == (status, code), (who, version, sent)
            assert answered["Content-Type"].startswith("application/problem+json")
        assert stored(case) == before, (who, version)


@pytest.mark.django_db(transaction=True)
def test_an_anonymous_call_is_401(case: Case, client: Any, stored: Look) -> None:
    before = stored(case)
    for answered in (
        client.get("/api/v1/cases"),
        client.get(path(case)),
        client.post(path(case, "claim"), {}, content_type="application/json"),
    ):
        assert answered.status_code == 401
    assert stored(case) == before


def test_a_stale_edit_gets_the_case_as_it_is_now(cast: Cast, case: Case, api_of: Callable[[str], Any], stored: Look) -> None:
    api_of("ana").send(path(case, "claim"), {}, version=1)
    before = stored(case)
    answered = api_of("lee").send(path(case, "claim"), {}, version=1)
    assert answered.status_code == 409
    assert (answered.json()["current"]["owner"], answered.json()["current"]["version"]) == ("ana@watchfloor.example", 2)
    again = api_of("lee").send(path(case, "claim"), {}, version=2)
    assert (again.status_code, again.json()["code"]) == (409, "case_already_claimed")
    assert stored(case) == before


def test_a_liaisons_conflict_shows_no_more_than_they_may_read(cast: Cast, full: Case, api_of: Callable[[str], Any]) -> None:
    answered = api_of("nia").send(path(full, "note"), {"text": "Hello."}, version=1)
    assert answered.status_code == 409
    assert set(answered.json()["current"]) == OF_A_LIAISON
    assert b"canary" not in answered.content


def test_a_refused_input_names_field_and_cure(case: Case, api_of: Callable[[str], Any], stored: Look) -> None:
    before = stored(case)
    answered = api_of("ana").send(path(case, "close"), {"disposition": "fixed", "reason": "x"}, version=1)
    assert (answered.status_code, answered.json()["field"]) == (422, "disposition")
    assert "benign_positive" in answered.json()["cure"]
    assert stored(case) == before


def test_a_body_that_is_not_json_moves_nothing(case: Case, api_of: Callable[[str], Any], stored: Look) -> None:
    before = stored(case)
    for raw in (b"{", b"[]", b'"claim"', b"\xff"):
        answered = api_of("ana").post(path(case, "claim"), data=raw, content_type="application/json", headers={"If-Match": "1"})
        assert answered.status_code == 422
    assert stored(case) == before


def test_the_same_key_has_one_effect_and_one_answer(case: Case, api_of: Callable[[str], Any], stored: Look) -> None:
    first = api_of("ana").send(path(case, "note"), {"text": "Once."}, version=1, key="k1")
    before = stored(case)
    second = api_of("ana").send(path(case, "note"), {"text": "Once."}, version=1, key="k1")
    assert (second.status_code, second.json()) == (200, first.json())
    assert stored(case) == before
    other = api_of("ana").send(path(case, "note"), {"text": "Twice."}, version=1, key="k1")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert stored(case) == before


def test_unknown_numbers_and_verbs_are_404(case: Case, api_of: Callable[[str], Any]) -> None:
    ana = api_of("ana")
    for one in ("/api/v1/cases/NORTH-2026-999999", "/api/v1/cases/%00", "/api/v1/cases/x"):
        assert ana.get(one).status_code == 404
        assert ana.send(one + "/claim", {}, version=1).status_code == 404
    assert ana.send(path(case, "destroy"), {}, version=1).status_code == 404


def test_a_case_is_opened_by_hand(cast: Cast, rules: None, api_of: Callable[[str], Any]) -> None:
    body = {"agency": "north", "title": "A call from the help desk", "severity": "medium", "reason": "Phone, 14:02."}
    opened = api_of("ana").send("/api/v1/cases", body, key="call-1")
    assert opened.status_code == 201
    assert opened.json()["state"] == "new"
    assert api_of("ana").send("/api/v1/cases", body, key="call-1").json() == opened.json()
    assert api_of("ana").get(opened["Location"]).json() == opened.json()
    assert api_of("nia").send("/api/v1/cases", body).status_code == 403
    assert api_of("zoe").send("/api/v1/cases", body).status_code == 404
    assert len(api_of("ana").get("/api/v1/cases").json()["results"]) == 1


def test_the_floor_reads_everything_of_a_case(full: Case, api_of: Callable[[str], Any]) -> None:
    read = api_of("ana").get(path(full)).json()
    assert set(FIELDS) <= set(read)
    assert read["agency"] == "north"
    assert read["observables"] == [{"type": "address", "value": "198.51.100.9"}, {"type": "domain", "value": "released.example"}]
    assert read["techniques"] == ["T1003.001", "T1558.003"]
    assert len(read["notes"]) == 2
    assert read["opened_at"].endswith("Z")
    assert set(read["clocks"][0]) == {"kind", "state", "started_at", "due_at", "stopped_at"}


def test_a_liaison_reads_exactly_what_is_promised(full: Case, api_of: Callable[[str], Any]) -> None:
    answered = api_of("nia").get(path(full))
    read = answered.json()
    floor = api_of("ana").get(path(full)).json()
    assert set(read) == OF_A_LIAISON
    for name in ("number", "title", "agency", "severity", "state", "opened_at", "clocks", "version"):
        assert read[name] == floor[name], name
    assert read["owner"] is None
    assert read["observables"] == [{"type": "domain", "value": "released.example"}]
    assert read["techniques"] == ["T1558.003"]
    assert [t["title"] for t in read["tasks"]] == ["Released task"]
    assert [n["text"] for n in read["notes"]] == ["Released note."]
    assert [line["text"] for line in read["timeline"]] == ["A test opened it.", "Released note."]
    assert read["evidence"] == []
    assert b"canary" not in answered.content
    assert b"Ana" not in answered.content


def test_a_liaisons_list_holds_what_was_released_only(full: Case, api_of: Callable[[str], Any]) -> None:
    answered = api_of("nia").get("/api/v1/cases")
    (row,) = (one for one in answered.json()["results"] if one["number"] == full.number)
    assert (row["observables"], row["techniques"]) == ([{"type": "domain", "value": "released.example"}], ["T1558.003"])
    assert b"canary" not in answered.content


def test_the_owner_of_a_case_is_not_told_to_its_agency(case: Case, api_of: Callable[[str], Any]) -> None:
    api_of("ana").send(path(case, "claim"), {}, version=1)
    nia = api_of("nia")
    assert nia.get(path(case)).json()["owner"] is None
    (row,) = nia.get("/api/v1/cases").json()["results"]
    assert row["owner"] is None
    assert nia.get("/api/v1/cases?owner=ana@watchfloor.example").json()["results"] == []
    assert len(nia.get("/api/v1/cases?owner=none").json()["results"]) == 1


def test_a_liaison_writes_a_note_and_nothing_else(case: Case, api_of: Callable[[str], Any]) -> None:
    answered = api_of("nia").send(path(case, "note"), {"text": "The user is on leave.", "visibility": "internal"}, version=1)
    assert answered.status_code == 200
    assert [(n["text"], n["visibility"], n["author"]) for n in answered.json()["notes"]] == [
        ("The user is on leave.", "released", "Nia Park")
    ]


def test_a_restricted_case_is_404_for_its_liaison_and_stands_in_the_audit_when_read(
    cast: Cast, open_one: Callable[..., Case], api_of: Callable[[str], Any], central: Callable[[], Any], stored: Look
) -> None:
    from tenants.models import AuditRow

    case = open_one(restricted=True, title="Insider")
    before = stored(case)
    nia = api_of("nia")
    assert nia.get(path(case)).status_code == 404
    assert nia.send(path(case, "note"), {"text": "x"}, version=1).status_code == 404
    assert nia.get("/api/v1/cases").json()["results"] == []
    assert nia.get("/api/v1/cases?q=insider").json()["results"] == []
    assert stored(case) == before
    assert api_of("ana").get(path(case)).status_code == 200
    with central():
        (row,) = AuditRow.objects.filter(what="restricted_read")
        assert (row.note, row.actor) == (case.number, f"person:{cast.ana.person_id}")


def test_release_by_the_ids_that_the_case_names(full: Case, api_of: Callable[[str], Any]) -> None:
    ana = api_of("ana")
    read = ana.get(path(full)).json()
    hidden = [f"note:{n['id']}" for n in read["notes"] if n["visibility"] == "internal"]
    hidden += [one["item"] for one in read["releasable"] if one["visibility"] == "internal"]
    answered = ana.send(path(full, "release"), {"items": hidden}, version=read["version"])
    assert answered.status_code == 200
    shown = api_of("nia").get(path(full)).json()
    assert len(shown["notes"]) == 2
    assert len(shown["observables"]) == 2
    assert len(shown["techniques"]) == 2


def test_a_used_key_tells_a_stranger_nothing(cast: Cast, case: Case, api_of: Callable[[str], Any]) -> None:
    nia = api_of("nia")
    assert nia.send(path(case, "note"), {"text": "From us."}, version=1, key="one-key").status_code == 200
    other = api_of("lee").send("/api/v1/cases", {"agency": "south", "title": "Theirs", "severity": "low", "reason": "A call."}).json()
    foreign = nia.send(f"/api/v1/cases/{other['number']}/note", {"text": "x"}, version=1, key="one-key")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    assert nia.send(path(case, "claim"), {}, version=2, key="one-key").status_code == 403
    assert nia.send(path(case, "note"), {"text": "x"}, key="one-key").status_code == 428
    clash = nia.send(path(case, "note"), {"text": "x"}, version=2, key="one-key")
    assert (clash.status_code, clash.json()["code"]) == (409, "idempotency_conflict")
    invalid = nia.send(path(case, "note"), {"text": ""}, version=2, key="one-key")
    assert (invalid.status_code, invalid.json()["code"]) == (409, "idempotency_conflict")
    again = nia.get(path(case)).json()
    assert [n["text"] for n in again["notes"]] == ["From us."]  # what the clashing calls did was taken back
    assert again["version"] == 2


def test_a_key_that_is_too_long_is_refused_last(cast: Cast, case: Case, api_of: Callable[[str], Any]) -> None:
    long = "k" * 201
    assert api_of("sol").send(path(case, "note"), {"text": "x"}, version=1, key=long).status_code == 404
    assert api_of("aud").send(path(case, "note"), {"text": "x"}, version=1, key=long).status_code == 403
    assert api_of("ana").send(path(case, "note"), {"text": "x"}, version=9, key=long).status_code == 409
    refused = api_of("ana").send(path(case, "note"), {"text": "x"}, version=1, key=long)
    assert (refused.status_code, refused.json()["field"]) == (422, "Idempotency-Key")
    assert api_of("ana").get(path(case)).json()["version"] == 1


@pytest.mark.parametrize("key", ["", "a-key"])
def test_a_broken_body_is_named_as_such(cast: Cast, case: Case, api_of: Callable[[str], Any], key: str) -> None:
    sent = {"data": "{bro", "content_type": "application/json", **({"HTTP_IDEMPOTENCY_KEY": key} if key else {})}
    broken = api_of("ana").post(path(case, "note"), HTTP_IF_MATCH="1", **sent)
    assert (broken.status_code, broken.json()["code"]) == (422, "not_json")
    by_hand = api_of("ana").post("/api/v1/cases", **sent)
    assert (by_hand.status_code, by_hand.json()["code"]) == (422, "not_json")
    assert api_of("ana").post(path(case, "note"), HTTP_IF_MATCH="9", **sent).status_code == 409


@pytest.mark.parametrize("visibility", [{}, [], 0, False, "secret"])
def test_a_visibility_that_is_none_is_refused(cast: Cast, case: Case, api_of: Callable[[str], Any], visibility: Any) -> None:
    refused = api_of("ana").send(path(case, "note"), {"text": "x", "visibility": visibility}, version=1)
    assert (refused.status_code, refused.json()["field"]) == (422, "visibility")


def test_a_method_that_does_not_exist_is_named(cast: Cast, api_of: Callable[[str], Any]) -> None:
    refused = api_of("ana").delete("/api/v1/cases")
    assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")
    assert refused.json()["detail"] == 'Method "DELETE" not allowed.'
