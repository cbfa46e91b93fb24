"""A bare Channels consumer: joins one group and passes on what it hears."""

import json
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer


class Bare(AsyncWebsocketConsumer):
    """What a tutorial would make of a bell."""

    async def connect(self) -> None:
        """Everyone is in one group."""
        await self.channel_layer.group_add("all", self.channel_name)
        await self.accept()
        await self.send(text_data="hi")

    async def tell(self, message: dict[str, Any]) -> None:
        """Pass it on."""
        await self.send(text_data=json.dumps({"n": message["n"]}))
