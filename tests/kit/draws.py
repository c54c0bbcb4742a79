"""What random tests draw: the same in each `make test`, and something new in each round of `make explore`."""

import os
import pkgutil
import time
from collections.abc import Callable
from importlib import import_module
from random import Random
from typing import Any, Final, TypeVar

import hypothesis
import pytest
from hypothesis.database import DirectoryBasedExampleDatabase

ROUND: Final = int(os.environ.get("MUSTER_TEST_ROUND", "0"))
"""The round of `make explore`; 0 in `make test`."""

_UNTIL: Final = float(os.environ.get("MUSTER_TEST_UNTIL", "inf"))

_ROOMS: Final = ("permissions", "models", "workers", "schema", "muster", "sandbox")

T = TypeVar("T")


def with_seeds(usual: int, *kept: int) -> Callable[[T], T]:
    """Run a test with `usual` numbers as its `seed`, and with those `kept` because a fault was found by them."""
    first = ROUND * 10_000
    numbers = dict.fromkeys((*kept, *range(first, first + usual)))

    def mark(test: Any) -> Any:
        return pytest.mark.drawn(pytest.mark.parametrize("seed", numbers)(test))

    return mark


def load_profile() -> None:
    """Say how hypothesis draws: from the text of each test alone or, in a round of `make explore`, from the round's number."""
    common: dict[str, Any] = {
        "max_examples": 40,
        "deadline": None,
        "suppress_health_check": [hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow],
    }
    hypothesis.settings.register_profile("test", derandomize=True, **common)
    hypothesis.settings.register_profile(
        "explore", database=DirectoryBasedExampleDatabase(".hypothesis/examples"), print_blob=True, **common
    )
    hypothesis.settings.load_profile("explore" if ROUND else "test")
    _import_rooms()


def _import_rooms() -> None:
    """Hypothesis draws the constants of the code that is imported too, which must not depend on the tests that are chosen."""
    for room in _ROOMS:
        for module in pkgutil.walk_packages(import_module(room).__path__, f"{room}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)


def shuffle(items: list[pytest.Item]) -> None:
    """In a round of `make explore`, put the tests in an order of its own: no test may need another one before it."""
    if ROUND:
        Random(ROUND).shuffle(items)


def stop_in_time(session: pytest.Session) -> None:
    """End the session when the time of `make explore` is up."""
    if time.time() > _UNTIL:
        session.shouldstop = "the time is up"
