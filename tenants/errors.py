"""Domain errors: each names a fact, carries a stable code and the HTTP status that doors answer with."""

from collections.abc import Callable
from typing import Any


class DomainError(Exception):
    """A refusal that people can act on.

    `code` is stable for scripts, `status` is the HTTP status, `field` names the input at fault, `cure` says
    what to do, `extra` goes into the problem document as it is. `afterwards` is what the gate does once all is rolled back:
    given by an operation that wants its refusal written down beside what was refused.
    """

    code = "refused"
    status = 422
    title = "The request was refused"
    afterwards: Callable[[], None] | None = None

    def __init__(self, detail: str = "", *, field: str | None = None, cure: str = "", **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.field = field
        self.cure = cure
        self.extra = extra


class Unknown(DomainError):
    """There is no such thing, or the caller may not know of it: the two are the same answer."""

    code, status, title = "not_found", 404, "There is no such page or record for you"


class NotAllowed(DomainError):
    """The caller may see the thing but not do this to it."""

    code, status, title = "not_allowed", 403, "Your role does not allow this"


class Unauthenticated(DomainError):
    """No valid key, token or session."""

    code, status, title = "not_authenticated", 401, "Sign in, or send a valid key or token"


class StepUpRequired(DomainError):
    """The action asks for a fresh second factor, which a token cannot give."""

    code, status, title = "step_up_required", 403, "Confirm with your second factor first"


class VersionRequired(DomainError):
    """The edit names no version."""

    code, status, title = "version_required", 428, "Name the version that you saw"

    def __init__(self) -> None:
        super().__init__("This edit names no version.", field="If-Match", cure="Send If-Match with the version that you read.")


class Stale(DomainError):
    """Someone else changed the thing since it was read."""

    code, status, title = "stale_version", 409, "Someone changed this since you read it"


class Conflict(DomainError):
    """The state of the thing does not allow the change now."""

    code, status, title = "conflict", 409, "The change does not fit the present state"


class Invalid(DomainError):
    """An input is wrong; `field` and `cure` say which and how."""

    code, status, title = "invalid", 422, "An input is not right"


class TooLarge(DomainError):
    """The body is over the limit."""

    code, status, title = "too_large", 413, "The body is too large"


class UnsupportedForm(DomainError):
    """The content type or encoding is not one that we read."""

    code, status, title = "unsupported_media_type", 415, "This content type is not accepted"


class TooFast(DomainError):
    """The caller is over its rate; `retry_after` is in seconds."""

    code, status, title = "too_fast", 429, "Too many requests"

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(f"Wait {retry_after} seconds.", cure=f"Try again after {retry_after} seconds.", retry_after=retry_after)
        self.retry_after = retry_after


def require(condition: bool, error: DomainError) -> None:
    """Raise `error` unless `condition` holds."""
    if not condition:
        raise error
