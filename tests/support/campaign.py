"""How long properties are searched: a slice with a fixed seed in every run, fifty times that in `make soak`."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

_TIMES = 50
_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


def fixed(examples: int, steps: int = 50) -> settings:
    """The slice: the same examples in every run."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=_SLOW,
    )


def full(examples: int, steps: int = 50) -> settings:
    """The campaign: new examples in every run; what fails is printed so that it can be run again."""
    return settings(
        max_examples=examples * _TIMES,
        stateful_step_count=steps,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=_SLOW,
    )
