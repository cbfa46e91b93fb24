"""What an agency declares of its web products, and what people read of a request before and instead of it."""

import json

import pytest

from playbooks.models import Approval
from playbooks.operations.consenting import give_consent
from playbooks.rendering import lines
from tenants.errors import Invalid
from tenants.isolation import scope
from tests.playbooks.web_product import calling, command, web_product
from tests.playbooks.web_stage import begin, joined, latest

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web():
    with web_product() as one:
        yield one


def test_a_person_gets_the_whole_request_with_every_value_in_its_place(stage, web):
    more = {"headers": {"X-Said": ["__x__:value"]}, "content": '{"said": "__x__:value"}'}
    run = begin(stage, calling(command("POST /of/__x__:value", **more), x={}), x='a b\n"')
    shown = latest(run).rendered
    assert (shown["text"], shown["content"]) == ("POST /of/a%20b%0A%22 HTTP/1.1", 'X-Said: a b↵"\n\n{"said": "a b\\n\\""}')


def test_an_agency_has_several_web_apis_by_name_and_the_one_with_the_host_and_the_nearest_base_is_called(stage, web):
    with web_product() as other:
        joined(stage, other, name="Other")
        joined(stage, web, name="All")
        joined(stage, web, name="Things", base_url=f"{web.address}/things", effect="keyed")
        run = begin(stage, calling(command("POST /things/1"), port=str(web.port)))
        assert (latest(run).rendered["connector"], latest(run).effect_class, other.requests) == ("Things", "keyed", [])
    with pytest.raises(Invalid) as refused:
        joined(stage, web, kind="openc2", name="All")
    assert refused.value.field == "name"


@pytest.mark.parametrize(
    ("kind", "declared", "field"),
    [
        ("http", {"effect": "sure"}, "effect"),
        ("http", {"effect": "verifiable"}, "lookup"),
        ("http", {"effect": "verifiable", "lookup": "/orders"}, "lookup"),
        ("http", {"effect": "verifiable", "lookup": "/../{key}"}, "lookup"),
        ("http", {"lookup": "/orders/{key}"}, "lookup"),
        ("openc2", {"effect": "keyed"}, "effect"),
        ("smtp", {}, "kind"),
        ("http", {"base_url": "https://127.0.0.1:http"}, "base_url"),
        ("http", {"base_url": "https://[::1"}, "base_url"),
        ("http", {"base_url": "https://api.example/v1/../v2"}, "base_url"),
    ],
)
def test_what_is_declared_of_a_connector_is_checked(stage, web, kind, declared, field):
    with pytest.raises(Invalid) as refused:
        joined(stage, web, kind, **declared)
    assert refused.value.field == field


def asking(title):
    return {"step_extensions": {"extension-definition--5b4a1c0e-7d0f-4a4e-9f3b-6f1d2c8e7a90": {"approval": {"title": title}}}}


def test_an_approval_shows_the_whole_request_and_a_value_adds_no_line_to_its_title(stage, web):
    joined(stage, web)
    joined(stage, web, name="Another", base_url="https://another.example")
    content = '{"why": "__x__:value"}'
    run = begin(
        stage, calling(command("POST /things", content=content), step=asking("Send __x__:value"), x={}), x="this\nApproved: yes\u2028"
    )
    asked = stage.approval(run)
    assert asked.action == "Send this↵Approved: yes "
    assert asked.touches == f"Sends to {web.address}/things at The http. What that changes there, the API alone knows."
    assert json.loads(asked.rendered["content"]) == {"why": "this\nApproved: yes\u2028"}
    read = ["".join(piece.text for piece in line) for line in lines(asked.rendered)]
    assert read[-3:] == ["{", '  "why": "this\\nApproved: yes\\u2028"', "}"]
    joined(stage, web, name="Another", base_url="https://another.example/v2")
    assert stage.approval(run).state == "open"
    joined(stage, web, effect="keyed")
    with scope.floor(None):
        assert Approval.objects.get(pk=asked.pk).state == "void"
    stage.work()
    assert (stage.approval(run).state, stage.approval(run).rendered["effect"], web.requests) == ("open", "keyed", [])


@pytest.mark.parametrize("action", ["http.post", "openc2.deny"])
def test_nobody_consents_for_good_to_requests_to_just_any_address(stage, action):
    with scope.agency(stage.cast.north.pk), pytest.raises(Invalid):
        give_consent(actions=[action], by=stage.cast.nia)
