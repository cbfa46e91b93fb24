"""What nobody's view answers: unknown addresses, broken requests, failures; problem+json under /api/, pages elsewhere."""

from typing import Any

from django.shortcuts import render

from tenants.errors import DomainError
from tenants.gates.problems import answer

_TITLES = {
    400: ("bad_request", "The request could not be read"),
    403: ("not_allowed", "The request was refused"),
    404: ("not_found", "There is no such page or record for you"),
    500: ("internal", "Something failed on our side"),
}


def _failed(request: Any, status: int) -> Any:
    code, title = _TITLES[status]
    if request.path.startswith("/api/"):
        error = DomainError(title)
        error.code, error.title, error.status = code, title, status
        return answer(error)
    page = 403 if status == 400 else status
    return render(request, f"errors/{page}.html", {"error": None, "error_page": True}, status=status)


def bad_request(request: Any, exception: Any = None) -> Any:
    """400: a host, an encoding or a size that Django itself refuses."""
    return _failed(request, 400)


def forbidden(request: Any, exception: Any = None, reason: str = "") -> Any:
    """403: among them a form whose token is missing or old."""
    return _failed(request, 403)


def unknown(request: Any, exception: Any = None) -> Any:
    """404: the same words for unknown and foreign."""
    return _failed(request, 404)


def broken(request: Any) -> Any:
    """500: says nothing of itself; the log has it under the request id."""
    return _failed(request, 500)
