"""The yardstick for an ASGI server: the same plain view, and a bare Channels consumer."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.minimal.settings")

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

pages = get_asgi_application()

from bench.minimal.consumers import Bare

application = ProtocolTypeRouter({"http": pages, "websocket": URLRouter([path("ws/", Bare.as_asgi())])})
