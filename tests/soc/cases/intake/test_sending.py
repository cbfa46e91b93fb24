"""The command that sends a file over HTTP."""

import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from soc.cases.intake.batching import batches
from tests.soc.cases.intake.test_real_path import recorded


def send(file: Path | str, url: str, key: str = "", agency: str = "north") -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("send_alerts", str(file), agency=agency, url=url, key=key, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_file_is_sent_with_a_progress_bar_and_a_summary(cast: Any, live_server: Any, tmp_path: Path) -> None:
    file = tmp_path / "hits.jsonl"
    file.write_bytes(recorded("sigma-hits.jsonl"))
    out, err = send(file, live_server.url, cast.north_key)
    assert out == "accepted 552, repeated 0, refused 0\n"
    assert "552/552" in err
    out, _ = send(file, live_server.url, cast.north_key)
    assert out == "accepted 0, repeated 552, refused 0\n"


@pytest.mark.django_db(transaction=True)
def test_an_array_a_single_alert_and_a_broken_one_are_counted(cast: Any, live_server: Any, tmp_path: Path) -> None:
    file = tmp_path / "alerts.json"
    file.write_text(json.dumps([{"title": "One"}, {"title": "Two"}, {"nonsense": 1}], indent=2))
    assert send(file, live_server.url, cast.north_key)[0] == "accepted 2, repeated 0, refused 1\n"
    file.write_text(json.dumps({"title": "One"}, indent=2))
    assert send(file, live_server.url, cast.north_key)[0] == "accepted 0, repeated 1, refused 0\n"
    file.write_text("{broken")
    assert send(file, live_server.url, cast.north_key)[0] == "accepted 0, repeated 0, refused 1\n"


@pytest.mark.django_db(transaction=True)
def test_the_machines_own_floor_keeps_a_key_that_only_its_owner_reads_and_renews_it(
    cast: Any, live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "EMBEDDED", True)
    monkeypatch.setattr(settings, "VAR", tmp_path)
    monkeypatch.delenv("WATCHFLOOR_KEY", raising=False)
    file = tmp_path / "alert.json"
    file.write_text('{"title": "One"}')
    assert send(file, live_server.url)[0] == "accepted 1, repeated 0, refused 0\n"
    kept = tmp_path / "keys" / "north"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.write_text("wfk_000000000000_ended")
    assert send(file, live_server.url)[0] == "accepted 0, repeated 1, refused 0\n"
    with pytest.raises(CommandError, match="no agency nowhere"):
        send(file, live_server.url, agency="nowhere")


@pytest.mark.django_db(transaction=True)
def test_a_wrong_key_and_a_silent_address_are_said_plainly(cast: Any, live_server: Any, tmp_path: Path) -> None:
    file = tmp_path / "alert.json"
    file.write_text('{"title": "One"}')
    with pytest.raises(CommandError, match="401"):
        send(file, live_server.url, "wfk_000000000000_wrong")
    with pytest.raises(CommandError, match="is Watchfloor running"):
        send(file, "http://localhost:1", cast.north_key)


def test_a_file_is_cut_into_batches_that_keep_every_items_bytes() -> None:
    lines = [b'{"title":  "%d"}' % at for at in range(1200)]
    found = list(batches(b"\n\n".join(lines)))
    assert [part.count for part in found] == [500, 500, 200]
    assert [line for part in found for line in part.body.split(b"\n") if line] == lines
    (whole,) = batches(b'[ {"title": 1e400},\n {"title":  2} ]')
    assert whole.body == b'[{"title": 1e400},{"title":  2}]'
    (single,) = batches(b'{\n"title": "one"\n}')
    assert (single.count, single.kind) == (1, "application/json")
