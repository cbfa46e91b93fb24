"""The periods that a page offers to choose from."""

from datetime import datetime, timedelta

from soc.scorecards.periods import BadPeriod, Period, month_of, parse, periods_of

MONTHS = 6


def said(period: Period) -> str:
    """A period in words."""
    if period.name.startswith("FY"):
        return f"Fiscal year {period.name[2:]}"
    if "Q" in period.name:
        year, quarter = period.name.split("-")
        return f"{quarter} of {year}"
    return f"{period.start:%B %Y}" if "-" in period.name else f"Year {period.name}"


def periods_to_choose(now: datetime, asked: str) -> tuple[tuple[str, str], ...]:
    """The months lately, then quarter, year and fiscal year of today; what was asked for stands among them. Name and words."""
    found = [month_of(now)]
    while len(found) < MONTHS:
        found.append(month_of(found[-1].start - timedelta(days=1)))
    found += list(periods_of(now))[1:]
    try:
        wanted = parse(asked)
    except BadPeriod:
        wanted = found[0]
    if wanted.name not in {one.name for one in found}:
        found.insert(0, wanted)
    return tuple((one.name, said(one)) for one in found)
