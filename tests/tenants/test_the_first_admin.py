"""A new floor gets its first admin from the command line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client


@pytest.mark.django_db(transaction=True)
def test_a_new_floors_first_admin_signs_in_with_the_password_shown_once() -> None:
    shown = StringIO()
    call_command("create_admin", email="ada@watchfloor.example", name="Ada Brook", stdout=shown)
    client = Client()
    answer = client.post("/accounts/login/", {"login": "ada@watchfloor.example", "password": shown.getvalue().strip()})
    assert answer.status_code == 302
    assert client.get("/people/").status_code == 200
    with pytest.raises(CommandError, match="exists"):
        call_command("create_admin", email="ada@watchfloor.example", name="Ada Again", stdout=shown)
