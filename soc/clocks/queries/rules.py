"""The rule that holds for a kind of clock and a severity."""

from soc.clocks.models import Rule


class NoRule(LookupError):
    """No rule for that kind: the facts were not loaded, or the kind is unknown."""


def rule_for(kind: str, severity: str = "") -> Rule:
    """The newest wired rule of a kind, the one for that severity before the one for every severity. One query.

    Raises NoRule.
    """
    wired = Rule.objects.filter(kind=kind, wired=True, severity__in={severity, ""}).order_by("-severity", "-id")
    found: Rule | None = wired.first()
    if found is None:
        raise NoRule(f"no wired rule for {kind} {severity}: run `manage.py load_facts`")
    return found
