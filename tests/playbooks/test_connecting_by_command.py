"""An operator connects an agency's product from the command line, as a floor without pages for it needs."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from playbooks.models import Connector
from tests.cast import Cast

HERE: dict[str, Any] = {"agency": "north", "name": "North EDR", "url": "http://127.0.0.1:9", "network": ["127.0.0.1/32"]}


@pytest.mark.django_db(transaction=True)
def test_the_product_is_connected_and_a_second_call_changes_it(cast: Cast, central: Any) -> None:
    said = StringIO()
    call_command("connect_product", **HERE, secret="edr", stdout=said)
    call_command("connect_product", **{**HERE, "url": "http://127.0.0.1:10"}, secret="edr", stdout=said)
    assert said.getvalue() == "North EDR is connected\n" * 2
    with central():
        (held,) = Connector.objects.filter(agency=cast.north, enabled=True)
    assert (held.kind, held.base_url, held.secret_name) == ("endpoint", "http://127.0.0.1:10", "edr")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wrong", [{"agency": "nowhere"}, {"url": "not an address"}, {"network": ["all of them"]}])
def test_what_is_wrong_is_said_and_nothing_is_connected(wrong: dict[str, Any], cast: Cast, central: Any) -> None:
    with pytest.raises(CommandError):
        call_command("connect_product", **{**HERE, **wrong})
    with central():
        assert not Connector.objects.exists()
