"""Template tags for the marks of the house: severity, stage, clocks, agencies, owners, TLP, times and icons."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import get_template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from soc.home.durations import TimeLeft, in_words, share_used, time_left

register = template.Library()

_BARS = {"informational": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}
_STAGES = {
    "new": "New",
    "triage": "Triage",
    "investigating": "Investigating",
    "contained": "Contained",
    "recovered": "Recovered",
    "closed": "Closed",
}
_STEPS = {
    "done": "Done",
    "running": "Running",
    "waits": "Waits for a person",
    "timer": "Waits for a timer",
    "not_started": "Not started",
    "skipped": "Skipped",
    "failed": "Failed",
}
_TLP = {
    "red": "TLP:RED",
    "amber": "TLP:AMBER",
    "amber+strict": "TLP:AMBER+STRICT",
    "green": "TLP:GREEN",
    "clear": "TLP:CLEAR",
}
SELECTED, SAYS_LEFT = mark_safe(" selected"), mark_safe(' data-says="left"')
_WHO = {"person": "Person", "agency": "Agency", "automation": "Automation", "sensor": "Sensor"}


# A page draws the same few marks hundreds of times; each is drawn once and kept, escaped as it is.
drawn_once = lru_cache(maxsize=2_000, typed=True)  # what is safe as it is and what is yet to be escaped are two things


@drawn_once
def mark(name: str, css: str = "mark", title: str = "") -> SafeString:
    """Return the drawing `name` of the sprite; silent for screen readers unless it has a `title`."""
    href = f"{static('icons/marks.svg')}#{name}"
    if title:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><title>{}</title><use href="{}"></use></svg>',
            css, title, title, href,
        )  # fmt: skip
    return format_html('<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', css, href)


@register.simple_tag
def icon(name: str, title: str = "", css: str = "mark") -> SafeString:
    """Draw one mark of the sprite."""
    return mark(name, css, title)


@register.simple_tag
@drawn_once
def severity(level: str) -> SafeString:
    """Draw the four bars and say the word; only Critical is a filled chip."""
    level = str(level)
    return format_html('<span class="sev sev-{}">{}{}</span>', level, mark(f"sev-{_BARS.get(level, 0)}", ""), level.capitalize())


@register.simple_tag
@drawn_once
def stage(state: str, ahead: bool = False) -> SafeString:
    """Draw the ring of a case's state and say the word; a state still `ahead` has a dashed ring."""
    state = str(state)
    word = _STAGES.get(state, state.capitalize())
    return format_html(
        '<span class="stage stage-{}">{}<span class="stage-word">{}</span></span>',
        state,
        mark("stage-new" if ahead else f"stage-{state}", ""),
        word,
    )


@register.simple_tag
@drawn_once
def step(state: str, word: str = "") -> SafeString:
    """Draw the state of a step of a run (done, running, waits, timer, not_started, skipped, failed) with its word."""
    return format_html(
        '<span class="step step-{}">{}<span class="step-word">{}</span></span>',
        state, mark(f"step-{state}", ""), word or _STEPS.get(state, state),
    )  # fmt: skip


@register.simple_tag
def who(kind: str) -> SafeString:
    """Draw who did something: person, agency, automation or sensor; the mark has a name for screen readers."""
    return mark(kind, f"mark mark-{kind}", _WHO.get(kind, kind.capitalize()))


@register.simple_tag
@drawn_once
def agency_badge(acronym: str, name: str = "") -> SafeString:
    """Show an agency's acronym as a badge; the whole name is its title where known."""
    if name:
        return format_html('<abbr class="badge" title="{}">{}</abbr>', name, acronym)
    return format_html('<span class="badge">{}</span>', acronym)


@register.simple_tag
@drawn_once
def owner(name: str, initials: str, you: bool = False, big: bool = False) -> SafeString:
    """Show a person as a disc of initials whose name is read aloud and shown on hover."""
    css = "avatar" + (" avatar-you" if you else "") + (" avatar-big" if big else "")
    return format_html(
        '<span class="{}" title="{}"><span aria-hidden="true">{}</span><span class="unseen">{}</span></span>',
        css, name, initials, f"{name}, you" if you else name,
    )  # fmt: skip


@register.simple_tag
@drawn_once
def tlp(level: str) -> SafeString:
    """Show a TLP 2.0 label in the standard's own colours."""
    level = str(level).lower()
    return format_html('<span class="tlp tlp-{}">{}</span>', level.replace("+", "-"), _TLP.get(level, level.upper()))


@register.simple_tag
def when(at: datetime | None, form: str = "auto", missing: str = "unknown") -> SafeString:
    """Show a time in the reader's zone; the exact time in UTC is its title.

    `form`: `time` (14:32), `exact` (14:32:07), `day` (24 Nov), `full` (24 Nov 14:32), or `auto`: the time alone
    for today, the day alone for other days of this year.
    """
    if at is None:
        return format_html('<span class="tone-quiet">{}</span>', missing)
    zone = timezone.get_current_timezone()
    return _time_element(at, form, zone, timezone.localtime(timezone.now(), zone).date())


@register.simple_tag(takes_context=True)
def clock(context: template.Context, facts: Any, form: str = "left", soon_seconds: int = 900) -> SafeString:
    """Show what a clock has left; `form` is `left` (11m), `lead` (11m left), `line` (name, meter, time) or `card`."""
    at = context.get("at") or timezone.now()
    said = time_left(
        state=str(_fact(facts, "state")),
        at=at,
        started_at=_fact(facts, "started_at"),
        due_at=_fact(facts, "due_at"),
        stopped_at=_fact(facts, "stopped_at"),
        limit_seconds=_fact(facts, "limit_seconds"),
        soon_seconds=soon_seconds,
    )
    if form in {"left", "lead"}:
        return _left(facts, said, said.lead if form == "lead" else said.text, soon_seconds)
    used = share_used(
        at=at,
        started_at=_fact(facts, "started_at"),
        stopped_at=_fact(facts, "stopped_at"),
        limit_seconds=_fact(facts, "limit_seconds"),
    )
    tone = {"soon": "soon", "late": "late", "met": "met"}.get(said.tone, str(_fact(facts, "state")))
    bar = meter(used, tone)
    label = _fact(facts, "label") or str(_fact(facts, "kind")).capitalize()
    if form == "line":
        return format_html(
            '<li class="clock-line"><span>{}</span>{}<span class="clock-said">{} {}</span></li>',
            label, bar, _left(facts, said, said.lead, soon_seconds), said.rest,
        )  # fmt: skip
    return format_html(
        '<p class="clock-card-left">{} {}</p>{}',
        format_html("<b>{}</b>", _left(facts, said, said.lead, soon_seconds)), said.rest, bar,
    )  # fmt: skip


@register.simple_tag
def meter(percent: float, tone: str = "running") -> SafeString:
    """Draw a bar that is `percent` full (0 to 100); the words beside it say the same, so it is silent."""
    return format_html(
        '<svg class="meter meter-{}" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="track" width="100" height="4"></rect><rect class="used" width="{}" height="4"></rect></svg>',
        tone, max(0, min(100, round(percent))),
    )  # fmt: skip


@register.filter
def duration(seconds: float | None) -> str:
    """Say a length of time given in seconds (or as a timedelta); nothing for None."""
    if seconds is None:
        return ""
    return in_words(seconds.total_seconds() if hasattr(seconds, "total_seconds") else float(seconds))


@register.filter
def defanged(value: str) -> str:
    """Write an address, domain or URL so that nobody follows it by accident: `cdn[.]example`."""
    text = str(value).replace("http://", "hxxp://").replace("https://", "hxxps://")
    scheme, mark_, rest = text.rpartition("://") if "://" in text else ("", "", text)
    place, slash, path = rest.partition("/")
    head, dot, tail = place.rpartition(".")
    return f"{scheme}{mark_}{head}[.]{tail}{slash}{path}" if dot else text


@register.filter
def words(text: str) -> list[str]:
    """Split a list of words written with blanks."""
    return str(text).split()


@register.filter
def say_role(role: str) -> str:
    """Say a role in words: `watch_lead` is a watch lead."""
    return str(role).replace("_", " ")


@register.filter
def say_zone(zone: str) -> str:
    """Say a time zone as people do: `America/New_York` is New York time, `UTC` stays."""
    place = str(zone).rpartition("/")[2].replace("_", " ")
    return f"{place} time" if "/" in str(zone) else place


@register.simple_tag
@drawn_once
def stylesheet(name: str) -> str:
    """Return the address of one of the house's style sheets."""
    return static(f"style/{name}.css")


@register.simple_tag
@drawn_once
def drawn(name: str, row: Any) -> SafeString:
    """Draw a frozen row by a template of that name, which knows nothing else; the same row is drawn once, whoever reads it."""
    return format_html("{}", get_template(name).render({"row": row}))


@register.simple_tag
@drawn_once
def link(name: str, *arguments: str) -> str:
    """Return an address as `url` does; a list asks for the same few again and again."""
    return reverse(name, args=arguments)


@register.simple_tag
@lru_cache(maxsize=100)
def options(choices: tuple[tuple[str, str], ...], chosen: str = "") -> SafeString:
    """Draw the options of a field from pairs of value and label; a long list is drawn once and not each time."""
    # `escape` leaves nothing as it is, so equal texts give the same options whatever they came as.
    pairs = ((escape(value), SELECTED if value == chosen else "", escape(label)) for value, label in choices)
    return format_html_join("", '<option value="{}"{}>{}</option>', pairs)


@register.simple_tag
@drawn_once
def key(name: str) -> SafeString:
    """Show a key; it appears only where single keys work."""
    return format_html('<kbd class="key" aria-hidden="true">{}</kbd>', name)


def _left(facts: Any, said: TimeLeft, text: str, soon_seconds: int) -> SafeString:
    due_at = _fact(facts, "due_at")
    runs = _fact(facts, "stopped_at") is None and str(_fact(facts, "state")) in {"running", "late"}
    if due_at is None:
        return format_html('<span class="left tone-{}">{}</span>', said.tone, text)
    if not runs:
        return format_html('<span class="left tone-{}" title="due {}">{}</span>', said.tone, _exact(due_at), text)
    return format_html(
        '<time class="left tone-{}" {} data-soon="{}"{}>{}</time>',
        said.tone, _due(due_at), soon_seconds, SAYS_LEFT if text == said.lead else "", text,
    )  # fmt: skip


@drawn_once
def _due(at: datetime) -> SafeString:
    return format_html('datetime="{}" title="due {}" data-due="{}"', at.isoformat(), _exact(at), int(at.timestamp()))


@drawn_once
def _time_element(at: datetime, form: str, zone: tzinfo, today: date) -> SafeString:
    text = _said(timezone.localtime(at, zone), form, today)
    return format_html('<time class="when" datetime="{}" title="{}">{}</time>', at.isoformat(), _exact(at), text)


def _exact(at: datetime) -> str:
    return f"{at.astimezone(UTC):%d %b %Y %H:%M:%S} UTC"


def _said(local: datetime, form: str, today: date) -> str:
    day = f"{local.day} {local:%b}" if local.year == today.year else f"{local.day} {local:%b %Y}"
    if form == "auto":
        form = "time" if local.date() == today else "day"
    return {
        "time": f"{local:%H:%M}",
        "exact": f"{local:%H:%M:%S}",
        "day": day,
        "full": f"{day} {local:%H:%M}",
    }[form]


def _fact(facts: Any, name: str) -> Any:
    if isinstance(facts, Mapping):
        return facts.get(name)
    return getattr(facts, name, None)
