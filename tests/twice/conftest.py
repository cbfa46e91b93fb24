"""The stage of the calls that are made twice."""

import pytest

from tests.cast import Cast
from tests.twice.stage import Stage, set_up


@pytest.fixture
def stage(cast: Cast) -> Stage:
    return set_up(cast)
