"""The marks that pages draw: what they show, what they say to screen readers, and that they escape what they are given."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone
from django.utils.safestring import mark_safe

AT = datetime(2026, 11, 24, 14, 32, 7, tzinfo=UTC)


def drawn(source, **context):
    return Template("{% load look %}" + source).render(Context({"at": AT, **context}))


def contain(minutes_left, **more):
    due = AT + timedelta(minutes=minutes_left)
    return {
        "kind": "contain", "label": "Contain", "state": "running", "started_at": due - timedelta(hours=1),
        "due_at": due, "stopped_at": None, "limit_seconds": 3600, **more,
    }  # fmt: skip


def test_a_severity_is_a_mark_and_a_word():
    html = drawn('{% severity "critical" %}')
    assert "sev-critical" in html and "#sev-4" in html and "Critical" in html


def test_a_stage_says_its_word_also_where_only_the_ring_is_seen():
    assert '<span class="stage-word">Contained</span>' in drawn('{% stage "contained" %}')
    assert "#stage-new" in drawn('{% stage "contained" True %}')


def test_a_running_clock_carries_its_due_time_for_the_browser_and_in_utc_for_people():
    html = drawn("{% clock c %}", c=contain(11))
    assert ">11m<" in html and "tone-soon" in html
    assert f'data-due="{int((AT + timedelta(minutes=11)).timestamp())}"' in html
    assert 'title="due 24 Nov 2026 14:43:07 UTC"' in html


def test_a_late_clock_says_late_in_a_word_and_fills_its_bar():
    html = drawn('{% clock c "card" %}', c=contain(-6, state="late"))
    assert "6m late" in html and "meter-late" in html and 'width="100"' in html


def test_a_stopped_clock_no_longer_ticks():
    html = drawn('{% clock c "line" %}', c=contain(11, state="met", stopped_at=AT - timedelta(minutes=27)))
    assert "Met" in html and "in 22m of 1h" in html and "data-due" not in html


def test_clocks_may_be_objects_as_well_as_mappings():
    facts = type("Clock", (), contain(38))()
    assert ">38m left<" in drawn('{% clock c "lead" %}', c=facts)


@pytest.mark.parametrize("source", ["{% agency_badge x x %}", "{% owner x x %}", "{% severity x %}", '{% step "done" x %}', "{% tlp x %}"])
def test_marks_escape_what_they_are_given(source):
    assert "<script" not in drawn(source, x="<script>alert(1)</script>").lower()


def test_observables_are_written_so_that_nobody_follows_them_by_accident():
    assert drawn("{{ x|defanged }}", x="https://cdn.example/a") == "hxxps://cdn[.]example/a"
    assert drawn("{{ x|defanged }}", x="203.0.113.77") == "203.0.113[.]77"


def test_an_unknown_time_says_so():
    assert "unknown" in drawn("{% when x %}", x=None)
    assert 'title="24 Nov 2026 14:32:07 UTC"' in drawn('{% when x "time" %}', x=AT)


def test_what_was_drawn_of_safe_text_is_not_shown_for_the_same_text_unsafe():
    known, typed = mark_safe("<b>ok</b>"), "<b>ok</b>"
    assert ">ok</b>" in drawn("{% agency_badge x %}", x=known)
    assert "&lt;b&gt;" in drawn("{% agency_badge x %}", x=typed)
    for choices in (((known, known),), ((typed, typed),)):
        assert drawn("{% options x %}", x=choices) == '<option value="&lt;b&gt;ok&lt;/b&gt;">&lt;b&gt;ok&lt;/b&gt;</option>'


def test_options_say_which_one_is_chosen():
    html = drawn('{% options x "b" %}', x=(("a", "A"), ("b", "B & C")))
    assert html == '<option value="a">A</option><option value="b" selected>B &amp; C</option>'


def test_a_time_is_said_anew_for_each_zone_and_day():
    at = datetime.now(UTC).replace(hour=23, minute=30)
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        there = drawn('{% when x "full" %}', x=at)
    assert f">{at.day} {at:%b} 23:30<" in drawn('{% when x "full" %}', x=at)
    assert " 08:30<" in there
