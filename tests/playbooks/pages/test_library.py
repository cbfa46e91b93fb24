"""The library: which books there are, and each one read aloud."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db(transaction=True)

BOOK = "/playbooks/malware-on-a-host/"


@pytest.mark.parametrize(("who", "status"), [("ana", 200), ("lee", 200), ("aud", 200), ("ada", 200), ("nia", 404)])
def test_who_reads_the_library(stage, client_of, who, status):
    client = client_of(who)
    assert client.get("/playbooks/").status_code == status
    assert client.get(BOOK).status_code == status
    assert client.get("/playbooks/nothing-like-it/").status_code == 404


def test_a_book_is_read_aloud(stage, client_of):
    text = client_of("ana").get(BOOK).text
    assert "When severity is high or critical and host count is more than 0." in text
    assert "Whether severity is critical or host contains dc, srv or sql" in text
    assert "POST /hosts/[host]/isolate" in text
    assert "Asks first: “Isolate host [host] from the network”" in text
    assert "Note that it was not isolated</span>" in text.split("When it is not: ", 1)[1]
    assert "it ends, “Isolated”" in text
    assert text.count('class="book-no"') == text.count("node-plain")


def test_runs_stand_with_the_book_for_those_who_read_runs(stage, client_of):
    run = stage.start()
    stage.start(subject="case:2", agency="south", hosts=["ws-9"])
    stage.work()
    assert "2, 2 at work now" in client_of("ana").get("/playbooks/").text
    assert "1, 1 at work now" in client_of("zoe").get("/playbooks/").text
    assert f"/runs/{run.public_id}/" in client_of("aud").get(BOOK).text
    assert f"/runs/{run.public_id}/" not in client_of("zoe").get(BOOK).text
    admin = client_of("ada")
    assert "at work" not in admin.get("/playbooks/").text and "/runs/" not in admin.get(BOOK).text


def test_a_book_costs_the_same_however_often_it_ran(stage, client_of):
    client = client_of("ana")

    def cost():
        client.get(BOOK)
        with CaptureQueriesContext(connection) as spent:
            client.get(BOOK)
        return len(spent)

    stage.start()
    stage.work()
    before = cost()
    for number in range(2, 5):
        stage.start(subject=f"case:{number}")
    stage.work()
    assert cost() == before
