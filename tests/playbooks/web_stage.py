"""What tests of web products do on the stage: join one to the north, run a book that calls it, let time pass."""

from typing import Any

from playbooks.models import Connector, Run, StepAttempt, Timer
from playbooks.operations.connecting import connect
from playbooks.operations.publishing import publish
from playbooks.operations.starting import start_run
from tenants.actors import system
from tenants.isolation import scope
from tests.playbooks.conftest import Stage
from tests.playbooks.web_product import WebProduct


def joined(stage: Stage, web: WebProduct, kind: str = "http", **more: Any) -> Connector:
    """The north is connected with the product, or its connector is changed."""
    told = {"name": f"The {kind}", "base_url": web.address, "named_networks": ["127.0.0.1/32"], "secret_name": "web", **more}
    with scope.floor(None):
        return connect(agency_id=stage.cast.north.pk, kind=kind, by=stage.cast.ada, **told)


def started(stage: Stage, slug: str, **variables: Any) -> Run:
    """A run of a book, as far as it goes."""
    one = stage.cast.north
    with scope.agency(one.pk):
        by = system("test", agency_id=one.pk)
        run = start_run(agency_id=one.pk, subject="case:5", book=slug, variables=variables, why="A test", by=by)
    stage.work()
    return run


def begin(stage: Stage, document: dict[str, Any], **variables: Any) -> Run:
    """A run of this document, as far as it goes."""
    with scope.floor(None):
        publish(slug="web", document=document, by=system("test"))
    return started(stage, "web", **variables)


def latest(run: Run) -> StepAttempt:
    """The last attempt at the step that calls."""
    with scope.floor(None):
        found: StepAttempt = StepAttempt.objects.filter(run=run, name__in=["Call", "get", "openc2"]).order_by("-id")[0]
        return found


def later(stage: Stage) -> None:
    """Every timer is over, and what waited for it goes on."""
    with scope.floor(None):
        Timer.objects.filter(fired_at=None).update(due_at="2020-01-01T00:00Z")
        Run.objects.filter(state="ready").update(wake_at="2020-01-01T00:00Z")
    stage.work()
