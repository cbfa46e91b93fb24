"""Every case of the conformance suite, run by this engine: the rule holds, or the document is refused with its findings."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from playbooks.conformance import HERE, files
from playbooks.conformance.judging import differences, document_of, main
from playbooks.definition.checking import checked
from playbooks.definition.findings import ERROR
from playbooks.simulation.files import as_result, simulated

CASES = {str(path.relative_to(HERE).with_suffix("")): json.loads(path.read_text(encoding="utf-8")) for path in files()}
RUNS = [name for name, case in CASES.items() if "outcome" in case["expect"]]
REFUSED = [name for name in CASES if name not in RUNS]


@pytest.mark.parametrize("name", RUNS)
def test_a_case_runs_as_it_expects(name: str) -> None:
    case = CASES[name]
    made = simulated(document_of(case), inputs=json.dumps(case["inputs"]).encode())
    assert made.walk is not None, made.findings
    assert differences(case, as_result(made.walk)) == []
    assert made.notes == ()


@pytest.mark.parametrize("name", RUNS)
def test_a_case_that_runs_is_valid(name: str) -> None:
    case = CASES[name]
    _, found = checked(document_of(case), lenient=case.get("reading") == "lenient")
    assert [one for one in found if one.severity == ERROR] == []


@pytest.mark.parametrize("name", REFUSED)
def test_a_document_is_refused_with_its_findings(name: str) -> None:
    case = CASES[name]
    assert differences(case, [vars(one) for one in checked(document_of(case))[1]]) == []


@pytest.mark.parametrize("name", ["parallel/first-branch-fails-others-end", "time/timeout-of-a-while", "variables/external-given"])
def test_another_engine_is_run_as_the_readme_says(name: str, tmp_path: Path) -> None:
    case, result = CASES[name], tmp_path / "result.json"
    for part in ("playbook", "inputs"):
        (tmp_path / f"{part}.json").write_text(json.dumps(case[part]))
    out = StringIO()
    call_command("simulate_playbook", str(tmp_path / "playbook.json"), "--json", inputs=str(tmp_path / "inputs.json"), stdout=out)
    result.write_text(out.getvalue())
    assert main([str(HERE / f"{name}.json"), str(result)]) == 0
