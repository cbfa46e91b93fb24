"""The rule that holds for a kind of clock and a severity."""

from collections.abc import Iterable

from soc.clocks.models import Rule


class NoRule(LookupError):
    """No rule for that kind: the facts were not loaded, or the kind is unknown."""


def rule_for(kind: str, severity: str = "") -> Rule:
    """The newest wired rule of a kind, the one for that severity before the one for every severity. One query. Raises NoRule."""
    return rules_for((kind,), severity)[kind]


def rules_for(kinds: Iterable[str], severity: str = "") -> dict[str, Rule]:
    """`rule_for` of several kinds. One query. Raises NoRule when one has none."""
    wanted = tuple(kinds)
    wired = Rule.objects.filter(kind__in=wanted, wired=True, severity__in={severity, ""}).order_by("severity", "id")
    found = {rule.kind: rule for rule in wired}
    for kind in wanted:
        if kind not in found:
            raise NoRule(f"no wired rule for {kind} {severity}: run `manage.py load_facts`")
    return found
