"""The site for a WSGI server: pages and API where many requests matter; sockets need soc.asgi."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "soc.settings")
os.environ.setdefault("WATCHFLOOR_PROCESS", "web")

from django.core.wsgi import get_wsgi_application

from tenants.gates.charsets import TextWSGIRequest

application = get_wsgi_application()
application.request_class = TextWSGIRequest
