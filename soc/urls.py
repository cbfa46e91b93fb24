"""The site's addresses: each app names its own, this page puts them together."""

from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

# An app's own urls.py holds its pages and its routes under api/v1/.
APPS = ["tenants", "playbooks", "soc.clocks", "soc.cases", "soc.scorecards", "soc.live", "soc.home"]


def there(module: str) -> bool:
    """Whether a module exists."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("soc.health.urls")),
    path("accounts/", include("allauth.urls")),
]
for app in APPS:
    if app in settings.INSTALLED_APPS and there(f"{app}.urls"):
        urlpatterns.append(path("", include(f"{app}.urls")))

handler400 = "tenants.gates.failures.bad_request"
handler403 = "tenants.gates.failures.forbidden"
handler404 = "tenants.gates.failures.unknown"
handler500 = "tenants.gates.failures.broken"
