"""What takes an OpenC2 command back: the opposite action on the same target, and nothing where the standard knows none."""

import json

import pytest

from playbooks.connectors.openc2 import command_id, request
from playbooks.definition.checking import check
from playbooks.definition.graph import EXTENSION, Command, compiled
from playbooks.definition.taking_back import key_of, plan_of, request_back
from playbooks.rendering import lines
from playbooks.simulation.inputs import inputs_of
from playbooks.simulation.walking import simulate
from tests.playbooks.books import END, START, book, http, manual

KEY = "ab" * 32
TARGET = {"ipv4_net": "203.0.113.9"}


def asked(inner, whole=None):
    return request("POST", Command("openc2-http", "POST /cmd HTTP/1.1", content=json.dumps(whole or inner)), {}, key=KEY)


@pytest.mark.parametrize(("action", "back"), [("deny", "allow"), ("contain", "allow"), ("stop", "start")])
def test_the_opposite_goes_to_the_same_target_under_a_key_of_its_own(action, back):
    inner = {"action": action, "target": TARGET, "actuator": {"slpf": {}}, "args": {"response_requested": "complete"}}
    undo = asked(inner).undo
    assert undo is not None
    sent = json.loads(undo["content"])
    assert (sent["action"], sent["target"], sent["actuator"]) == (back, TARGET, {"slpf": {}})
    assert sent["command_id"] == undo["headers"]["X-Request-ID"] == command_id(key_of(KEY)) != command_id(KEY)
    assert (undo["action"], undo["effect"]) == (f"openc2.{back}", "keyed")


def test_a_message_keeps_its_form():
    inner = {"action": "deny", "target": TARGET}
    undo = asked(inner, {"headers": {"from": "us"}, "body": {"openc2": {"request": inner}}}).undo
    assert undo is not None
    sent = json.loads(undo["content"])
    assert sent["headers"] == {"from": "us", "request_id": command_id(key_of(KEY))}
    assert sent["body"]["openc2"]["request"]["action"] == "allow"


@pytest.mark.parametrize(
    "inner",
    [
        *({"action": action, "target": TARGET} for action in ("allow", "delete", "set", "update", "restore", "scan", "start", "cancel")),
        {"action": "deny", "target": TARGET, "args": {"duration": 60000}},
        {"action": "contain", "target": TARGET, "args": {"stop_time": 1}},
    ],
)
def test_what_has_no_opposite_or_an_end_of_its_own_is_taken_back_by_a_person(inner):
    assert asked(inner).undo is None


def test_the_plan_is_read_request_by_request_and_shows_no_secret():
    undo = {"method": "POST", "url": "https://fw/cmd", **asked({"action": "deny", "target": TARGET}).undo}
    done = {"connector": "The firewall", "targets": ["fw"], "action": "openc2.deny"}
    back = request_back(undo, done, effect_key=KEY, secret_name="fw/key")
    shown = ["".join(piece.text for piece in line) for line in lines(plan_of([back, back], ["openc2.deny"]))]
    assert shown.count("POST https://fw/cmd") == 2
    assert "Authorization: Bearer [secret fw/key]" in shown


def found(step, **ours):
    step = {**step, "step_extensions": {EXTENSION: ours}}
    return book({"start": START, "first": {**step, "on_completion": "end"}, "end": END}, start="start")


@pytest.mark.parametrize(("seconds", "codes"), [(3600, []), (0, ["negative_time"]), (-1, ["negative_time"]), ("soon", ["schema"])])
def test_a_time_after_which_it_ends_is_more_than_nothing(seconds, codes):
    findings = check(found(http("POST /on HTTP/1.1"), undo_after=seconds))
    assert [one.code for one in findings if "undo_after" in one.pointer] == codes


def test_a_time_on_a_step_that_nothing_takes_back_is_a_warning():
    findings = [one for one in check(found(manual("Look"), undo_after=60)) if "undo_after" in one.pointer]
    assert [(one.code, str(one.severity)) for one in findings] == [("schema", "warning")]


def test_the_simulation_tells_when_it_would_end():
    walk = simulate(compiled(found(http("POST /on HTTP/1.1"), undo_after=60)), inputs_of({}))
    assert walk.steps[1].detail == "It would be taken back by itself after 60 s"
