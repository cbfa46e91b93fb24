"""Who is trusted to sign, what an agency asks for, and what does not start, or stops, because of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from playbooks.management.commands import verify_playbook
from playbooks.models import Run, SignaturePolicy, Signer
from playbooks.operations.publishing import publish
from playbooks.operations.starting import start_matching_runs, start_run
from playbooks.operations.trusting import revoke_signer, set_signature_policy, trust_signer
from playbooks.queries.books import newest_version
from playbooks.queries.trust import requirement_of, signatures_of, standing_refusal
from tenants.actors import system
from tenants.errors import Conflict, Invalid, NotAllowed, Unknown
from tenants.isolation import scope
from tenants.models import Entry
from tests.playbooks.books import END, START, book, note
from tests.playbooks.signatures import BOOK, COMMITTEE, DAY, NOW, certificate, pem, private, signed

pytestmark = pytest.mark.django_db(transaction=True)
SMALL = book({"start": START, "first": note("Seen.", on_completion="end"), "end": END}, start="start")


@pytest.fixture
def floor(cast: Any, things: Any) -> Any:
    """The cast, with a small book published twice: as it is, and signed."""
    with scope.floor(None):
        for slug, document in (("bare", SMALL), ("signed", signed(document={**SMALL, "id": BOOK["id"]}))):
            publish(slug=slug, document=document, by=system("test"))
    return cast


def begin(cast: Any, slug: str) -> Run:
    north = cast.north.pk
    with scope.agency(north):
        return start_run(agency_id=north, subject="case:1", book=slug, variables={}, why="A test", by=cast.ana)


def ask_for(cast: Any, asked: str) -> None:
    with scope.floor(None):
        set_signature_policy(agency_id=cast.north.pk, asked=asked, by=cast.ada)


def trusted(cast: Any, kind: str = "ES384") -> Signer:
    with scope.floor(None):
        return trust_signer(name="The press", pem=pem(private(kind)), by=cast.ada)[0]


def facts_of(kind: str) -> list[dict[str, Any]]:
    with scope.floor(None):
        return list(Entry.objects.filter(kind=f"playbooks.{kind}").order_by("id").values_list("data", flat=True))


def test_without_a_policy_every_book_runs_and_each_agency_asks_for_itself(floor: Any) -> None:
    begin(floor, "bare")
    ask_for(floor, "trusted")
    with pytest.raises(Conflict, match="no signature"):
        begin(floor, "bare")
    south = floor.south.pk
    with scope.agency(south):
        start_run(agency_id=south, subject="case:1", book="bare", variables={}, why="A test", by=floor.zoe)
    ask_for(floor, "none")
    begin(floor, "bare")


def test_what_the_policy_asks_for_is_what_begins(floor: Any) -> None:
    ask_for(floor, "valid")
    begin(floor, "signed")
    ask_for(floor, "trusted")
    with pytest.raises(Conflict, match="not one of the trusted"):
        begin(floor, "signed")
    one = trusted(floor)
    begin(floor, "signed")
    with scope.floor(None):
        revoke_signer(signer=str(one.public_id), reason="The key was lost", by=floor.ada)
    with pytest.raises(Conflict, match="trusted no more"):
        begin(floor, "signed")
    with scope.floor(None):
        assert Run.objects.count() == 2
    assert [fact["require"] for fact in facts_of("SignaturePolicySet")] == ["valid", "trusted"]
    assert [fact["reason"] for fact in facts_of("SignerRevoked")] == ["The key was lost"]


def test_a_revoked_book_begins_nowhere_and_a_running_one_stops_when_its_time_is_over(floor: Any) -> None:
    with scope.floor(None):
        publish(slug="gone", document={**SMALL, "id": BOOK["id"].replace("6", "7", 1), "revoked": True}, by=system("test"))
        ends = {**SMALL, "id": BOOK["id"].replace("6", "8", 1), "valid_until": "2100-01-01T00:00:00.000Z"}
        publish(slug="ends", document=ends, by=system("test"))
    with pytest.raises(Conflict, match="author revoked"):
        begin(floor, "gone")
    assert stop_of(begin(floor, "ends"), NOW) is None
    assert "not valid any more" in str(stop_of(begin(floor, "ends"), NOW + 365 * 90 * DAY))


def stop_of(run: Run, now: Any) -> str | None:
    """What the engine is told at the boundary of a step, by the rows that it reads with the run."""
    with scope.agency(run.agency_id):
        standing = requirement_of(run.agency_id), list(Signer.objects.values())
        return standing_refusal(run.version_hash, lambda: run.version.canonical, standing, now)


def test_a_run_is_told_to_stop_when_trust_in_its_signer_ends(floor: Any) -> None:
    one = trusted(floor)
    ask_for(floor, "trusted")
    run, free = begin(floor, "signed"), begin(floor, "signed")
    free.agency_id = floor.south.pk
    assert stop_of(run, system("test").now()) is None
    with scope.floor(None):
        revoke_signer(signer=str(one.public_id), reason="The key was lost", by=floor.ada)
    assert "The press is trusted no more" in str(stop_of(run, system("test").now()))
    assert stop_of(free, system("test").now()) is None


def test_a_rule_starts_nothing_that_is_refused_and_says_so_once(stage: Any) -> None:
    ask_for(stage.cast, "trusted")
    north = stage.cast.north.pk
    given = {"severity": "high", "hosts": ["ws-1.north.example"], "number": "T-1", "title": "Malware", "entity_kind": "host"}
    for _ in range(3):  # an alert joins, the severity changes
        with scope.agency(north):
            assert start_matching_runs(agency_id=north, subject="case:1", facts=given, by=system("t", agency_id=north)) == []
    (said,) = facts_of("StartRefused")
    assert said["about"] == "case:1" and said["book"] and "no signature" in said["reason"]
    ask_for(stage.cast, "none")
    assert stage.start().state == "ready"


def test_only_an_admin_trusts_and_asks_and_nothing_changes_for_others(cast: Any) -> None:
    press = trusted(cast)
    with scope.floor(None):
        for who in (cast.ana, cast.lee, cast.nia, cast.aud):
            with pytest.raises(NotAllowed):
                trust_signer(name="Mine", pem=pem(private("ES384")), by=who)
            with pytest.raises(NotAllowed):
                revoke_signer(signer=str(press.public_id), reason="x", by=who)
            with pytest.raises(NotAllowed):
                set_signature_policy(agency_id=cast.north.pk, asked="none", by=who)
        assert Signer.objects.get().revoked_at is None and not SignaturePolicy.objects.exists()


def test_a_key_is_trusted_once_and_never_again_after_it_was_revoked(cast: Any) -> None:
    first, again = trusted(cast), trusted(cast)
    assert first.pk == again.pk and len(facts_of("SignerTrusted")) == 1
    with scope.floor(None):
        text = "-----BEGIN CERTIFICATE-----\n" + certificate(private("ES384")) + "\n-----END CERTIFICATE-----\n"
        assert trust_signer(name="The press", pem=text, by=cast.ada) == (first, False)
        with pytest.raises(Invalid, match="reason"):
            revoke_signer(signer=str(first.public_id), reason=" ", by=cast.ada)
        revoke_signer(signer=str(first.public_id), reason="Lost", by=cast.ada)
        for signer in ("x", str(first.public_id).replace("-", "")[:8], "00000000-0000-4000-8000-000000000000"):
            with pytest.raises(Unknown):
                revoke_signer(signer=signer, reason="Lost", by=cast.ada)
        with pytest.raises(Conflict):
            revoke_signer(signer=str(first.public_id), reason="Lost", by=cast.ada)
        with pytest.raises(Conflict, match="stays so"):
            trust_signer(name="The press", pem=text, by=cast.ada)


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"pem": ""}, {"pem": "no key"}, {"pem": pem(private("1024"))}, {"pem": pem(private("Ed25519"), secret=True)}]
)
def test_what_is_no_key_of_a_signer_is_refused(cast: Any, wrong: dict[str, Any]) -> None:
    with scope.floor(None):
        with pytest.raises(Invalid) as said:
            trust_signer(**{"name": "The press", "pem": pem(private("ES384")), **wrong}, by=cast.ada)
        assert said.value.field in wrong and said.value.cure
        assert not Signer.objects.exists()


def test_a_certificate_that_ran_out_is_not_trusted_any_more(cast: Any) -> None:
    text = "-----BEGIN CERTIFICATE-----\n" + certificate(private("ES256"), days=-1) + "\n-----END CERTIFICATE-----\n"
    with scope.floor(None), pytest.raises(Invalid, match="is over"):
        trust_signer(name="The press", pem=text, by=cast.ada.at(lambda: NOW))


def test_a_version_tells_what_its_signatures_are_worth(floor: Any) -> None:
    with scope.floor(None):
        version = newest_version("signed")
        assert version is not None
        (before,) = signatures_of(version, NOW)
        trust_signer(name="The press", pem=pem(private("ES384")), by=floor.ada)
        (after,) = signatures_of(version, NOW)
    assert (before.state, before.signer, after.signer) == ("valid", "", "The press")


def run_command(capsys: Any, name: str, *args: str, **more: Any) -> tuple[int, str]:
    try:
        call_command(name, *args, **more)
        code = 0
    except SystemExit as ended:
        code = int(str(ended.code))
    return code, capsys.readouterr().out


def test_a_book_is_signed_trusted_and_verified_from_the_command_line(cast: Any, tmp_path: Path, capsys: Any) -> None:
    plain, key, public, out = (tmp_path / name for name in ("book.json", "key.pem", "public.pem", "signed.json"))
    plain.write_text(json.dumps(BOOK))
    key.write_text(pem(private("ES384"), secret=True))
    public.write_text(pem(private("ES384")))
    assert run_command(capsys, "verify_playbook", str(plain)) == (1, f"{plain}: unsigned: The playbook has no signature.\n")
    _, printed = run_command(capsys, "sign_playbook", str(plain), "--key", str(key), "--signee", "The press")
    out.write_text(printed)
    code, said = run_command(capsys, "verify_playbook", str(out))
    assert code == 0 and ": valid jss--" in said and "nobody here trusts its key" in said
    assert run_command(capsys, "verify_playbook", "--trusted", str(out))[0] == 1
    _, told = run_command(capsys, "trust_signer", str(public), "--name", "The press")
    code, said = run_command(capsys, "verify_playbook", "--trusted", "--json", str(out))
    (row,) = json.loads(said)
    assert (code, row["state"], row["signer"], row["signee"]) == (0, "valid", "The press", "The press")
    _, countersigned = run_command(capsys, "sign_playbook", str(out), "--key", str(key), "--countersign", row["signature"])
    out.write_text(countersigned)
    code, said = run_command(capsys, "verify_playbook", str(out), str(plain))
    assert code == 1 and said.count(": valid jss--") == 2
    run_command(capsys, "trust_signer", "--revoke", told.split()[0], "--reason", "Lost")
    assert run_command(capsys, "verify_playbook", str(out))[1].count("revoked") == 2


def test_the_committees_example_is_read_by_the_command(cast: Any, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "example.json"
    file.write_text(json.dumps({**COMMITTEE, "signatures": COMMITTEE["signatures"][1:]}))
    code, said = run_command(capsys, "verify_playbook", str(file))
    assert code == 1 and "expired" in said and "ran out at 2023-06-10T17:39:31.319Z" in said


@pytest.mark.parametrize("content", [b"", b"\xff", b"[", b"[]", b"3", b"{}", b'{"signatures": 3}', b"[" * 100_000])
def test_any_file_gets_an_answer_and_no_traceback(cast: Any, tmp_path: Path, capsys: Any, content: bytes) -> None:
    file, key = tmp_path / "odd.json", tmp_path / "key.pem"
    file.write_bytes(content)
    key.write_text(pem(private("ES384"), secret=True))
    code, said = run_command(capsys, "verify_playbook", str(file), str(tmp_path / "missing.json"))
    assert code == 1 and said.count("\n") == 2
    with pytest.raises(CommandError):
        call_command("sign_playbook", str(file), "--key", str(key))


@pytest.mark.parametrize("wrong", [b"", b"no key", pem(private("ES384")).encode(), pem(private("2048"), secret=True).encode()])
def test_a_key_that_signs_nothing_is_told(cast: Any, tmp_path: Path, wrong: bytes) -> None:
    plain, key = tmp_path / "book.json", tmp_path / "key.pem"
    plain.write_text(json.dumps(BOOK))
    key.write_bytes(wrong)
    with pytest.raises(CommandError):
        call_command("sign_playbook", str(plain), "--key", str(key), "--signee", "Us")


def test_a_policy_is_set_from_the_command_line(cast: Any, capsys: Any) -> None:
    assert run_command(capsys, "set_signature_policy", "--agency", "north", "--require", "trusted")[1] == "north asks for: trusted\n"
    for wrong in ({"agency": "nowhere", "require": "none"}, {"agency": "north", "require": "all"}):
        with pytest.raises(CommandError):
            call_command("set_signature_policy", **wrong)
    with scope.floor(None):
        assert [(one.agency_id, one.require) for one in SignaturePolicy.objects.all()] == [(cast.north.pk, "trusted")]


def test_without_the_list_of_the_trusted_a_signature_is_checked_all_the_same(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    def gone() -> Any:
        raise OperationalError("the database is away")

    monkeypatch.setattr(verify_playbook, "trusted_signers", gone)
    file = tmp_path / "signed.json"
    file.write_text(json.dumps(signed()))
    call_command("verify_playbook", str(file))
    told = capsys.readouterr()
    assert ": valid jss--" in told.out and "nobody is known as trusted" in told.err
