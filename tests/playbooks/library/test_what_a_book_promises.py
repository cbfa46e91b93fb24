"""What responders may rely on in every book: trigger, first minutes, approval with its undo, clocks, exit test, techniques."""

import re

import pytest

from playbooks.library import BOOKS
from playbooks.products import action_named, product
from tests.playbooks.library.shelf import OURS, asked, document_of, graph_of, ours, steps_of, texts_in

# What each book answers: some of its techniques, and the laws and rules whose clocks it starts.
CLAIMS = {
    "federal-reporting": (set(), {"CISA Federal Incident Notification Guidelines", "OMB M-25-04", "44 U.S.C. 3554"}),
    "credential-compromise": ({"T1078", "T1621", "T1114.003"}, {"CISA Federal Incident Notification Guidelines"}),
    "phishing": ({"T1566.001", "T1566.002", "T1204"}, {"CISA Federal Incident Notification Guidelines"}),
    "web-shell": ({"T1505.003", "T1190"}, {"CISA Federal Incident Notification Guidelines", "BOD 26-04"}),
    "incident-response": ({"T1190", "T1566", "T1078"}, {"OMB M-25-04", "44 U.S.C. 3554", "FISMA 2014 breach notification"}),
    "vulnerability-response": ({"T1190", "T1203", "T1068"}, {"BOD 26-04"}),
    "ransomware": ({"T1486", "T1490"}, {"OMB M-25-04", "44 U.S.C. 3554", "CIRCIA, 6 U.S.C. 681b"}),
    "data-exfiltration": ({"T1041", "T1567"}, {"44 U.S.C. 3554", "FISMA 2014 breach notification"}),
    "exploited-application": ({"T1190"}, {"BOD 26-04", "CISA Federal Incident Notification Guidelines"}),
    "lost-device": ({"T1005"}, {"FISMA 2014 breach notification"}),
    "denial-of-service": ({"T1498", "T1499"}, {"CISA Federal Incident Notification Guidelines"}),
    "insider": ({"T1213"}, {"CISA Federal Incident Notification Guidelines"}),
    "supply-chain": ({"T1195", "T1195.002"}, {"OMB M-25-04", "44 U.S.C. 3554"}),
    "kev-addition": ({"T1190"}, {"BOD 26-04"}),
    "emergency-directive": ({"T1190"}, {"44 U.S.C. 3553"}),
    "business-mail": ({"T1656", "T1657"}, {"CISA Federal Incident Notification Guidelines"}),
    "cloud-key": ({"T1552.001", "T1078.004"}, {"CISA Federal Incident Notification Guidelines"}),
    "identity-provider": ({"T1606.002", "T1484.002"}, {"OMB M-25-04", "44 U.S.C. 3554"}),
    "directory-recovery": ({"T1003.006", "T1558.001"}, {"OMB M-25-04", "44 U.S.C. 3554"}),
    "silent-source": ({"T1562.001"}, {"OMB M-26-14"}),
    "indicator": ({"T1071"}, {"Traffic Light Protocol 2.0"}),
    "evidence-handover": ({"T1070"}, {"Chain of custody"}),
}
HOUR, DAY = 3_600_000, 86_400_000
# Book, step, how long people have, and from when it counts. Milliseconds.
CLOCKS = [
    ("federal-reporting", "Report to CISA within one hour", HOUR, "from the identification"),
    ("federal-reporting", "Tell CISA and OMB directly", HOUR, "from the determination"),
    ("federal-reporting", "Notify Congress within seven days", 7 * DAY, "reasonable basis"),
    ("federal-reporting", "Notify Congress of the breach", 30 * DAY, "from the discovery"),
    ("phishing", "Report to CISA within one hour", HOUR, "from the identification"),
    ("lost-device", "Notify Congress of the breach", 30 * DAY, "from the discovery"),
    ("vulnerability-response", "Triage: scope within two hours", 2 * HOUR, "2 hours"),
    ("vulnerability-response", "Triage: preserve within 24 hours", 22 * HOUR, "24 hours"),
    ("vulnerability-response", "Triage: decide within 72 hours", 48 * HOUR, "72 hours"),
    ("exploited-application", "Triage: scope within two hours", 2 * HOUR, "2 hours"),
    ("evidence-handover", "Check that CISA was told", HOUR, "from the identification"),
]
# Figures that our sources do not verify: wherever one stands, the text says so.
UNVERIFIED = {
    "the hour to CISA and OMB": r"CISA and (to )?OMB.{0,80}\b(1|one|One) hour",
    "seven days to Congress": r"\b(7|seven) days of (a|the) reasonable basis",
    "thirty days for a breach": r"breach of personal data.{0,60}30 days|30 days.{0,40}discovery",
    "the windows of the triage": r"[Rr]ecommended window",
    "where the days begin": r"earlier of",
}


def step_named(slug, name):
    return next(step for _, step in steps_of(slug) if step["name"] == name)


def test_every_book_is_claimed():
    assert list(CLAIMS) == OURS


@pytest.mark.parametrize("slug", OURS)
def test_a_book_names_its_techniques_and_the_law_that_it_answers(slug):
    references = document_of(slug)["external_references"]
    techniques = {one["external_id"] for one in references if one["name"] == "MITRE ATT&CK"}
    assert CLAIMS[slug][0] <= techniques
    assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", one) for one in techniques)
    assert CLAIMS[slug][1] <= {one["name"] for one in references}


@pytest.mark.parametrize("slug", OURS)
def test_a_book_says_what_starts_it_what_comes_first_and_when_it_may_end(slug):
    document = document_of(slug)
    start = document["workflow"][document["workflow_start"]]
    assert "tarted by" in start["description"]
    assert " Exit: " in document["description"]
    first = [step for _, step in steps_of(slug) if step.get("description", "").startswith("First 15 minutes.")]
    assert len(first) >= 2 or slug == "federal-reporting", "The reports stand beside a track that has its own first minutes."
    test = step_named(slug, "Exit test")
    assert test["commands"][0]["command"].startswith("Check: ")
    assert document["workflow"][test["on_success"]]["type"] == "end"


@pytest.mark.parametrize("slug", OURS)
def test_what_is_approved_names_what_it_touches_and_how_it_is_taken_back(slug):
    for _, step in asked(slug):
        assert " Undo: " in ours(step)["approval"]["touches"], step["name"]
        assert "on_failure" in step, "A denied approval has a way: a person decides what happens instead."


@pytest.mark.parametrize("slug", OURS)
def test_nothing_changes_at_the_agency_without_approval(slug):
    """Requests to products all ask, except those that only read."""
    for _, step in steps_of(slug, "action"):
        command = step["commands"][0]
        if command["type"] in ("http-api", "openc2-http") and not command["command"].startswith("GET "):
            assert "approval" in ours(step), step["name"]


def test_what_the_endpoint_product_is_told_is_what_it_knows():
    known = product("endpoint")
    seen = set()
    for slug in OURS:
        for node in graph_of(slug).nodes.values():
            if node.agent and node.agent.category == "endpoint" and node.commands[0].kind == "http-api":
                method, path, _ = node.commands[0].text.split(" ")
                found = known.action_for(method, path.replace(":", "."))
                assert found, node.commands[0].text
                seen.add(found[0].name)
    assert seen == {"endpoint.isolate", "endpoint.release", "endpoint.confirm"}
    assert action_named("endpoint.isolate").undoing is not None


@pytest.mark.parametrize(("slug", "name", "time", "since"), CLOCKS)
def test_a_clock_has_its_time_its_beginning_and_somebody_who_hears_that_it_is_late(slug, name, time, since):
    step = step_named(slug, name)
    assert step["timeout"] == time
    assert since in f"{step['commands'][0]['command']} {step.get('description', '')}"
    after = document_of(slug)["workflow"][step["on_failure"]]
    assert ours(after)["arguments"]["title"].startswith("Late: ") and after["commands"][0]["command"] == "case.task"


@pytest.mark.parametrize("slug", OURS)
def test_a_wait_for_people_that_may_end_has_a_way_for_that(slug):
    for _, step in steps_of(slug):
        if "timeout" in step:
            assert "on_failure" in step, step["name"]


@pytest.mark.parametrize("slug", OURS)
def test_a_figure_that_was_not_verified_says_so(slug):
    for text in texts_in(document_of(slug)):
        for what, pattern in UNVERIFIED.items():
            assert not re.search(pattern, text) or "unverified" in text or "Late:" in text, f"{what}: {text}"


@pytest.mark.parametrize("slug", OURS)
def test_a_loop_has_a_budget_of_rounds_and_of_time(slug):
    for _, step in steps_of(slug, "while-condition"):
        assert 1 <= ours(step)["budget"]["iterations"] <= 200
        assert DAY / 1000 <= ours(step)["budget"]["seconds"] <= 365 * DAY / 1000
        assert "at most" in step["description"].lower()


@pytest.mark.parametrize("slug", BOOKS)
def test_a_failure_without_a_way_of_its_own_reaches_a_person(slug):
    graph = graph_of(slug)
    told, at = [], graph.exception
    while graph.nodes[at].kind == "action":
        told.append(graph.nodes[at].commands[0].text)
        at = graph.nodes[at].next
    assert told[0] == "case.note" and graph.nodes[at].kind == "end"
    assert "case.task" in told or slug == "malware-on-a-host"


@pytest.mark.parametrize("slug", OURS)
def test_containment_is_confirmed_by_a_person_before_it_stops_a_clock(slug):
    graph = graph_of(slug)
    for node in graph.nodes.values():
        if node.command and node.command.text == "case.contain":
            before = [one for one in graph.nodes.values() if one.next == node.id]
            assert [one.name for one in before] == ["Confirm the containment"]
            assert before[0].on_failure not in ("", node.id)


@pytest.mark.parametrize("slug", OURS)
def test_what_people_answer_is_declared_with_a_careful_value_for_no_answer(slug):
    variables = document_of(slug)["playbook_variables"]
    for _, step in steps_of(slug, "action"):
        if step["commands"][0]["type"] == "manual":
            assert not step["name"].endswith("?"), "A person answers done or not done; what they found goes into out_args."
            for name in step.get("out_args", []):
                assert variables[name]["value"] not in ("yes", "no"), "Nobody's answer is neither yes nor no."
                assert variables[name]["description"]


@pytest.mark.parametrize("slug", OURS)
def test_a_task_fits_into_the_case_and_the_prose_is_whole(slug):
    for _, step in steps_of(slug):
        title = ours(step).get("arguments", {}).get("title", "")
        assert len(title) <= 250
        assert step["type"] == "end" or step["name"][0].isupper()
    for text in texts_in(document_of(slug)):
        assert "  " not in text and "—" not in text and not text.endswith(" "), text
