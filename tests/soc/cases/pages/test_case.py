"""The case's page: who reads what, every verb as a form, and a refusal that keeps what was typed."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from soc.cases.models import Case, Note, Observable, Task, TimelineEntry
from soc.cases.operations.claiming import begin_investigation, claim
from soc.cases.operations.closing import close
from soc.cases.operations.noting import add_task, note
from soc.cases.operations.releasing import release

pytestmark = pytest.mark.django_db


@pytest.fixture
def now(central):
    """`now(case)`: the case as it is stored."""

    def look(case):
        with central():
            return Case.objects.select_related("owner").get(pk=case.pk)

    return look


@pytest.fixture
def send(client_of, now):
    """`send("ana", case, "note", text=...)`: a verb's form with the version that the case has."""

    def post(who, case, verb, version=None, **typed):
        typed["version"] = now(case).version if version is None else version
        return client_of(who).post(f"/cases/{case.number}/{verb}/", typed)

    return post


@pytest.mark.parametrize(
    ("who", "status"), [("ana", 200), ("lee", 200), ("aud", 200), ("nia", 200), ("zoe", 404), ("sol", 404), ("ada", 404)]
)
@pytest.mark.parametrize("path", ["/cases/{}/", "/cases/{}/close/", "/cases/{}/release/"])
def test_who_may_know_of_the_case_reads_its_page(client_of, case, who, status, path):
    answer = client_of(who).get(path.format(case.number))
    may_only_read = status == 200 and who in ("aud", "nia") and path != "/cases/{}/"
    assert answer.status_code == (302 if may_only_read else status)


def test_an_unknown_case_is_a_404(client_of, case):
    assert client_of("ana").get("/cases/NORTH-2026-999999/").status_code == 404
    assert client_of("ana").post("/cases/NORTH-2026-999999/claim/", {"version": 1}).status_code == 404


def test_an_unknown_verb_is_a_404(client_of, case):
    assert client_of("ana").post(f"/cases/{case.number}/explode/", {"version": 1}).status_code == 404


VERBS = [
    ("claim", {}, lambda c: c.owner.email == "ana@watchfloor.example"),
    ("assign", {"owner": "lee@watchfloor.example"}, lambda c: c.owner.email == "lee@watchfloor.example"),
    ("investigate", {}, lambda c: c.state == "investigating"),
    (
        "edit",
        {"title": "Another title", "summary": "What happened."},
        lambda c: (c.title, c.summary) == ("Another title", "What happened."),
    ),
    ("severity", {"severity": "critical", "reason": "A server too."}, lambda c: c.severity == "critical"),
    ("contain", {"reason": "Isolated.", "at": ""}, lambda c: c.state == "contained"),
    ("recover", {"reason": "Rebuilt."}, lambda c: c.state == "recovered"),
    ("declare", {"kind": "major_incident", "reason": "Many hosts."}, lambda c: c.incident == "major_incident"),
    ("close", {"disposition": "benign_positive", "reason": "A drill."}, lambda c: c.state == "closed"),
]


@pytest.mark.parametrize(("verb", "typed", "became"), VERBS, ids=[v[0] for v in VERBS])
def test_a_verb_is_a_form_that_changes_the_case(send, now, case, verb, typed, became):
    answer = send("ana", case, verb, **typed)
    assert (answer.status_code, answer["Location"]) == (302, f"/cases/{case.number}/"), answer.text
    assert became(now(case))


def test_a_note_is_internal_unless_released(send, case, central):
    send("ana", case, "note", text="For us.")
    send("ana", case, "note", text="For them.", visibility="released")
    with central():
        found = dict(Note.objects.filter(case=case).values_list("text", "visibility"))
    assert found == {"For us.": "internal", "For them.": "released"}


def test_a_task_is_added_and_done(send, client_of, case, central):
    send("ana", case, "task", title="Reset two accounts")
    with central():
        task = Task.objects.get(case=case)
    assert "Reset two accounts" in client_of("ana").get(f"/cases/{case.number}/").text
    assert send("ana", case, "task_done", task=task.ref).status_code == 302
    with central():
        assert Task.objects.get(case=case).done_at is not None


def test_suppressing_from_the_form_of_the_page(send, client_of, case):
    text = client_of("ana").get(f"/cases/{case.number}/").text
    until = re.findall(r'name="until" value="([^"]+)" checked', text)[0]
    assert send("ana", case, "suppress", until=until, reason="Known tool.").status_code == 302


def test_a_closed_case_is_reopened(send, now, case, cast, do):
    do(close, case, cast.ana, disposition="undetermined", reason="Nothing more to see.")
    assert send("ana", case, "reopen", reason="It came back.").status_code == 302
    assert now(case).state == "new"


def test_released_rows_are_what_a_liaison_reads(send, client_of, case, cast, do, central):
    do(claim, case, cast.ana)
    do(note, case, cast.ana, text="Only for the floor")
    with central():
        Observable.objects.create(agency_id=case.agency_id, case=case, kind="domain", value="bad.example", created_at=case.opened_at)
        Observable.objects.create(agency_id=case.agency_id, case=case, kind="domain", value="shown.example", created_at=case.opened_at)
        shown = Observable.objects.get(value="shown.example").ref
    form = client_of("ana").get(f"/cases/{case.number}/release/").text
    assert "bad[.]example" in form and shown in form
    assert send("ana", case, "release", items=[shown]).status_code == 302
    text = client_of("nia").get(f"/cases/{case.number}/").text
    assert "shown[.]example" in text and "bad[.]example" not in text and "bad.example" not in text
    assert "Only for the floor" not in text and "Ana Diaz" not in text and "Took the case" not in text
    assert "Mark contained" not in text and "Assign" not in text and "Owner" not in text and "alerts of" not in text


def test_a_note_is_released_with_its_line(client_of, send, case, cast, do):
    do(note, case, cast.ana, text="The host is off the network.")
    form = client_of("ana").get(f"/cases/{case.number}/release/").text
    both = re.findall(r'value="(timelineentry:\S+ note:\S+)"', form)
    assert len(both) == 1
    assert send("ana", case, "release", items=both).status_code == 302
    assert "The host is off the network." in client_of("nia").get(f"/cases/{case.number}/").text


def test_a_note_released_alone_is_on_the_liaisons_page(client_of, case, cast, do, central):
    do(note, case, cast.ana, text="Released by a program.")
    with central():
        ref = Note.objects.get(case=case).ref
    do(release, case, cast.ana, items=[ref])
    text = client_of("nia").get(f"/cases/{case.number}/").text
    assert text.count("Released by a program.") == 1 and "Ana Diaz" not in text


def test_a_liaison_writes_to_the_floor_and_can_do_nothing_else(send, client_of, case, now):
    assert send("nia", case, "note", text="The user is on leave.").status_code == 302
    assert "The user is on leave." in client_of("ana").get(f"/cases/{case.number}/").text
    before = now(case).version
    for verb, typed, _ in VERBS:
        assert send("nia", case, verb, **typed).status_code == 403
    assert now(case).version == before


def test_an_auditor_reads_and_presses_nothing(send, client_of, case):
    text = client_of("aud").get(f"/cases/{case.number}/").text
    assert "<form" not in text[text.index('<main id="main"') : text.index("</main>")]
    assert send("aud", case, "claim").status_code == 403


def test_a_stale_edit_shows_both_and_keeps_what_was_typed(send, now, case, cast, do):
    seen = now(case).version
    do(note, case, cast.lee, text="Ticket use on one host only.")
    answer = send("ana", case, "severity", version=seen, severity="critical", reason="I saw a server too.", read_at="")
    assert answer.status_code == 409
    assert "Lee Okafor changed this case while you wrote" in answer.text
    assert "Ticket use on one host only." in answer.text
    assert answer.text.count("I saw a server too.") == 2  # as a text to compare, and in the field to send again
    assert now(case).severity == "high"
    again = re.search(r'class="conflict".*?name="version" value="(\d+)"', answer.text, re.S)
    assert int(again[1]) == now(case).version
    assert send("ana", case, "severity", version=again[1], severity="critical", reason="I saw a server too.").status_code == 302
    assert now(case).severity == "critical"


def test_only_what_came_after_the_seen_version_counts_as_new(send, now, case, cast, do):
    do(note, case, cast.lee, text="Seen before typing.")
    seen = now(case)
    do(note, case, cast.lee, text="Came while typing.")
    answer = send("ana", case, "severity", version=seen.version, severity="critical", reason="x", read_at=seen.changed_at.isoformat())
    meanwhile = answer.text[answer.text.index("conflict-texts") : answer.text.index("You, not saved")]
    assert "Came while typing." in meanwhile and "Seen before typing." not in meanwhile


def test_a_stale_note_keeps_its_words(send, now, case, cast, do):
    seen = now(case).version
    do(claim, case, cast.lee)
    answer = send("nia", case, "note", version=seen, text="Typed for ten minutes.", read_at="")
    assert answer.status_code == 409 and "Typed for ten minutes." in answer.text
    assert "Lee Okafor" not in answer.text


def test_a_stale_summary_shows_before_theirs_and_yours(send, now, client_of, case, cast, do):
    from soc.cases.operations.grading import edit

    do(edit, case, cast.lee, summary="One host so far.")
    seen = now(case).version
    do(edit, case, cast.lee, summary="One host and one file share so far.")
    answer = send("ana", case, "edit", version=seen, title=case.title, summary="Two hosts.", was_summary="One host so far.", read_at="")
    assert answer.status_code == 409
    for words in ("One host so far.", "One host and one file share so far.", "Two hosts.", "Save mine", "Keep theirs"):
        assert words in answer.text


def test_a_form_without_a_version_is_refused(client_of, case):
    answer = client_of("ana").post(f"/cases/{case.number}/claim/", {})
    assert answer.status_code == 428


def test_a_case_taken_by_another_says_so(send, case, cast, do):
    do(claim, case, cast.lee)
    answer = send("ana", case, "claim")
    assert answer.status_code == 409 and "Someone owns this case already" in answer.text and "Lee Okafor" in answer.text


def test_a_wrong_input_keeps_what_was_typed_and_says_the_cure(send, case, cast, do):
    do(claim, case, cast.ana)
    answer = send("ana", case, "contain", reason="Isolated at noon.", at="2999-01-01T12:00")
    assert answer.status_code == 422
    assert "Isolated at noon." in answer.text and "This time lies in the future" in answer.text


def test_closing_without_a_reason_keeps_the_choice(send, now, case):
    answer = send("ana", case, "close", disposition="false_positive_rule", reason=" ")
    assert answer.status_code == 422
    assert "One thing keeps this case open" in answer.text
    assert re.search(r'value="false_positive_rule" checked', answer.text)
    assert now(case).state == "new"


def test_a_stale_close_keeps_the_reason(send, now, case, cast, do):
    seen = now(case).version
    do(claim, case, cast.lee)
    answer = send("ana", case, "close", version=seen, disposition="benign_positive", reason="It was a drill.", read_at="")
    assert answer.status_code == 409 and answer.text.count("It was a drill.") == 2 and now(case).state == "triage"


def test_going_on_never_leaves_the_site(client_of, case, now):
    answer = client_of("ana").post(f"/cases/{case.number}/note/", {"version": now(case).version, "text": "x", "next": "//evil.example/"})
    assert answer["Location"] == f"/cases/{case.number}/"


def test_the_timeline_has_two_orders_and_filters(client_of, case, cast, do):
    do(claim, case, cast.ana)
    client = client_of("ana")
    learned = client.get(f"/cases/{case.number}/?order=learned").text
    assert "Timeline, as learned" in learned
    people = client.get(f"/cases/{case.number}/?who=person").text
    assert "Took the case" in people and "A test opened it." not in people
    assert "A test opened it." in client.get(f"/cases/{case.number}/?who=automation").text


def test_a_long_timeline_is_folded_in_its_middle(client_of, case, central):
    with central():
        for n in range(40):
            TimelineEntry.objects.create(
                agency_id=case.agency_id,
                case=case,
                created_at=case.opened_at,
                happened_at=case.opened_at,
                origin="sensor",
                text=f"line {n:02}.",
            )
    client = client_of("ana")
    text = client.get(f"/cases/{case.number}/").text
    assert "line 00." in text and "line 39." in text and "line 20." not in text and "Show 29 more between" in text
    assert "line 20." in client.get(f"/cases/{case.number}/?lines=all").text


def test_the_page_costs_the_same_whatever_the_case_holds(client_of, case, cast, do, central):
    client = client_of("ana")

    def cost():
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"/cases/{case.number}/").status_code == 200
        return len(found)

    cost()
    before = cost()
    do(claim, case, cast.ana)
    do(begin_investigation, case, cast.ana)
    for n in range(5):
        do(note, case, cast.ana, text=f"note {n}")
        do(add_task, case, cast.ana, title=f"task {n}")
    with central():
        for n in range(30):
            Observable.objects.create(agency_id=case.agency_id, case=case, kind="domain", value=f"x{n}.example", created_at=case.opened_at)
    assert cost() == before


def test_text_of_others_is_never_markup(client_of, case, send):
    send("nia", case, "note", text="<script>alert(1)</script>")
    text = client_of("ana").get(f"/cases/{case.number}/").text
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text
