"""Alerts are recognised by their content and made normal; nothing that is sent can break this."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc.cases.intake.normal import NormalAlert, Observable
from soc.cases.intake.problems import Problem
from soc.cases.intake.recognising import normalise, recognise

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["high", "-", "10.0.0.5", "\ud800", "a\x00b"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    [
        "title",
        "severity",
        "rule",
        "event",
        "happened_at",
        "entities",
        "observables",
        "techniques",
        "description",
        "source_ref",
        "class_uid",
        "finding_info",
        "severity_id",
        "evidences",
        "resources",
        "attacks",
        "metadata",
        "id",
        "level",
        "tags",
        "Hostname",
        "SubjectUserName",
        "SubjectDomainName",
        "User",
        "Hashes",
        "IpAddress",
        "TimeCreated",
        "type",
        "value",
        "type_id",
        "uid",
        "name",
        "src_endpoint",
        "ip",
        "actor",
        "user",
        "time",
        "first_seen_time",
        "device",
    ]
)
SHAPED = st.recursive(
    JSON | st.just(2004),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=25,
)


def normal(alert: Any) -> NormalAlert:
    found = normalise(alert)
    assert isinstance(found, NormalAlert), found
    return found


def problem(alert: Any) -> Problem:
    found = normalise(alert)
    assert isinstance(found, Problem), found
    assert found.detail and found.cure
    return found


def texts(alert: NormalAlert) -> list[str]:
    return [
        *(alert.title, alert.rule_key, alert.rule_name, alert.description, alert.source_ref),
        *(found.value for found in alert.entities + alert.observables),
        *alert.techniques,
    ]


def test_a_title_is_enough() -> None:
    found = normal({"title": "Something odd"})
    assert (found.form, found.severity, found.rule_key, found.happened_at) == ("plain", "medium", "Something odd", None)
    assert (found.entities, found.observables, found.techniques) == ((), (), ())


def test_a_full_plain_alert() -> None:
    found = normal(
        {
            "title": " Phishing page ",
            "severity": "High",
            "rule": "mail-7",
            "happened_at": "2026-03-01T09:05:00.1234567-05:00",
            "entities": ["WS-17.Agency.Example", {"type": "account", "value": "AGENCY\\ana"}],
            "observables": ["hxxp://evil[.]example/A", "ws-17.agency.example", {"type": "hash", "value": "A" * 64}],
            "techniques": ["t1566.002", "T1566.002"],
        }
    )
    assert found.title == "Phishing page"
    assert found.severity == "high"
    assert found.happened_at == datetime(2026, 3, 1, 14, 5, 0, 123456, tzinfo=UTC)
    assert found.entities == (Observable("host", "ws-17.agency.example"), Observable("account", "AGENCY\\ana"))
    assert Observable("url", "http://evil.example/A") in found.observables
    assert Observable("hash", "a" * 64, "sha256") in found.observables
    assert found.techniques == ("T1566.002",)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"title": ""}, "missing_title", "title"),
        ({"title": None}, "missing_title", "title"),
        ({"title": 7}, "wrong_type", "title"),
        ({"title": "x" * 1001}, "too_large", "title"),
        ({"severity": "urgent"}, "bad_severity", "severity"),
        ({"severity": ["high"]}, "bad_severity", "severity"),
        ({"happened_at": "yesterday"}, "bad_time", "happened_at"),
        ({"happened_at": "0001-01-01T00:00:00+14:00"}, "bad_time", "happened_at"),
        ({"happened_at": 1700000000}, "bad_time", "happened_at"),
        ({"entities": "ws-17"}, "wrong_type", "entities"),
        ({"entities": [{"type": "planet", "value": "Mars"}]}, "bad_observable", "entities[0]"),
        ({"observables": ["10.0.0.5", "two words"]}, "bad_observable", "observables[1]"),
        ({"observables": [{"type": "address", "value": 5}]}, "bad_observable", "observables[0]"),
        ({"observables": ["a" * 3000]}, "too_large", "observables[0]"),
        ({"observables": ["10.0.0.5"] * 1001}, "too_large", "observables"),
        ({"techniques": ["attack.t1566"]}, "bad_technique", "techniques[0]"),
        ({"rule": "x" * 600}, "too_large", "rule"),
    ],
)
def test_each_fault_has_its_code_and_its_field(change: dict[str, Any], code: str, field: str) -> None:
    found = problem({"title": "Something odd", **change})
    assert (found.code, found.field) == (code, field)


@pytest.mark.parametrize(
    "alert",
    [None, 7, "text", [], {}, {"foo": "bar"}, {"class_uid": 2002, "title": "x"}, {"class_uid": True}, {"rule": {"id": 1}, "data": 1}],
)
def test_what_has_no_known_form_is_said_to_have_none(alert: object) -> None:
    assert problem(alert).code == "unknown_form"
    assert isinstance(recognise(alert), Problem)


def test_what_cannot_be_stored_as_text_is_replaced_in_sight() -> None:
    found = normal({"title": "a\x00b\ud800c", "rule": "r\x00", "description": "\udfff", "entities": ["AG\\a\x00"]})
    assert found.title == "a\ufffdb\ufffdc"
    assert all("\x00" not in text and text.encode() for text in texts(found) if text)


def sigma(event: dict[str, Any], **rule: Any) -> dict[str, Any]:
    return {"rule": {"id": "r-1", "title": "A rule", "level": "high", "tags": [], **rule}, "event": event}


def test_a_sigma_hit_names_its_host_whole_and_its_accounts_with_their_domains() -> None:
    found = normal(
        sigma(
            {
                "Hostname": "DC01.Pandalab.com",
                "SubjectUserName": "Administrator",
                "SubjectDomainName": "PANDALAB",
                "TargetUserName": "-",
                "TargetDomainName": "PANDALAB",
                "User": "NT AUTHORITY\\SYSTEM",
                "SourceUser": "",
                "AccountName": "sbeavers",
                "Domain": "THESHIRE",
                "ServiceAccount": "LocalSystem",
            }
        )
    )
    assert [found.value for found in found.entities] == [
        "dc01.pandalab.com",
        "PANDALAB\\Administrator",
        "NT AUTHORITY\\SYSTEM",
        "THESHIRE\\sbeavers",
    ]


def test_a_sigma_hit_gives_every_hash_by_its_algorithm_and_only_real_techniques() -> None:
    hashes = f"SHA1={'A' * 40},MD5={'B' * 32},SHA256={'C' * 64},IMPHASH={'D' * 32},JUNK=1"
    found = normal(
        sigma({"Hashes": hashes, "MD5": "E" * 32}, tags=["attack.t1059.001", "attack.s0190", "attack.execution", "attack.T1003", 7])
    )
    assert [(entry.algorithm, entry.value[0]) for entry in found.observables] == [
        ("sha1", "a"),
        ("md5", "b"),
        ("sha256", "c"),
        ("imphash", "d"),
    ]
    assert found.techniques == ("T1059.001", "T1003")


def test_a_sigma_hit_takes_addresses_that_mean_something() -> None:
    found = normal(sigma({"SourceIp": "10.0.0.5", "DestinationIp": "127.0.0.1", "IpAddress": "-", "QueryName": "Evil.Example."}))
    assert found.observables == (Observable("address", "10.0.0.5"), Observable("domain", "evil.example"))


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        (
            {"TimeCreated": "2021-06-11T09:07:41.219Z", "UtcTime": "2020-01-01 00:00:00"},
            datetime(2021, 6, 11, 9, 7, 41, 219000, tzinfo=UTC),
        ),
        ({"UtcTime": "2020-10-22 08:30:00.302"}, datetime(2020, 10, 22, 8, 30, 0, 302000, tzinfo=UTC)),
        ({"TimeCreated": "soon"}, None),
    ],
)
def test_a_sigma_hit_says_when_it_happened_if_it_can(event: dict[str, Any], wanted: datetime | None) -> None:
    assert normal(sigma(event)).happened_at == wanted


def test_a_sigma_hit_of_a_wrong_shape_is_refused_by_field() -> None:
    assert problem(sigma({"Hostname": ["a"]})).field == "event.Hostname"
    assert problem(sigma({}, title=None)).code == "missing_title"
    assert problem(sigma({}, level="awful")).field == "rule.level"


def ocsf(**more: Any) -> dict[str, Any]:
    return {"class_uid": 2004, "severity_id": 4, "finding_info": {"title": "Found"}, **more}


@pytest.mark.parametrize(
    ("number", "word"), [(1, "informational"), (2, "low"), (3, "medium"), (4, "high"), (5, "critical"), (6, "critical")]
)
def test_the_severities_of_ocsf(number: int, word: str) -> None:
    assert normal(ocsf(severity_id=number)).severity == word


def test_an_unknown_severity_of_ocsf_goes_by_its_word() -> None:
    assert normal(ocsf(severity_id=99, severity="Low")).severity == "low"
    assert normal(ocsf(severity_id=0)).severity == "medium"
    assert problem(ocsf(severity_id=7)).code == "bad_severity"


def test_a_finding_of_a_machine_and_a_person() -> None:
    found = normal(
        ocsf(
            finding_info={
                "title": "Found",
                "analytic": {"uid": "an-1", "name": "An analytic"},
                "first_seen_time": 1_695_135_922_487,
                "attacks": [{"technique": {"uid": "T1562"}, "sub_technique": {"uid": "T1562.008"}}, {"technique": {"uid": "T1078"}}],
            },
            evidences=[
                {
                    "device": {"hostname": "WS-17", "ip": "10.0.0.5"},
                    "actor": {"user": {"name": "ana", "domain": "AGENCY"}},
                    "dst_endpoint": {"ip": "203.0.113.9"},
                    "file": {"hashes": [{"algorithm_id": 3, "value": "A" * 64}]},
                }
            ],
            observables=[{"type_id": 7, "value": "a.exe"}, {"type_id": 6, "value": "http://Evil.example/X"}],
            metadata={"product": {"name": "EDR"}},
        )
    )
    assert (found.rule_key, found.rule_name) == ("edr/an-1", "An analytic")
    assert found.techniques == ("T1562.008", "T1078")
    assert found.happened_at == datetime(2023, 9, 19, 15, 5, 22, 487000, tzinfo=UTC)
    assert found.entities[0] == Observable("host", "ws-17")
    assert Observable("account", "AGENCY\\ana") in found.entities
    assert {(entry.type, entry.value) for entry in found.observables} >= {("url", "http://evil.example/X"), ("hash", "a" * 64)}
    assert all(entry.value != "a.exe" for entry in found.observables)


@settings(max_examples=120)
@given(st.one_of(JSON, SHAPED))
def test_no_json_value_breaks_it(value: Any) -> None:
    for alert in (value, {"title": "t", "entities": value}, {"class_uid": 2004, "finding_info": value}, {"rule": value, "event": value}):
        found = normalise(alert)
        assert isinstance(found, NormalAlert | Problem)
        if isinstance(found, NormalAlert):
            assert all("\x00" not in text for text in texts(found))
            json.dumps([text.encode().decode() for text in texts(found)])


@settings(max_examples=120)
@given(st.dictionaries(NAMES, SHAPED, max_size=10), st.dictionaries(NAMES, SHAPED, max_size=10))
def test_no_shape_breaks_the_three_forms(left: dict[str, Any], right: dict[str, Any]) -> None:
    for alert in (
        {**left, "title": "t"},
        {"rule": {**left, "title": "t"}, "event": right},
        {**left, "class_uid": 2004, "finding_info": {**right, "title": "t"}},
    ):
        assert isinstance(normalise(alert), NormalAlert | Problem)
