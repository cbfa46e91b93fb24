"""Random playbooks of nested blocks run to the end that a reader of the tree expects; `CASES=10000` makes many.

`CASES=10000 pytest tests/playbooks/test_simulating_trees.py`.
"""

import os
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from playbooks.definition.checking import check
from playbooks.definition.graph import compiled
from playbooks.simulation.inputs import inputs_of
from playbooks.simulation.walking import simulate
from tests.playbooks.trees import grown

CASES = int(os.environ.get("CASES", "300"))


@settings(max_examples=CASES, deadline=None, database=None, derandomize=CASES == 300, suppress_health_check=list(HealthCheck))
@given(some.integers(0, 2**64))
def test_a_tree_of_blocks_is_valid_and_runs_as_the_tree_is_read(seed: int) -> None:
    document, inputs, expected = grown(Random(seed))
    assert not [one for one in check(document) if one.severity == "error"]
    walk = simulate(compiled(document), inputs_of(inputs))
    assert [(one.step, one.outcome) for one in walk.steps] == expected["steps"]
    assert (walk.outcome, walk.seconds) == (expected["outcome"], expected["seconds"])


def test_the_trees_hold_what_they_are_about() -> None:
    """So that the test above cannot pass by growing nothing."""
    trees = [grown(Random(seed)) for seed in range(300)]
    kinds = {step["type"] for document, _, _ in trees for step in document["workflow"].values()}
    assert len(kinds) == 8
    assert {expected["outcome"] for _, _, expected in trees} == {"completed", "failed"}
    came_out = {(step.partition("--")[0], outcome) for _, _, expected in trees for step, outcome in expected["steps"]}
    blocks = {"if-condition", "while-condition", "switch-condition", "parallel"}
    assert {(kind, outcome) for kind in blocks for outcome in ("success", "failure", "timeout")} <= came_out
