"""What deploy/production ships fits the product: every variable is named, every unit starts what exists, no secret stands in a file."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = ROOT / "deploy" / "production"
UNITS = sorted((PRODUCTION / "units").glob("watchfloor-*@.service"))
SECRETS = {"SECRET_KEY", "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "BROKER_URL", "EMAIL_HOST_PASSWORD"}
HARD = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictSUIDSGID": "yes",
    "DynamicUser": "yes",
}


@pytest.fixture
def units(monkeypatch: pytest.MonkeyPatch):
    for folder in ("production", "local"):
        monkeypatch.syspath_prepend(str(ROOT / "deploy" / folder))
    import units

    yield units
    for name in ("units", "processes", "places"):
        sys.modules.pop(name, None)


def names_in(text: str) -> set[str]:
    return set(re.findall(r"\b[A-Z][A-Z_]{3,}\b", text))


def test_the_environment_file_names_every_variable_that_the_settings_read():
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', (ROOT / "soc" / "settings.py").read_text()))
    named = names_in((PRODUCTION / "watchfloor.env").read_text())
    named |= {name.removesuffix("_FILE") for name in named}
    assert read - named == set(), "deploy/production/watchfloor.env does not name these"


def test_no_secret_has_a_value_in_the_environment_file(units):
    set_here = units.read_environment(PRODUCTION / "watchfloor.env")
    assert SECRETS & set(set_here) == set()
    shared = (PRODUCTION / "units" / "watchfloor-.service.d" / "production.conf").read_text()
    for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "BROKER_URL"):
        assert f"{name}_FILE=%d/{name.lower()}" in shared
        assert f"LoadCredential={name.lower()}:" in shared


def test_every_unit_is_hardened(units):
    shared = dict(units.entries(units.SHARED.read_text()))
    assert {name: shared.get(name) for name in HARD} == HARD
    for unit in UNITS:
        own = {key for key, _ in units.entries(unit.read_text())}
        assert not own & set(HARD), f"{unit.name} weakens what all share"


@pytest.mark.parametrize("deployment", ["floor", "agencies"])
@pytest.mark.parametrize("name", ["web", "sockets", "worker", "beat", "migrate"])
def test_a_unit_starts_a_program_that_is_there_with_the_secrets_as_files(name, deployment, units, tmp_path):
    place = units.Place(deployment, tmp_path / "etc", tmp_path / "state")
    place.secrets.mkdir(parents=True)
    (place.etc / f"{deployment}.env").write_text((PRODUCTION / "watchfloor.env").read_text())
    (place.etc / "database_owner_url").write_text("postgresql://owner")
    for secret in ("secret_key", "database_url", "redis_url", "broker_url"):
        (place.secrets / secret).write_text(f"the {secret} of {deployment}")
    unit = units.Unit(name, place)
    unit.hand_over_secrets()
    environment = unit.environment()
    assert Path(environment["DATABASE_URL_FILE"]).read_text() == f"the database_url of {deployment}"
    assert Path(environment["SECRET_KEY_FILE"]).stat().st_mode & 0o077 == 0
    assert ("DATABASE_OWNER_URL_FILE" in environment) == (name == "migrate")
    for line in unit.values("ExecStart"):
        program, *arguments = unit.command(line)
        assert Path(program).exists()
        assert not [one for one in arguments if "%" in one or "$" in one or "/opt/" in one] or arguments[-1].endswith("@%h")


def test_no_unit_that_serves_holds_the_owners_login():
    for unit in UNITS:
        assert ("database_owner_url" in unit.read_text()) == ("migrate" in unit.name)


def test_the_proxy_lets_no_caller_speak_for_another():
    text = (PRODUCTION / "nginx.conf").read_text() + (PRODUCTION / "nginx-site.conf").read_text()
    trusted = re.findall(r"proxy_set_header (X-Real-IP|X-Forwarded-For|X-Forwarded-Proto) (\S+);", text)
    assert {name for name, _ in trusted} == {"X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto"}
    assert {value for _, value in trusted} == {"$remote_addr", "https"}
