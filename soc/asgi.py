"""The site for an ASGI server: pages, API and sockets in one process."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soc.settings")
os.environ.setdefault("WATCHFLOOR_PROCESS", "web")

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

from tenants.gates.charsets import TextASGIRequest

pages = get_asgi_application()
pages.request_class = TextASGIRequest

# After Django is up: the socket's code knows models.
from soc.live.routing import websocket_urlpatterns
from tenants.gates.origins import OwnOrigin

application = ProtocolTypeRouter(
    {
        "http": pages,
        # A page of another site may not open our socket with a reader's cookie.
        "websocket": OwnOrigin(URLRouter(websocket_urlpatterns)),
    }
)
