"""The yardstick for a WSGI server."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.minimal.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
