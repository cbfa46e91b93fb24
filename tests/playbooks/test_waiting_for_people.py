"""Manual steps, questions that values cannot answer, delays, and effects that must never be repeated."""

import pytest

from playbooks import products
from playbooks.models import Run, StepAttempt, Timer
from playbooks.operations.answering import answer
from playbooks.operations.connecting import connect
from playbooks.operations.publishing import publish
from playbooks.operations.starting import start_run
from playbooks.products import Outcome, Product, ProductAction
from playbooks.states import EffectClass
from tenants.actors import system
from tenants.errors import Conflict, Invalid, NotAllowed, Unknown
from tenants.gates.opening import opened
from tenants.isolation import scope
from tests.playbooks.books import END, START, book, http, manual, note

pytestmark = pytest.mark.django_db(transaction=True)


def begin(stage, document, **variables):
    with scope.floor(None):
        publish(slug="small", document=document, by=system("test"))
    one = stage.cast.north
    with scope.agency(one.pk):
        run = start_run(
            agency_id=one.pk, subject="case:5", book="small", variables=variables, why="A test", by=system("test", agency_id=one.pk)
        )
    stage.work()
    return run


def waiting(run):
    with scope.floor(None):
        return StepAttempt.objects.filter(run=run).order_by("-id").first()


def reply(stage, step, said, by=None, reason="I looked"):
    by = by or stage.cast.ana
    with opened(by):
        answer(step=str(step.public_id), answer=said, reason=reason, by=by)
    stage.work()


MANUAL = book(
    {
        "start": START,
        "first": manual("Call the agency", on_success="good", on_failure="bad"),
        "good": note("called", on_completion="end"),
        "bad": note("not called: __problem__:value", on_completion="end2"),
        "end": END,
        "end2": END,
    },
    start="start",
)


@pytest.mark.parametrize(("said", "told"), [("yes", "called"), ("no", "not called: Ana Diaz answered no: I looked")])
def test_a_manual_step_waits_for_a_person_and_goes_their_way(stage, said, told):
    run = begin(stage, MANUAL)
    assert stage.run(run).waits_for == "person"
    reply(stage, waiting(run), said)
    assert stage.run(run).state == "done"
    assert stage.things.done[-1][2]["text"] == told


def test_an_answer_is_refused_in_order(stage):
    run = begin(stage, MANUAL)
    step = waiting(run)
    with pytest.raises(Unknown):
        reply(stage, step, "yes", by=stage.cast.sol)
    with pytest.raises(NotAllowed):
        reply(stage, step, "yes", by=stage.cast.aud)
    with pytest.raises(Invalid):
        reply(stage, step, "perhaps")
    with pytest.raises(Invalid):
        reply(stage, step, "yes", reason="")
    reply(stage, step, "yes")
    with pytest.raises(Conflict):
        reply(stage, step, "yes")


def test_a_manual_step_that_nobody_answers_in_time_fails(stage):
    steps = {
        "start": START,
        "first": manual("Call", timeout=60_000, on_success="end", on_failure="bad"),
        "bad": note("late", on_completion="end2"),
        "end": END,
        "end2": END,
    }
    run = begin(stage, book(steps, start="start"))
    assert stage.run(run).waits_for == "person"
    with scope.floor(None):
        Timer.objects.update(due_at="2020-01-01T00:00Z")
    stage.work()
    assert stage.run(run).state == "done"
    assert stage.things.done[-1][2]["text"] == "late"


@pytest.mark.parametrize(("said", "told"), [("yes", ["inside", "after"]), ("no", ["after"])])
def test_a_condition_that_the_values_cannot_decide_is_a_persons_question(stage, said, told):
    steps = {
        "start": START,
        "first": {
            "type": "if-condition",
            "name": "Is it odd?",
            "condition": "__odd__:value = true",
            "on_true": "in",
            "on_completion": "after",
        },
        "in": note("inside", on_completion="in_end"),
        "in_end": END,
        "after": note("after", on_completion="end"),
        "end": END,
    }
    run = begin(stage, book(steps, start="start", odd={}), odd="perhaps")
    assert (stage.run(run).waits_for, waiting(run).state) == ("person", "unknown")
    reply(stage, waiting(run), said)
    assert stage.run(run).state == "done"
    assert [args["text"] for _, _, args in stage.things.done] == told


def test_a_delay_is_a_row_and_nobody_sleeps(stage):
    run = begin(stage, book({"start": START, "first": note("later", delay=3_600_000, on_completion="end"), "end": END}, start="start"))
    assert (stage.run(run).state, stage.run(run).waits_for) == ("waiting", "timer")
    assert stage.things.done == []
    with scope.floor(None):
        (timer,) = Timer.objects.all()
        assert 3590 < (timer.due_at - run.started_at).total_seconds() < 3610
        Timer.objects.update(due_at="2020-01-01T00:00Z")
    stage.work()
    assert stage.run(run).state == "done"


@pytest.fixture
def siren(stage):
    """A product whose one action must never be repeated."""
    action = ProductAction(
        name="siren.sound",
        label="Sound the siren",
        method="POST",
        path="/hosts/{host}/isolate",
        effect=EffectClass.UNSAFE,
        reads=lambda answer, rendered: Outcome("ok"),
        reach=lambda parts: "Everyone hears it.",
    )
    products.register(Product("siren", "Siren", (action,)))
    with scope.floor(None):
        address = {"base_url": stage.product.address, "named_networks": ["127.0.0.1/32"]}
        connect(agency_id=stage.cast.north.pk, kind="siren", name="Siren", by=stage.cast.ada, **address)
    yield
    del products._products["siren"]


@pytest.mark.parametrize(("said", "told"), [("yes", "heard"), ("no", "silent")])
def test_an_unsafe_effect_is_never_repeated_and_a_person_says_whether_it_happened(stage, siren, said, told):
    steps = {
        "start": START,
        "first": http("POST /hosts/all/isolate HTTP/1.1", on_success="good", on_failure="bad"),
        "good": note("heard", on_completion="end"),
        "bad": note("silent", on_completion="end2"),
        "end": END,
        "end2": END,
    }
    stage.product.drop = [True]
    run = begin(stage, book(steps, start="start"))
    step = waiting(run)
    assert (step.state, stage.run(run).waits_for) == ("unknown", "person")
    for _ in range(3):
        with scope.floor(None):
            Run.objects.filter(pk=run.pk).update(state="ready", wake_at="2020-01-01T00:00Z")
        stage.work()
    reply(stage, step, said)
    assert stage.run(run).state == "done"
    assert stage.things.done[-1][2]["text"] == told
    assert len([r for r in stage.product.requests if r[0] == "POST"]) == 1
