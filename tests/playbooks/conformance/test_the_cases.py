"""Every case of the conformance suite, run by this engine: the rule holds, or the document is refused with its findings."""

import json

import pytest

from playbooks.conformance import HERE, files
from playbooks.conformance.judging import differences, document_of
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
