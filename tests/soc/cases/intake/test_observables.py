"""Observables are told apart, refanged and written in one way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soc.cases.intake.normal import Observable
from soc.cases.intake.observables import checked, detect, observable, refang
from soc.cases.intake.problems import Problem


@pytest.mark.parametrize(
    ("given_text", "wanted"),
    [
        ("hxxp://evil[.]example/Path", "http://evil.example/Path"),
        ("hXXps://evil(dot)example/a[.]php", "https://evil.example/a.php"),
        ("hxxps[://]evil[.]example", "https://evil.example"),
        ("hxxp[:]//evil.example/", "http://evil.example/"),
        ("10[.]0[.]0[.]5", "10.0.0.5"),
        ("bad[.example", "bad.example"),
        ("who[at]evil[dot]example", "who@evil.example"),
        ("https://fine.example/list[.]txt", "https://fine.example/list[.]txt"),
        ("http://[::1]/x", "http://[::1]/x"),
        ("fxp://files[.]example/a", "ftp://files.example/a"),
    ],
)
def test_what_was_made_harmless_is_refanged(given_text: str, wanted: str) -> None:
    assert refang(given_text) == wanted


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("10.0.0.5", "address"),
        ("2001:DB8::1", "address"),
        ("hxxp://evil[.]example/a", "url"),
        ("Someone@Agency.example", "mail"),
        ("AGENCY\\ana", "account"),
        ("d41d8cd98f00b204e9800998ecf8427e", "hash"),
        ("SHA256=" + "A" * 64, "hash"),
        ("evil[.]example", "domain"),
        ("WS-17", "host"),
        ("two words", None),
        ("", None),
        ("1.2.3.4.5", "host"),
        ("a@b@c", None),
    ],
)
def test_bare_strings_are_told_apart(value: str, type_: str | None) -> None:
    assert detect(value) == type_


def test_a_dotted_name_is_a_host_among_entities() -> None:
    assert detect("dc01.agency.example", dotted="host") == "host"
    assert detect("dc01.agency.example") == "domain"


@pytest.mark.parametrize(
    ("type_", "value", "wanted"),
    [
        ("host", "DC01.Agency.Example.", Observable("host", "dc01.agency.example")),
        ("domain", "EVIL[.]Example", Observable("domain", "evil.example")),
        ("mail", "Name <Who@Evil.Example>", Observable("mail", "who@evil.example")),
        ("hash", "MD5=D41D8CD98F00B204E9800998ECF8427E", Observable("hash", "d41d8cd98f00b204e9800998ecf8427e", "md5")),
        ("hash", "IMPHASH=" + "0" * 32, Observable("hash", "0" * 32, "imphash")),
        ("hash", "SHA-256=" + "A" * 64, Observable("hash", "a" * 64, "sha256")),
        ("address", "2001:0DB8:0:0::1", Observable("address", "2001:db8::1")),
        ("address", "::ffff:10.0.0.5", Observable("address", "10.0.0.5")),
        ("address", "fe80::1%eth0", Observable("address", "fe80::1")),
        ("account", "AGENCY\\Ana", Observable("account", "AGENCY\\Ana")),
        (
            "url",
            "HXXPS://User:Pw@Evil[.]Example:8443/Path/A?Q=B#F",
            Observable("url", "https://User:Pw@evil.example:8443/Path/A?Q=B#F"),
        ),
    ],
)
def test_each_is_written_in_one_way(type_: str, value: str, wanted: Observable) -> None:
    assert observable(type_, value) == wanted


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("address", "10.0.0.256"),
        ("hash", "MD5=" + "a" * 40),
        ("hash", "xyz"),
        ("url", "no scheme"),
        ("url", "http://a b/"),
        ("mail", "nobody"),
        ("host", "a b"),
        ("host", ""),
        ("account", "-"),
        ("domain", "word"),
        ("domain", "a" * 3000 + ".example"),
        ("registry", "HKLM"),
    ],
)
def test_what_is_not_of_its_type_is_refused(type_: str, value: str) -> None:
    assert observable(type_, value) is None


def test_a_problem_names_the_field_and_the_cure() -> None:
    found = checked("address", "ten", "value")
    assert isinstance(found, Problem)
    assert (found.code, found.field) == ("bad_observable", "value")
    assert found.cure


@given(st.sampled_from(["host", "account", "address", "domain", "url", "hash", "mail", "resource"]), st.text())
def test_writing_twice_changes_nothing_more(type_: str, value: str) -> None:
    once = observable(type_, value)
    if once is not None:
        again = observable(type_, f"{once.algorithm}={once.value}" if once.type == "hash" else once.value)
        assert again == once


@given(st.one_of(st.text(), st.text(alphabet="hxtp[.]:/@(dot)at\\0a%-", max_size=40)))
def test_what_is_detected_can_be_written(value: str) -> None:
    for dotted in ("host", "domain"):
        type_ = detect(value, dotted=dotted)
        if type_ is not None and type_ != "hash" and len(value) < 200:
            assert observable(type_, value) is not None
