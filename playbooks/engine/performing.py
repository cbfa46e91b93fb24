"""Acting outside: no transaction is open here. Ask first where the result is not known, act under the same key."""

from urllib.parse import urlsplit

from playbooks.connectors.speaking import DEADLINE_SECONDS, NotSent, TooLate, Unsure, Way, send
from playbooks.engine.crashing import crash_point
from playbooks.engine.hand import FencedOff
from playbooks.engine.walking import Intent
from playbooks.products import Answer, Outcome, ProductAction, action_named


def perform(intent: Intent) -> Outcome:
    """Carry a call out, or find out what became of it. Never raises for what the other side does.

    Raises FencedOff when the lease would not last as long as the call may.
    """
    if intent.known:
        return Outcome("ok", "Known from an earlier worker's answer", intent.known.get("outputs", {}), intent.known.get("response", {}))
    action = action_named(intent.rendered["action"])
    if action is None or intent.way is None:
        return Outcome("unsure" if intent.ask else "failed", "The connector is gone or switched off.")
    if intent.ask and action.verifying is not None and action.happened is not None:
        found = _ask(intent, intent.way, action)
        if found is not None:
            return found
    return _call(intent, intent.way, action)


def _ask(intent: Intent, way: Way, action: ProductAction) -> Outcome | None:
    """What the product knows of this key; None when it knows nothing of it, so that the call may be made."""
    assert action.verifying is not None and action.happened is not None
    asking = action.verifying(intent.rendered)
    if asking is None:
        return None
    method, path = asking
    try:
        answer = send(way, method, way.base_url.rstrip("/") + path, {}, None)
    except (NotSent, Unsure) as error:
        return Outcome("unsure", f"The product could not be asked: {error}")
    if action.absent is not None and action.absent(answer, intent.rendered):
        return None
    if answer.status != 200:
        return Outcome("unsure", f"The product could not be asked: it answered {answer.status}")
    return action.happened(answer, intent.rendered)


def _call(intent: Intent, way: Way, action: ProductAction) -> Outcome:
    rendered = intent.rendered
    base, url = way.base_url.rstrip("/"), rendered["url"]
    if not (url == base or url.startswith((f"{base}/", f"{base}?"))) or urlsplit(url).hostname != urlsplit(base).hostname:
        return Outcome("failed", "The connector's address changed.")
    headers = {name: value for name, value in rendered["headers"].items() if name != "Authorization"}
    crash_point("before_call")
    try:
        # What leaves now is over before the lease is: another worker that takes the run asks about a call that has ended.
        answer = send(
            way,
            rendered["method"],
            url,
            headers,
            rendered["body"],
            content=rendered.get("content", ""),
            leave_by=intent.sure_until - DEADLINE_SECONDS,
        )
    except TooLate as error:
        raise FencedOff from error
    except NotSent as error:
        # An earlier attempt under this key may have arrived; this one did not.
        doubt = intent.again and rendered["effect"] != "read"
        return Outcome("unsure" if doubt else "failed", f"The request was not sent: {error}", passing=error.passing)
    except Unsure as error:
        return Outcome("unsure", f"It is not known whether the request was carried out: {error}")
    crash_point("after_call")
    return judged(action, answer, intent)


def judged(action: ProductAction, answer: Answer, intent: Intent) -> Outcome:
    """What an answer means: 2xx is for the action to read, 429 passes, other 3xx and 4xx are refusals, 5xx leaves it open.

    To a call that may have been made before, what is gone says that it was deleted, and a conflict may be with itself. 303 tells where
    the result of what was done stands (RFC 9110, 15.4.4).
    """
    told = {"status": answer.status, "body": answer.body, **({"retry_after": answer.retry_after} if answer.retry_after else {})}
    said = action.judges(answer, intent.rendered) if action.judges is not None and not 300 <= answer.status < 400 else None
    if said is not None:
        return said
    if 200 <= answer.status < 300:
        return action.reads(answer, intent.rendered)
    method, effect = intent.rendered["method"], intent.rendered["effect"]
    if intent.again and method == "DELETE" and answer.status in (404, 410):
        return Outcome("ok", "It is gone: the call before this one deleted it.", response=told)
    if (intent.again and effect == "keyed" and answer.status == 409) or (effect != "read" and answer.status == 303):
        return Outcome("unsure", f"The product answered {answer.status}: it may have been done.", response=told)
    if 300 <= answer.status < 400:
        return Outcome("failed", f"The product answered {answer.status}: redirects are not followed.", response=told)
    if answer.status in (408, 425, 429):
        return Outcome("failed", f"The product answered {answer.status}.", response=told, passing=True)
    if answer.status >= 500:
        return Outcome("unsure", f"The product answered {answer.status}.", response=told)
    return Outcome("failed", f"The product refused with {answer.status}.", response=told)
