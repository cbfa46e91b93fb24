"""Each rule of the import of BPMN: what is drawn, and the steps that it becomes."""

import pytest

from playbooks.definition.bpmn.words import key_of, milliseconds, step_uuid, variable_of
from playbooks.definition.checking import check
from tests.playbooks.definition.drawings import drafted, drawing, tasks, told

GATE, JOIN = '<{0}Gateway id="g" name="Is it bad?"/>', '<{0}Gateway id="h"/>'
IF = "if-condition"
HOUR = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"


def gate(kind: str, *names: str) -> str:
    return tasks(*names) + GATE.format(kind) + JOIN.format(kind)


def catch(inside: str, of: str = "intermediateCatchEvent", more: str = "") -> str:
    return f'<{of} id="t" name="The event" {more}>{inside}</{of}>'


def at(task: str) -> str:
    return f'attachedToRef="{task}"'


INNER = (
    '<subProcess id="i" name="Inner"><startEvent id="is"/><task id="it" name="inside"/><endEvent id="ie"/>'
    '<sequenceFlow id="if1" sourceRef="is" targetRef="it"/><sequenceFlow id="if2" sourceRef="it" targetRef="ie"/></subProcess>'
)
OTHER = (
    '<process id="q" name="Other"><startEvent id="qs"/><task id="qt" name="there"/>'
    '<sequenceFlow id="qf" sourceRef="qs" targetRef="qt"/></process>'
)
KINDS = ("task", "userTask", "sendTask", "receiveTask", "scriptTask", "manualTask", "businessRuleTask")

RULES = {
    "a line of tasks": (tasks("a", "b"), ["s>a", "a>b", "b>e"], ["a", "b"]),
    "every kind of task": (
        tasks() + "".join(f'<{one} id="{one}" name="{one}"/>' for one in KINDS),
        ["s>task", *(f"{one}>{next_}" for one, next_ in zip(KINDS, (*KINDS[1:], "e"), strict=True))],
        list(KINDS),
    ),
    "two answers": (
        gate("exclusive", "a", "b", "c"),
        ["s>g", "g>a:No", "g>b:Yes", "a>h", "b>h", "h>c", "c>e"],
        ["Is it bad?", [IF, {"on_true": ["b"], "on_false": ["a"]}], "c"],
    ),
    "an answer with nothing to do": (
        gate("exclusive", "a"),
        ["s>g", "g>a:No", "g>h:Yes", "a>h", "h>e"],
        ["Is it bad?", [IF, {"on_true": ["a"]}]],
    ),
    "three answers": (
        gate("exclusive", "a", "b", "c"),
        ["s>g", "g>a:Low", "g>b:&gt;= 3", "g>c:High", "a>h", "b>h", "c>h", "h>e"],
        ["Is it bad?", ["switch-condition", {"low": ["a"], "at_least_3": ["b"], "high": ["c"], "default": ["No answer fits"]}]],
    ),
    "side by side": (
        gate("parallel", "a", "b", "c"),
        ["s>g", "g>a", "g>b", "a>h", "b>h", "h>c", "c>e"],
        [["parallel", {"branch 1": ["a"], "branch 2": ["b"]}], "c"],
    ),
    "those that apply": (
        gate("inclusive", "a", "b", "c"),
        ["s>g", "g>a:A", "g>b:B", "a>h", "b>h", "h>c", "c>e"],
        ["Is it bad?", ["parallel", {"branch 1": [[IF, {"on_true": ["a"]}]], "branch 2": [[IF, {"on_true": ["b"]}]]}], "c"],
    ),
    "a branch that ends early": (
        gate("exclusive", "a", "b"),
        ["s>g", "g>e:Yes", "g>a:No", "a>b", "b>e"],
        ["Is it bad?", [IF, {"on_true": ["a", "b"]}]],
    ),
    "a short ending that branches share": (
        gate("exclusive", "a", "b", "c") + '<endEvent id="e2"/><exclusiveGateway id="k" name="Sure?"/>',
        ["s>g", "g>c:Yes", "g>k:No", "k>c:No", "k>e2:Yes", "c>e"],
        ["Is it bad?", [IF, {"on_true": ["c"], "on_false": ["Sure?", [IF, {"on_true": [], "on_false": ["c"]}]]}]],
    ),
    "a long ending that branches share": (
        gate("exclusive", "a", "b", "c") + '<endEvent id="e2"/><exclusiveGateway id="k" name="Sure?"/>',
        ["s>g", "g>a:Yes", "g>k:No", "k>a:No", "k>e2:Yes", "a>b", "b>c", "c>e"],
        ["Is it bad?", [IF, {"on_true": ["Sure?", [IF, {"on_true": []}]]}], [IF, {"on_true": ["a", "b", "c"]}]],
    ),
    "again until it is good": (
        gate("exclusive", "a", "b"),
        ["s>a", "a>g", "g>b:Yes", "b>a", "g>e:No"],
        ["a", "Is it bad?", ["while-condition", {"on_true": ["b", "a", "Is it bad?"]}]],
    ),
    "a circle that nothing leaves": (tasks("a", "b"), ["s>a", "a>b", "b>a"], ["a", "b"]),
    "a duration": (tasks("a", "b") + catch(HOUR), ["s>a", "a>t", "t>b", "b>e"], ["a", "b"]),
    "a date": (
        tasks("a") + catch("<timerEventDefinition><timeDate>2027-01-01</timeDate></timerEventDefinition>"),
        ["s>a", "a>t", "t>e"],
        ["a", "The event"],
    ),
    "a message that is waited for": (tasks("a") + catch("<messageEventDefinition/>"), ["s>a", "a>t", "t>e"], ["a", "The event"]),
    "a message that is sent": (
        tasks("a") + catch("<messageEventDefinition/>", "intermediateThrowEvent"),
        ["s>a", "a>t", "t>e"],
        ["a", "Tell: The event"],
    ),
    "a signal at the end": (tasks("a") + catch("<signalEventDefinition/>", "endEvent"), ["s>a", "a>t"], ["a", "call Playbook: The event"]),
    "an error at the end": (
        tasks("a") + catch("<errorEventDefinition/>", "endEvent"),
        ["s>a", "a>t"],
        ["a", "Report the error: The event"],
    ),
    "an activity that fails": (
        tasks("a", "b", "c") + catch("<errorEventDefinition/>", "boundaryEvent", at("a")),
        ["s>a", "a>b", "b>e", "t>c", "c>e"],
        [["a", {"on_failure": ["c"]}], "b"],
    ),
    "an activity with a time": (
        tasks("a", "b", "c") + catch(HOUR, "boundaryEvent", at("a")),
        ["s>a", "a>b", "b>e", "t>c", "c>e"],
        [["a", {"on_failure": ["c"]}], "b"],
    ),
    "an activity that something interrupts": (
        tasks("a", "b", "c") + catch("<messageEventDefinition/>", "boundaryEvent", at("a")),
        ["s>a", "a>b", "b>e", "t>c", "c>e"],
        ["a", "How did a end?", [IF, {"on_true": ["b"], "on_false": ["c"]}]],
    ),
    "an activity that is tried again": (
        tasks("a", "b") + catch("<errorEventDefinition/>", "boundaryEvent", at("a")),
        ["s>a", "a>e", "t>b", "b>a"],
        ["a", "How did a end?", ["while-condition", {"on_true": ["b", "a", "How did a end?"]}]],
    ),
    "what comes first": (
        tasks("a", "b") + catch(HOUR) + '<eventBasedGateway id="g"/><receiveTask id="r" name="The mail"/>',
        ["s>g", "g>r", "g>t", "r>a", "t>b", "a>e", "b>e"],
        ["What happens first?", [IF, {"on_true": ["The mail", "a"], "on_false": ["b"]}]],
    ),
    "a sub-process": (tasks("a", "b") + INNER, ["s>a", "a>i", "i>b", "b>e"], ["a", "inside", "b"]),
    "a sub-process drawn closed": (tasks("a") + '<subProcess id="i" name="Inner"/>', ["s>a", "a>i", "i>e"], ["a", "Inner"]),
    "a call of a process of the file": (
        tasks("a") + '<callActivity id="k" name="K" calledElement="q"/>',
        ["s>a", "a>k", "k>e"],
        ["a", "there"],
    ),
    "a call of another file": (
        tasks("a") + '<callActivity id="k" name="K" calledElement="elsewhere"/>',
        ["s>a", "a>k", "k>e"],
        ["a", "call Playbook: K"],
    ),
    "a link": (
        tasks("a", "b")
        + '<intermediateThrowEvent id="x"><linkEventDefinition name="L"/></intermediateThrowEvent>'
        + '<intermediateCatchEvent id="y"><linkEventDefinition name="L"/></intermediateCatchEvent>',
        ["s>a", "a>x", "y>b", "b>e"],
        ["a", "b"],
    ),
    "two beginnings": (
        tasks("a", "b") + '<startEvent id="s2" name="By hand"/>',
        ["s>a", "s2>b", "b>a", "a>e"],
        ["How does A drawing begin?", [IF, {"on_true": ["b"]}], "a"],
    ),
    "a beginning that is a catch": (catch("<signalEventDefinition/>") + '<task id="a" name="a"/>', ["t>a"], ["a"]),
    "flows that leave a task": (
        tasks("a", "b", "c"),
        ["s>a", "a>b", "a>c", "b>e", "c>e"],
        ["a", ["parallel", {"branch 1": ["b"], "branch 2": ["c"]}]],
    ),
    "a part without form": (
        tasks("a", "b", "c") + GATE.format("exclusive") + '<exclusiveGateway id="h" name="Done?"/>',
        ["s>g", "g>a:1", "g>b:2", "a>b", "b>h", "h>a:no", "h>c:yes", "c>e"],
        ["Is it bad?", "By hand, from the drawing: a", "c"],
    ),
    "a join beside an early end": (
        gate("parallel", "a", "b", "c") + '<exclusiveGateway id="k" name="On?"/>',
        ["s>g", "g>a", "g>k", "k>e:No", "k>h:Yes", "a>h", "h>c", "c>e"],
        [["parallel", {"branch 1": ["a"], "branch 2": ["On?"]}], [IF, {"on_true": ["c"]}]],
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_drawing_becomes_steps(rule):
    inside, flows, expected = RULES[rule]
    draft = drafted(drawing(inside, *flows, around=OTHER if "of the file" in rule else ""))
    assert told(draft.document) == expected
    assert check(draft.document) == []


def step(document, name):
    return next(one for one in document["workflow"].values() if one.get("name") == name)


def test_a_wait_is_a_delay_of_what_follows_even_of_an_end():
    draft = drafted(drawing(tasks("a", "b") + catch(HOUR), "s>a", "a>t", "t>b", "b>e")).document
    assert step(draft, "b")["delay"] == 3_600_000 and "delay" not in step(draft, "a")
    last = drafted(drawing(tasks("a") + catch(HOUR), "s>a", "a>t", "t>e")).document
    assert step(last, "Done")["delay"] == 3_600_000
    limited = drafted(drawing(tasks("a", "c") + catch(HOUR, "boundaryEvent", at("a")), "s>a", "a>e", "t>c", "c>e")).document
    assert step(limited, "a")["timeout"] == 3_600_000


def test_a_question_is_a_persons_and_its_answer_a_variable():
    draft = drafted(drawing(gate("exclusive", "a", "b"), "s>g", "g>a:Yes", "g>b:No", "a>e", "b>e")).document
    asks, decides = step(draft, "Is it bad?"), [one for one in draft["workflow"].values() if one["type"] == IF]
    assert asks["out_args"] == ["__is_it_bad__"] and asks["commands"][0]["type"] == "manual"
    assert [one["condition"] for one in decides] == ["__is_it_bad__:value = 'yes'"]
    assert draft["playbook_variables"]["__is_it_bad__"]["description"] == "Is it bad? One of: yes, no."


def test_lanes_and_pools_are_groups_and_remarks_are_descriptions():
    around = '<collaboration id="c"><participant id="pp" name="SOC" processRef="p"/></collaboration>'
    lanes = '<laneSet id="ls"><lane id="l" name="NOC"><flowNodeRef>b</flowNodeRef></lane></laneSet>'
    note = '<textAnnotation id="n"><text>Mind the gap</text></textAnnotation><association id="as" sourceRef="n" targetRef="a"/>'
    draft = drafted(drawing(lanes + tasks("a", "b") + note, "s>a", "a>b", "b>e", around=around)).document
    assert {draft["agent_definitions"][step(draft, name)["agent"]]["name"] for name in "a"} == {"SOC"}
    assert draft["agent_definitions"][step(draft, "b")["agent"]]["name"] == "NOC"
    assert step(draft, "a")["description"] == "Mind the gap"


def test_an_annotation_is_the_question_of_a_gateway_without_a_name():
    note = '<textAnnotation id="n"><text>Known?</text></textAnnotation><association id="as" sourceRef="g" targetRef="n"/>'
    inside = tasks("a", "b") + '<exclusiveGateway id="g"/>' + note
    assert told(drafted(drawing(inside, "s>g", "g>a:Yes", "g>b:No", "a>e", "b>e")).document)[0] == "Known?"


def test_several_processes_stand_side_by_side():
    draft = drafted(drawing(tasks("a"), "s>a", "a>e", around=OTHER))
    assert told(draft.document) == [["parallel", {"branch 1": ["there"], "branch 2": ["a"]}]]
    assert check(draft.document) == []
    assert any("several processes" in one.reason for one in draft.left)


@pytest.mark.parametrize(
    ("inside", "flows", "element", "reason"),
    [
        ('<dataObject id="x" name="D"/>', [], "x", "data is not carried"),
        ('<scriptTask id="x" name="S"><script>rm</script></scriptTask>', ["a>x"], "x", "it is not run"),
        ('<task id="x" name="lost"/>', [], "x", "no way from a beginning"),
        ('<task id="x"><multiInstanceLoopCharacteristics/></task>', ["a>x"], "x", "repetition"),
        ('<task id="x"><extensionElements/></task>', ["a>x"], "x", "settings of the tool"),
        ('<subProcess id="x" triggeredByEvent="true"><task id="y" name="inner"/></subProcess>', [], "x", "starts by an event.*inner"),
        ('<endEvent id="x"><terminateEventDefinition/></endEvent>', ["a>x"], "x", "its own branch only"),
        ('<sequenceFlow id="x" sourceRef="a" targetRef="nowhere"/>', [], "x", "begins or ends at nothing"),
        ('<boundaryEvent id="x" attachedToRef="none"/>', [], "x", "the edge of nothing"),
        ('<complexGateway id="x"/>', ["a>x"], "x", "rule is not computed"),
    ],
)
def test_what_is_not_carried_is_listed_with_its_reason(inside, flows, element, reason):
    import re

    draft = drafted(drawing(tasks("a") + inside, "s>a", "a>e", *flows))
    assert [one for one in draft.left if one.id == element and re.search(reason, one.reason)], draft.left
    assert check(draft.document) == []


def test_texts_of_a_drawing_cannot_speak_of_variables():
    draft = drafted(drawing('<task id="a" name="Ask __secret__:&#x202e;value &#x9b;now"/>')).document
    assert "__:value" not in str(draft) and check(draft) == []
    assert step(draft, "Ask __secret__ :value now")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("PT1H", 3_600_000), ("P1DT2H", 93_600_000), ("P2W", 1_209_600_000), ("PT0.5S", 500), ("P1M", 2_592_000_000)]
    + [(bad, None) for bad in ("", "P", "PT", "1h", "P1H", "PT-1H", "P99999Y", "PT0S", "R/P1D", "${x}", "P1D\n2", "P١D")],
)
def test_durations(text, expected):
    assert milliseconds(text) == expected


def test_words_become_keys_variables_and_ids():
    assert key_of(" Yes! ") == "yes" and key_of("<=1") == "at_most_1" and key_of("日本") == ""
    assert variable_of("2nd try?") == "__answer_2nd_try__" and variable_of("") == "__answer__"
    assert step_uuid("a", "b")[14] == "4" and step_uuid("a", "b") != step_uuid("ab")
