"""The picture of a book, and the lines of what runs."""

import json
from datetime import UTC, datetime, timedelta

from playbooks.definition.graph import compiled
from playbooks.drawing import COLUMN, drawn
from playbooks.library import text_of
from playbooks.rendering import lines

GRAPH = compiled(json.loads(text_of("malware_on_a_host.json")))
NOW = datetime(2026, 11, 24, 14, 32, tzinfo=UTC)


def after(minutes):
    return NOW + timedelta(minutes=minutes)


def test_boxes_do_not_overlap_and_every_line_goes_to_the_right():
    picture = drawn(GRAPH)
    places = {(box.x, box.y) for box in picture.boxes}
    assert len(places) == len(picture.boxes)
    at = {box.id: box for box in picture.boxes}
    for edge in picture.edges:
        assert at[edge.target].x - at[edge.source].x >= COLUMN
        assert edge.path.startswith("M")
    assert max(box.x + box.width for box in picture.boxes) <= picture.width
    assert max(box.y + box.height for box in picture.boxes) <= picture.height


def test_the_way_of_success_is_the_first_lane():
    picture = drawn(GRAPH)
    first = sorted((box for box in picture.boxes if box.y == picture.boxes[0].y), key=lambda box: box.x)
    assert [GRAPH.nodes[box.id].name for box in first][:4] == [
        "Case opened",
        "Note the host and accounts",
        "Is the host of high value?",
        "Isolate the host",
    ]
    assert GRAPH.nodes[first[-1].id].name == "Isolated"


def test_the_end_of_a_branch_leads_to_what_follows_the_decision():
    ways = {(GRAPH.nodes[e.source].name, GRAPH.nodes[e.target].name): e.way for e in drawn(GRAPH).edges}
    assert ways["Is the host of high value?", "Warn the duty officer"] == "yes"
    assert ways["Is the host of high value?", "Isolate the host"] == "no"
    assert ways["Warn the duty officer", "Isolate the host"] == "next"
    assert ways["Isolate the host", "Note that it was not isolated"] == "failure"


def test_lines_mark_values_and_secrets():
    rendered = {
        "kind": "http",
        "method": "POST",
        "url": "https://edr.example/hosts/ws-1/isolate",
        "headers": {"Authorization": "Bearer [secret edr/north]"},
        "body": {"reason": "T-1"},
        "values": {"__host__": "ws-1", "__case__": "T-1", "__empty__": ""},
    }
    told = lines(rendered)
    assert [(piece.text, piece.kind) for piece in told[0]] == [
        ("POST https://edr.example/hosts/", "plain"),
        ("ws-1", "value"),
        ("/isolate", "plain"),
    ]
    assert told[1][1].kind == "secret"
    assert "".join(piece.text for line in told for piece in line).count("T-1") == 1
