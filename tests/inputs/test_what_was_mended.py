"""Hostile requests that were failures once, one by one."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from playbooks.connectors.addresses import AddressRefused, destination
from playbooks.definition.variables import filled_json
from soc.cases.models import Receipt
from tenants.errors import Invalid
from tenants.gates.exports import csv_answer
from tenants.gates.middleware import ReadableMiddleware
from tenants.isolation import scope
from tenants.queries.paging import encode, page_of
from tests.cast import ApiClient, Cast
from tests.inputs.corpus import DEPTH, NOW, cursor
from tests.walls.conftest import norths  # noqa: F401 (a fixture)


@pytest.mark.parametrize("length", ["1e3", "-1", "²", "abc", "9" * 30])
def test_a_length_that_is_no_number_is_refused(length: str, db: Any) -> None:
    answer = Client().post("/api/v1/cases", data=b"{}", content_type="application/json", CONTENT_LENGTH=length)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert ReadableMiddleware(lambda request: "on")(SimpleNamespace(META={"CONTENT_LENGTH": "12"})) == "on"


@pytest.mark.parametrize("values", [["\x00", 1], [NOW, 10**30], ["0001-01-01T00:00:00+23:59", 1], ["infinity", 1], [1e300, 1]])
def test_a_cursor_that_no_column_takes_is_a_foreign_one(values: list[Any], cast: Cast, api_of: Callable[[str], ApiClient]) -> None:
    answer = api_of("ana").get("/api/v1/cases", {"cursor": cursor(values)})
    assert answer.status_code in (200, 422)
    answer = api_of("ana").get("/api/v1/standings", {"cursor": cursor(["\x00", 1])})
    assert (answer.status_code, answer.json()["field"]) == (422, "cursor")


def test_a_text_that_postgresql_refuses_is_a_foreign_cursor(cast: Cast) -> None:
    with scope.floor(None), pytest.raises(Invalid):
        page_of(Receipt.objects.all(), order=("source", "id"), cursor=encode(["\x00", 1]))


def test_a_correction_that_is_nested_too_deeply_is_refused(
    cast: Cast, client_of: Callable[[str], Client], api_of: Callable[[str], ApiClient]
) -> None:
    letter = api_of("north_key").send("/api/v1/alerts", {"nothing": "known"}).json()["receipt"]
    answer = client_of("lee").post(f"/dead-letters/{letter}/", {"body": "[" * DEPTH + "]" * DEPTH})
    assert answer.status_code == 422


def test_a_text_nested_too_deeply_cannot_be_filled() -> None:
    with pytest.raises(ValueError, match="deeply"):
        filled_json("[" * DEPTH + "]" * DEPTH, {})


@pytest.mark.parametrize("url", ["https://[edr.example/", "https://edr.example:99999/"])
def test_an_address_that_cannot_be_read_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        destination(url, allowed_hosts=["edr.example"], named_networks=[])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_an_exported_cell_is_no_formula(text: str) -> None:
    written = csv_answer("x", ("a",), [(text,)]).content.decode()
    assert f"'{text}" in written


def test_thousands_of_parameters_are_refused(cast: Cast, api_of: Callable[[str], ApiClient]) -> None:
    answer = api_of("ana").get("/api/v1/cases?" + "&".join(["q=x"] * 2_000))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_time_sent_to_a_verb_that_takes_none_is_nothing(cast: Cast, norths: dict[str, Any], client_of: Callable[[str], Client]) -> None:  # noqa: F811
    sent = {"at": "2026-11-24T00:00", "disposition": "undetermined", "reason": "x", "version": "1"}
    assert client_of("nia").post(f"/cases/{norths['case']}/close/", sent).status_code == 403
