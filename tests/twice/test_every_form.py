"""Every form of the pages: sent twice at once, again, and again after a crash: one effect, and nobody hears of a second one."""

import pytest
from django.test import Client

from tests.crashes.points import crash_at
from tests.races.threads import at_once
from tests.twice.forms import FORMS, Form, mutating_addresses
from tests.twice.stage import Stage, crashes_of

pytestmark = pytest.mark.django_db(transaction=True)

TAKEN = (200, 204, 302)  # 200 shows a secret, once
NOTHING_LEFT = (302, 404, 409)  # where the first one led, gone with the first one, or said in words


def test_every_form_is_sent_twice() -> None:
    found = set(mutating_addresses())
    missing, gone = sorted(found - set(FORMS)), sorted(set(FORMS) - found)
    assert not missing, f"Say in tests/twice/forms.py who sends {missing} and with what: a double click must have one effect."
    assert not gone, f"These forms are gone: {gone}. Take them out of tests/twice/forms.py."


def post(client: Client, form: Form, data: dict[str, str]) -> int:
    return int(client.post(form.path, data).status_code)


def copy_of(client: Client) -> Client:
    """Another tab of the same browser."""
    other = Client()
    other.cookies = client.cookies
    return other


def moved(stage: Stage, before: tuple[int, int]) -> tuple[int, int]:
    facts, rows = stage.changed()
    return facts - before[0], rows - before[1]


def ready(stage: Stage, name: str) -> tuple[Client, Form, dict[str, str], tuple[int, int]]:
    """A signed-in browser, the form with its fields filled in, and what had changed before."""
    who, make = FORMS[name]
    client, form = stage.browser(who), make(stage)
    return client, form, form.filled(client), stage.changed()


def effect_of(stage: Stage, name: str) -> tuple[tuple[int, int], int]:
    """What the form changes when it is sent once, and how often that commits."""
    client, form, data, before = ready(stage, name)
    with crash_at(0, commits_only=True) as points:
        status = post(client, form, data)
    assert status in TAKEN, f"{name}: {status}"
    once = moved(stage, before)
    assert sum(once) > 0, f"{name} changes nothing: give it something to change"
    return once, points.passed


def test_a_form_sent_twice_acts_once(stage: Stage) -> None:
    wrong = []
    for name in FORMS:
        once, _ = effect_of(stage, name)
        client, form, data, before = ready(stage, name)
        statuses = at_once(*[lambda c=c: post(c, form, data) for c in (client, copy_of(client))])  # noqa: B023 they end within this round
        again = post(client, form, data)
        if not any(one in TAKEN for one in statuses) or not all(one in (*TAKEN, *NOTHING_LEFT) for one in statuses):
            wrong.append(f"{name} at once was answered {statuses}")
        if again not in NOTHING_LEFT:
            wrong.append(f"{name} again was answered {again}")
        if (changed := moved(stage, before)) != once:
            wrong.append(f"{name} changed {changed}, once is {once}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("after", [False, True], ids=["the line is cut before a commit", "the answer is lost after a commit"])
def test_a_form_sent_again_after_a_crash_acts_once(stage: Stage, after: bool) -> None:
    wrong = []
    for name in FORMS:
        once, commits = effect_of(stage, name)
        for at in crashes_of(commits):
            client, form, data, before = ready(stage, name)
            with crash_at(at, commits_only=True, after=after) as points:
                post(client, form, data)
            status = post(client, form, data)
            if not points.crashed or status not in (*TAKEN, *NOTHING_LEFT) or moved(stage, before) != once:
                wrong.append(f"{name}, commit {at}: {status}, changed {moved(stage, before)}, once is {once}")
    assert not wrong, "\n".join(wrong)


def test_a_form_that_was_changed_and_sent_again_is_a_conflict(stage: Stage) -> None:
    client, form, data, before = ready(stage, "case-new")
    assert post(client, form, data) == 302
    once = moved(stage, before)
    assert post(client, form, {**data, "title": "Another"}) == 409
    assert moved(stage, before) == once


def test_a_refused_form_may_be_mended_and_sent_again(stage: Stage) -> None:
    client, form, data, _ = ready(stage, "case-new")
    assert post(client, form, {**data, "title": ""}) == 422
    assert post(client, form, data) == 302
