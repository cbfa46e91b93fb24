"""CISA's public workflows as drafts: nothing is lost without being listed, the validator finds nothing, and they run to an end."""

import json
import random
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.management import CommandError, call_command

from playbooks.definition.bpmn import Unreadable, draft_of
from playbooks.definition.bpmn.words import line
from playbooks.definition.checking import check
from playbooks.simulation.files import simulated
from tests.playbooks.definition.drawings import AT, MODEL, drafted, drawing, tasks

FOLDER = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "playbooks" / "bpmn"
FILES = sorted(FOLDER.glob("*.bpmn"))
given = pytest.mark.skipif(not FILES, reason="the public workflows are not beside this repository")
SMALL = drawing(tasks("a"), "s>a", "a>e")


def answers(document: dict[str, Any], pick: int) -> bytes:
    """Inputs that answer every question, each with one of its choices."""
    chooses = random.Random(pick)
    said = {}
    for key, step in document["workflow"].items():
        given_back = {}
        for name in step.get("out_args", []):
            choices = document["playbook_variables"][name]["description"].rsplit("One of: ", 1)[1].rstrip(".").split(", ")
            given_back[name] = chooses.choice(choices)
        if given_back:
            said[key] = [{"outcome": "success", "out_args": given_back}]
    return json.dumps({"answers": said}).encode()


@given
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_task_of_a_public_workflow_is_a_step_or_is_listed(file):
    draft = drafted(file.read_bytes())
    elements = [one for one in ElementTree.fromstring(file.read_bytes()).iter() if one.tag.endswith("Task")]
    assert elements
    listed = {one.id for one in draft.left}
    steps = [step.get("name") for step in draft.document["workflow"].values() if step["type"] == "action"]
    for element in elements:
        same = [one for one in elements if one.get("name") == element.get("name")]
        assert element.get("id") in listed or steps.count(line(element.get("name", ""))) >= len(same), element.get("name")
    signals = [
        one
        for one in ElementTree.fromstring(file.read_bytes()).iter(f"{{{MODEL}}}endEvent")
        if one.find(f"{{{MODEL}}}signalEventDefinition") is not None
    ]
    assert {one.get("id") for one in signals} <= listed


@given
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_draft_of_a_public_workflow_has_no_finding_and_runs_to_an_end_whatever_is_answered(file):
    document = drafted(file.read_bytes()).document
    assert check(document) == []
    raw = json.dumps(document).encode()
    silent = simulated(raw)
    assert silent.walk is not None and silent.walk.outcome == "completed"
    for pick in range(12):
        walk = simulated(raw, inputs=answers(document, pick)).walk
        assert walk is not None and walk.outcome == "completed", walk


@given
def test_signals_between_public_workflows_call_each_others_drafts():
    ids = {file.stem: drafted(file.read_bytes()).document["id"] for file in FILES}
    coas = drafted((FOLDER / "evaluate-ioc-coas.bpmn").read_bytes()).document
    called = {step["playbook_id"] for step in coas["workflow"].values() if step["type"] == "playbook-action"}
    assert ids["block-ip-at-firewall"] in called


def test_the_same_file_gives_the_same_draft_and_time_is_given():
    first, second = drafted(SMALL).document, drafted(SMALL).document
    assert json.dumps(first) == json.dumps(second)
    assert first["created"] == first["modified"] == "2026-11-24T09:00:00.000Z"
    assert draft_of(SMALL, created=AT, modified=AT, created_by="identity--x").document["created_by"] == "identity--x"
    other = drafted(SMALL.replace(b'id="d"', b'id="d2"')).document
    assert not set(first["workflow"]) & set(other["workflow"])


def test_the_command_prints_one_draft_and_lists_what_it_leaves(tmp_path):
    file = tmp_path / "small.bpmn"
    file.write_bytes(drawing(tasks("a") + '<dataObject id="o" name="Ticket"/>', "s>a", "a>e"))
    out, err = StringIO(), StringIO()
    call_command("import_bpmn", str(file), at="2026-11-24T09:00:00Z", stdout=out, stderr=err)
    assert json.loads(out.getvalue())["created"] == "2026-11-24T09:00:00.000Z"
    assert "dataObject o (Ticket): " in err.getvalue()


def test_the_command_writes_a_file_each_and_fails_when_one_cannot_be_read(tmp_path):
    (tmp_path / "good.bpmn").write_bytes(SMALL)
    (tmp_path / "bad.bpmn").write_bytes(b"<html/>")
    err = StringIO()
    with pytest.raises(CommandError, match="2 of 3 files"):
        files = [str(tmp_path / name) for name in ("good.bpmn", "bad.bpmn", "none.bpmn")]
        call_command("import_bpmn", *files, out=str(tmp_path / "drafts"), stdout=StringIO(), stderr=err)
    assert check(json.loads((tmp_path / "drafts" / "good.json").read_text())) == []
    assert "bad.bpmn: the outermost element is html" in err.getvalue()
    assert "none.bpmn: cannot be opened" in err.getvalue()


BOMB = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><d>&b;</d>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><d>&a;</d>'
EMPTY = f'<definitions xmlns="{MODEL}"/>'.encode()
DEEP = f'<definitions xmlns="{MODEL}">'.encode() + b"<process>" * 500


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not well-formed"),
        (b"\x00\xff\xfe", "not well-formed"),
        (b'{"type": "playbook"}', "not well-formed"),
        (b'<?xml version="1.0" encoding="klingon"?><d/>', "encoding"),
        (b'<?xml version="1.0" encoding="utf-16"?><d/>', "line 1"),
        (b"<definitions/>", "outermost element is definitions"),
        (BOMB, "DOCTYPE"),
        (OUTSIDE, "DOCTYPE"),
        (EMPTY, "no process"),
        (DEEP, "nested more than"),
        (SMALL[:-1], "not well-formed"),
        (SMALL.replace(b'id="a"', b'id="e"'), "two elements have the id e"),
        (b" " * (8 * 1024 * 1024 + 1), "larger than 8 MiB"),
        (drawing("".join(f'<task id="t{number}"/>' for number in range(700))), "cut the workflow"),
        (f'<definitions xmlns="{MODEL}">{"<x/>" * 100_001}</definitions>'.encode(), "more than 100000 elements"),
    ],
)
def test_a_file_that_is_no_drawing_is_refused_with_the_reason(raw, said):
    with pytest.raises(Unreadable, match=said):
        drafted(raw)


def test_whatever_is_cut_or_changed_gives_a_sound_draft_or_a_reason():
    raws = [file.read_bytes() for file in FILES] or [SMALL]
    raws = [raw.split(b"<bpmndi:BPMNDiagram")[0] + b"</bpmn:definitions>" if b"<bpmndi:BPMNDiagram" in raw else raw for raw in raws]
    chance = random.Random(5)
    read = 0
    for _ in range(400):
        raw = bytearray(chance.choice(raws))
        if chance.random() < 0.2:
            del raw[chance.randrange(len(raw)) :]
        elif chance.random() < 0.6:  # another element, another end of a flow
            words = [
                b"Task",
                b"Gateway",
                b"Event",
                b"incoming",
                b"sourceRef",
                b"targetRef",
                b"parallel",
                b"exclusive",
                b"inclusive",
                b"signal",
            ]
            raw = bytearray(bytes(raw).replace(chance.choice(words), chance.choice(words), chance.randint(1, 9)))
            raw = bytearray(
                bytes(raw).replace(b"serviceTask", chance.choice([b"subProcess", b"callActivity", b"boundaryEvent", b"endEvent"]))
            )
        else:
            for _ in range(chance.randint(1, 4)):
                raw[chance.randrange(len(raw))] = chance.randrange(256)
        try:
            draft = drafted(bytes(raw))
        except Unreadable:
            continue
        read += 1
        assert [one for one in check(draft.document) if one.severity == "error"] == []
    assert read > 40
