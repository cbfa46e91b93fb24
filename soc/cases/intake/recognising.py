"""Telling by its content which form an alert has, and making it normal."""

from soc.cases.intake import ocsf, plain, sigma
from soc.cases.intake.normal import Form, NormalAlert
from soc.cases.intake.problems import Problem, Refused
from soc.cases.intake.reading import kind


def recognise(alert: object) -> Form | Problem:
    """The form of a JSON value: OCSF Detection Finding, Sigma hit, our plain form, or the problem unknown_form.

    Cheap, and looks at the outline only: a recognised alert can still fail in `normalise`.
    """
    if not isinstance(alert, dict):
        return _unknown(f"The item is {kind(alert)}, not an object.")
    if "class_uid" in alert:
        uid = alert["class_uid"]
        if isinstance(uid, int) and not isinstance(uid, bool) and uid == ocsf.CLASS_UID:
            return "ocsf"
        return _unknown("This is an OCSF event of another class.")
    if isinstance(alert.get("rule"), dict) and isinstance(alert.get("event"), dict):
        return "sigma"
    if "title" in alert or (alert and set(alert) <= set(plain.FIELDS)):
        return "plain"
    return _unknown("The item has none of the forms that we know.")


def normalise(alert: object) -> NormalAlert | Problem:
    """The normal alert of a JSON value as `json.loads` gives it, or the problem. Never raises for any JSON value."""
    form = recognise(alert)
    if isinstance(form, Problem) or not isinstance(alert, dict):
        return form if isinstance(form, Problem) else _unknown("The item is not an object.")
    try:
        return {"ocsf": ocsf.normal, "sigma": sigma.normal, "plain": plain.normal}[form](alert)
    except Refused as refused:
        return refused.problem


def _unknown(detail: str) -> Problem:
    return Problem(
        code="unknown_form",
        field="",
        detail=detail,
        cure="Send an OCSF Detection Finding (class_uid 2004), a Sigma hit with `rule` and `event`, or our plain form with a `title`.",
    )
