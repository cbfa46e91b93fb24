"""The site's addresses: each app names its own in its urls.py, this page puts them together."""

from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [path("accounts/", include("allauth.urls"))]
urlpatterns += [path("", include(f"{app}.urls")) for app in settings.OWN_APPS if find_spec(f"{app}.urls")]

handler400 = "tenants.gates.failures.bad_request"
handler403 = "tenants.gates.failures.forbidden"
handler404 = "tenants.gates.failures.unknown"
handler500 = "tenants.gates.failures.broken"
