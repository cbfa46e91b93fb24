"""Facts reach their subscribers once, in order, and poison is parked in sight."""

from dataclasses import dataclass

import pytest
from django.db import OperationalError, connection, transaction

from tenants.actors import system
from tenants.journal import delivery, subscribing
from tenants.journal.recording import OutsideTransaction, record
from tenants.models import Delivery, Entry
from tenants.operations.deliveries import retry_delivery, skip_delivery


@dataclass(frozen=True)
class BellRang:
    """A fact of this test."""

    note: str


# The registry finds event classes by their app; this one is told.
KIND = subscribing.kind_of(BellRang)


@pytest.fixture
def heard(cast):
    delivery.deliver_some(cast.north.pk, most=1000)  # what the making of the cast left to do
    notes: list[tuple[str, str]] = []
    broken: list[str] = []

    @subscribing.reacts_to(BellRang)
    def listen(event, entry):
        if event.note == "poison":
            raise ValueError("cannot bear this")
        if event.note == "the line breaks" and not broken:
            broken.append(event.note)
            connection.connection.close()
            connection.cursor().execute("SELECT 1")
        notes.append((event.note, entry.subject))

    yield notes
    subscribing._by_kind.pop(KIND)
    subscribing._by_name.pop(f"{listen.__module__}.{listen.__name__}")


def write(cast, in_scope, *notes, subject="bell:1"):
    with in_scope(cast.nia):
        for note in notes:
            record(BellRang(note=note), agency_id=cast.north.pk, subject=subject, by=system("test"))


@pytest.mark.django_db(transaction=True)
def test_a_fact_outside_a_transaction_is_refused():
    with pytest.raises(OutsideTransaction):
        record(BellRang(note="x"), agency_id=1, subject="bell:1", by=system("test"))


def test_facts_arrive_in_order_and_once(cast, in_scope, heard, central):
    write(cast, in_scope, "first", "second", "third")
    assert delivery.deliver_some(cast.north.pk) == 3
    assert delivery.deliver_some(cast.north.pk) == 0
    assert [note for note, _ in heard] == ["first", "second", "third"]
    with central():
        assert set(Delivery.objects.filter(subject="bell:1").values_list("state", flat=True)) == {"done"}


def test_a_failing_reaction_is_parked_and_holds_back_its_subject_only(cast, in_scope, heard, central, monkeypatch):
    monkeypatch.setattr(delivery, "BACKOFF_SECONDS", (0,))
    write(cast, in_scope, "poison", "after the poison")
    write(cast, in_scope, "elsewhere", subject="bell:2")
    delivery.deliver_some(cast.north.pk, most=100)
    assert heard == [("elsewhere", "bell:2")]
    with central():
        parked = Delivery.objects.get(state="parked")
        assert parked.attempts == delivery.MOST_ATTEMPTS
        assert "cannot bear this" in parked.error


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_is_no_failure_of_the_reaction(cast, in_scope, heard, central):
    write(cast, in_scope, "the line breaks")
    with pytest.raises(OperationalError):
        delivery.deliver_some(cast.north.pk, most=100)
    with central():
        left = Delivery.objects.get(subject="bell:1")
        assert (left.state, left.attempts, left.error) == ("open", 0, "")
    assert delivery.deliver_some(cast.north.pk, most=100) == 1
    assert heard == [("the line breaks", "bell:1")]


def test_a_person_lets_the_subject_go_on_without_the_poison(cast, in_scope, heard, central, monkeypatch):
    monkeypatch.setattr(delivery, "BACKOFF_SECONDS", (0,))
    write(cast, in_scope, "poison", "after the poison")
    delivery.deliver_some(cast.north.pk, most=100)
    with central():
        parked = Delivery.objects.get(state="parked")
    with in_scope(cast.lee):
        retry_delivery(delivery_id=parked.pk, reason="try once more", by=cast.lee)
    delivery.deliver_some(cast.north.pk, most=100)
    with in_scope(cast.lee):
        skip_delivery(delivery_id=parked.pk, reason="it will never work", by=cast.lee)
    delivery.deliver_some(cast.north.pk, most=100)
    assert [note for note, _ in heard] == ["after the poison"]


def test_a_fact_rolls_back_with_what_it_speaks_of(cast, in_scope, heard, central):
    class Stop(Exception):
        pass

    with pytest.raises(Stop), in_scope(cast.nia), transaction.atomic():
        record(BellRang(note="never"), agency_id=cast.north.pk, subject="bell:1", by=system("test"))
        raise Stop
    with central():
        assert not Entry.objects.filter(kind=KIND).exists()
    assert delivery.deliver_some(cast.north.pk) == 0
