"""How long the machines run: short and always the same in CI; longer, with new luck and the shortest failure by MACHINES=<factor>."""

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings

FACTOR = int(os.environ.get("MACHINES", "1"))


def short(examples: int, **more: Any) -> settings:
    """Settings for `examples` tries in CI, times the factor by command."""
    return settings(
        max_examples=examples * FACTOR,
        deadline=None,
        database=None,
        derandomize=FACTOR == 1,
        print_blob=True,
        # To make a failure short takes minutes: only where somebody asked for a long run.
        phases=[Phase.explicit, Phase.generate] if FACTOR == 1 else list(Phase),
        suppress_health_check=list(HealthCheck),
        **more,
    )
