"""The recorded alerts of real products become the alerts that they are."""

from pathlib import Path

import pytest

from soc.cases.intake.grouping import about, fingerprint
from soc.cases.intake.normal import NormalAlert
from soc.cases.intake.problems import Problem
from soc.cases.intake.recognising import normalise
from soc.cases.intake.splitting import split

ALERTS = Path(__file__).parents[4] / ".." / "shared" / "data" / "alerts"


def body(name: str) -> bytes:
    path = ALERTS / name
    if not path.exists():
        pytest.skip(f"the recording {name} is not beside this repository")
    return path.read_bytes()


def hits() -> list[NormalAlert]:
    found = [normalise(item.alert) for item in split(body("sigma-hits.jsonl"), ndjson=True).items]
    assert all(isinstance(alert, NormalAlert) for alert in found)
    return [alert for alert in found if isinstance(alert, NormalAlert)]


def test_552_sigma_hits_make_77_groups_of_rule_and_host() -> None:
    alerts = hits()
    assert len(alerts) == 552
    assert len({(alert.rule_key, alert.entities[0]) for alert in alerts}) == 77
    assert len({fingerprint(alert) for alert in alerts}) == 77
    assert {alert.entities[0].type for alert in alerts} == {"host"}
    assert all(alert.happened_at is not None for alert in alerts)


def test_every_sigma_hit_is_an_alert_of_its_own() -> None:
    items = split(body("sigma-hits.jsonl"), ndjson=True).items
    assert len({item.idempotency_key for item in items}) == 552


def test_the_sigma_hits_carry_accounts_hashes_and_techniques() -> None:
    alerts = hits()
    accounts = {entry.value for alert in alerts for entry in alert.observables if entry.type == "account"}
    assert {"PANDALAB\\Administrator", "NT AUTHORITY\\SYSTEM", "THESHIRE\\sbeavers", "shire\\HFDC01$"} & accounts
    assert not any(name.endswith("\\-") or name in ("", "-") for name in accounts)
    hashes = {entry.algorithm for alert in alerts for entry in alert.observables if entry.type == "hash"}
    assert hashes == {"sha1", "md5", "sha256", "imphash"}
    techniques = {name for alert in alerts for name in alert.techniques}
    assert "T1059.001" in techniques
    assert not any(name.startswith("S") for name in techniques)


def test_the_guardduty_finding_is_one_alert() -> None:
    posting = split(body("ocsf-detection-finding-guardduty.json"), ndjson=False)
    assert posting.single and len(posting.items) == 1
    found = normalise(posting.items[0].alert)
    assert isinstance(found, NormalAlert)
    assert (found.form, found.severity) == ("ocsf", "low")
    assert found.rule_name == "TTPs/Defense Evasion/Stealth:IAMUser-CloudTrailLoggingDisabled"
    assert found.happened_at is not None and found.happened_at.isoformat() == "2023-09-19T14:55:09+00:00"
    assert [(entry.type, entry.value) for entry in found.observables] == [("address", "52.94.133.131")]
    assert ("resource", "AWS::IAM::AccessKey:ASIATMJPC7EXAMPLE") in [(entry.type, entry.value) for entry in found.entities]
    assert about(found) == "on address 52.94.133.131"


def test_the_vulnerability_finding_is_of_no_form_that_we_know() -> None:
    posting = split(body("ocsf-vulnerability-finding-inspector.json"), ndjson=False)
    found = normalise(posting.items[0].alert)
    assert isinstance(found, Problem)
    assert found.code == "unknown_form"
