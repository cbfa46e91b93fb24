"""Markings hold back what a target may not receive: TLP by its level, IEP by its words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from playbooks.definition.markings import (
    CEILING_OF_OWN,
    CEILING_OF_PUBLIC,
    PUBLISHED,
    Actions,
    Handling,
    Level,
    Target,
    handling_of,
    level_of,
    refusal,
    sending_refusal,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OWN = Target("North EDR", CEILING_OF_OWN, own=True, encrypted=True)
PUBLIC = Target("A public list", CEILING_OF_PUBLIC, own=False, encrypted=True)
IEP = {
    "tlp": "GREEN", "start_date": "2026-01-01T00:00:00.000Z", "end_date": None, "encrypt_in_transit": "may",
    "permitted_actions": "externally-visible-direct-actions", "affected_party_notifications": "may",
}  # fmt: skip


def handled(*markings: dict[str, Any], **more: Any) -> Handling:
    ids = [f"{one['type']}--{number}" for number, one in enumerate(markings)]
    return handling_of({"markings": ids, "data_marking_definitions": dict(zip(ids, markings, strict=True)), **more}, NOW)


def tlp(level: str, **more: Any) -> dict[str, Any]:
    return {"type": "marking-tlp", "tlpv2_level": level, **more}


def iep(**more: Any) -> dict[str, Any]:
    return {"type": "marking-iep", **IEP, **more}


def test_the_levels_stand_in_the_order_of_the_protocol() -> None:
    assert [one.label for one in sorted(Level)] == ["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"]
    assert [level_of(one.label) for one in Level] == list(Level)
    assert [level_of(one) for one in ("white", "TLP:WHITE", "amber+strict", " tlp:green ")] == [
        Level.CLEAR,
        Level.CLEAR,
        Level.AMBER_STRICT,
        Level.GREEN,
    ]
    assert {level_of(one) for one in ("TLP:PURPLE", "", None, 3, ["TLP:CLEAR"])} == {Level.RED}


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("ceiling", Level)
def test_only_what_is_no_stricter_than_the_ceiling_leaves(level: Level, ceiling: Level) -> None:
    said = refusal(level, ceiling)
    assert (said is None) is (level <= ceiling)
    assert said is None or (level.label in said and ceiling.label in said)


def test_strict_amber_and_red_leave_to_nobody_by_default_and_amber_to_the_agencys_own() -> None:
    for name, own, public in (
        ("CLEAR", True, True),
        ("GREEN", True, False),
        ("AMBER", True, False),
        ("AMBER+STRICT", False, False),
        ("RED", False, False),
    ):
        how = handled(tlp(f"TLP:{name}"))
        assert [sending_refusal(how, target, reads_only=True) is None for target in (OWN, PUBLIC)] == [own, public], name


def test_the_strictest_marking_holds_and_only_those_that_the_book_names() -> None:
    assert handled().level == Level.CLEAR
    assert handled(tlp("TLP:GREEN"), tlp("TLP:RED"), {"type": "marking-statement", "statement": "Ours"}).level == Level.RED
    assert handled(tlp("TLP:RED"), markings=[]).level == Level.CLEAR
    assert handled(tlp("TLP:GREEN"), iep(tlp="RED")).level == Level.RED


def test_a_published_marking_is_known_by_its_id_and_an_unknown_one_is_red() -> None:
    assert {handling_of({"markings": [one]}, NOW).level for one in PUBLISHED} == set(Level)
    assert handling_of({"markings": ["marking-tlp--0"]}, NOW).level == Level.RED
    assert handling_of({"markings": ["marking-statement--0"]}, NOW).level == Level.CLEAR


@pytest.mark.parametrize(
    ("more", "level"),
    [({"revoked": True}, "CLEAR"), ({"revoked": False}, "RED"), ({"valid_until": "2026-11-24T12:00:00.000Z"}, "CLEAR"),
     ({"valid_until": "2026-11-24T12:00:00.001Z"}, "RED"), ({"valid_from": "2026-11-25T00:00:00.000Z"}, "CLEAR"),
     ({"valid_until": "soon"}, "RED")],
)  # fmt: skip
def test_a_marking_holds_while_it_is_in_force(more: dict[str, Any], level: str) -> None:
    assert handled(tlp("TLP:RED", **more)).level.name == level


def test_a_policy_holds_from_its_first_day_to_its_last() -> None:
    day = timedelta(days=1)
    for start, end, holds in ((-1, None, True), (-1, 1, True), (-2, -1, False), (1, 2, False)):
        dates = {
            name: None if days is None else (NOW + days * day).isoformat() for name, days in (("start_date", start), ("end_date", end))
        }
        assert (handled(iep(tlp="RED", **dates)).level == Level.RED) is holds


SENDING = [
    ({}, PUBLIC, False, "may receive TLP:CLEAR"),
    ({"tlp": "WHITE"}, PUBLIC, False, None),
    ({"permitted_actions": "none"}, OWN, True, "permits no action"),
    ({"permitted_actions": "something else"}, OWN, True, "permits no action"),
    ({"permitted_actions": "CONTACT FOR INSTRUCTION"}, OWN, True, "contact its author"),
    ({"permitted_actions": "contact-for-instructions"}, OWN, True, "contact its author"),
    ({"permitted_actions": "internally-visible-actions"}, OWN, False, None),
    ({"permitted_actions": "internally visible actions", "tlp": "white"}, PUBLIC, True, "not the agency's own"),
    ({"permitted_actions": "externally_visible_indirect_actions", "tlp": "white"}, PUBLIC, True, None),
    ({"permitted_actions": "externally-visible-indirect-actions", "tlp": "white"}, PUBLIC, False, "indirect actions only"),
    ({"encrypt_in_transit": "must"}, OWN, False, None),
    ({"encrypt_in_transit": "MUST"}, Target("By wire", Level.RED, own=True, encrypted=False), False, "encryption"),
    ({"encrypt_in_transit": "may"}, Target("By wire", Level.RED, own=True, encrypted=False), False, None),
    (
        {"affected_party_notifications": "must-not"},
        Target("Mail", Level.RED, own=False, encrypted=True, notifies=True),
        True,
        "affected party",
    ),
    ({"affected_party_notifications": "may"}, Target("Mail", Level.RED, own=False, encrypted=True, notifies=True), True, None),
]


@pytest.mark.parametrize(("policy", "target", "reads", "words"), SENDING)
def test_a_policy_forbids_what_its_words_say(policy: dict[str, str], target: Target, reads: bool, words: str | None) -> None:
    said = sending_refusal(handled(iep(**policy)), target, reads_only=reads)
    assert (said is None) if words is None else (said is not None and words in said), said


@pytest.mark.parametrize("odd", [None, 1, "x", {}, [None], [[]], [{}], [1], ["x"]])
def test_markings_of_any_other_shape_never_raise_and_free_nothing(odd: Any) -> None:
    for document in ({"markings": odd}, {"markings": ["marking-tlp--0"], "data_marking_definitions": odd}):
        assert handling_of(document, NOW).level == (Level.CLEAR if document["markings"] is None else Level.RED)
    for field in (*IEP, "type", "valid_from"):
        handling_of({"markings": ["a"], "data_marking_definitions": {"a": iep(**{field: odd})}}, NOW)


def test_policies_add_up_to_the_strictest_of_each_word() -> None:
    both = handled(
        iep(encrypt_in_transit="must"), iep(permitted_actions="internally-visible-actions", affected_party_notifications="must-not")
    )
    assert both == Handling(Level.GREEN, Actions.INTERNALLY_VISIBLE_ACTIONS, must_encrypt=True, may_notify=False)
