"""The list of civilian agencies that ships with the product."""

import csv
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FACTS = json.loads((ROOT / "tenants" / "facts" / "fceb_agencies.json").read_text())
LIST = ROOT / ".." / "shared" / "data" / "federal" / "fceb-agencies.csv"


def test_there_are_101_of_them_with_a_slug_each() -> None:
    agencies = FACTS["agencies"]
    assert len(agencies) == len({agency["slug"] for agency in agencies}) == 101
    assert all(agency["slug"] == agency["acronym"].lower() and agency["slug"].isalnum() for agency in agencies)
    assert sum(agency["cfo_act"] for agency in agencies) == 23
    assert FACTS["source"]


def test_they_are_those_of_the_published_list() -> None:
    if not LIST.exists():
        pytest.skip("the published list is not beside this repository")
    with LIST.open(newline="") as file:
        published = [(row["name"], row["acronym"], row["cfo_act"] == "yes") for row in csv.DictReader(file)]
    assert [(agency["name"], agency["acronym"], agency["cfo_act"]) for agency in FACTS["agencies"]] == published
