"""Sign-ins, sign-outs and failures, written into the audit table; whom the other deployment serves does not get in."""

from datetime import UTC, datetime
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import connection
from django.shortcuts import render

from tenants.errors import NotAllowed
from tenants.gates.identifying import actor_of
from tenants.isolation.scope import acting_as, current


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """What allauth asks before a proven sign-in becomes a session."""

    def pre_login(self, request: Any, user: Any, **options: Any) -> Any:
        """Refuses, in words, a person whom this deployment does not serve; their password or passkey was right."""
        if current.get() is not None:
            acting_as(f"person:{user.pk}")
        answer = super().pre_login(request, user, **options)
        if answer is not None or settings.DEPLOYMENT == "both" or actor_of(user) is not None:
            return answer
        _write("sign_in_refused", f"person:{user.pk} {user.email} is not served here")
        error = NotAllowed("This address does not serve you.", cure="Sign in at the address of your own floor or agency.")
        return render(request, "errors/403.html", {"error": error, "error_page": True}, status=403)


def _write(what: str, note: str) -> None:
    if current.get() is None:  # a sign-in by a test's client opens no scope of its own
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_note(%s, NULL, %s)", [what, note.replace("\x00", "")[:1000]])


def _came(sender: Any, request: Any, user: Any, **_: Any) -> None:
    if request is not None:
        now = datetime.now(UTC).isoformat()
        request.session["began"] = now
        request.session["seen"] = now
    _write("sign_in", f"person:{user.pk} {user.email}")


def _went(sender: Any, request: Any, user: Any, **_: Any) -> None:
    if user is not None:
        _write("sign_out", f"person:{user.pk} {user.email}")


def _failed(sender: Any, credentials: dict[str, Any], **_: Any) -> None:
    _write("sign_in_failed", str(credentials.get("email") or credentials.get("username") or ""))


def listen() -> None:
    """Connect Django's signals; allauth sends the same ones."""
    user_logged_in.connect(_came, dispatch_uid="tenants.sign_in")
    user_logged_out.connect(_went, dispatch_uid="tenants.sign_out")
    user_login_failed.connect(_failed, dispatch_uid="tenants.sign_in_failed")
