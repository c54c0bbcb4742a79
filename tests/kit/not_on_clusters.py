"""Tests that cannot run where MUSTER_TEST_DATABASE_URL names a Citus cluster, and why."""

from collections.abc import Mapping
from typing import Final

import pytest

from tests.kit import cluster

REASONS: Final[Mapping[str, str]] = {
    "tests/models/db/test_composed_texts.py": "migration 0029 is older than clusters, and never ran on distributed rows",
    "tests/models/membership/test_operators.py::test_a_contact_moved_to_another_workspace": (
        "a row cannot change its workspace, which may be on another node"
    ),
    "tests/models/membership/test_operators.py::test_truncate_is_captured": (
        "no trigger for TRUNCATE reads all workspaces: DELETE is captured"
    ),
    "tests/models/membership/test_statements.py::test_stored_members_are_found_by_contact": "it reads a plan of one server",
    "tests/models/membership/test_ticks.py::test_every_threshold_of_every_field": "it reads plans of one server",
    "tests/models/membership/test_dirty_contacts.py::test_the_words_of_a_trigger_are_the_words_of_python[muster_capture_trunc": (
        "no trigger for TRUNCATE reads all workspaces: DELETE is captured"
    ),
}
"""By the beginning of the test's id: a folder, a file or a function."""


def mark(items: list[pytest.Item]) -> None:
    """Skips them where there is a cluster."""
    if cluster.workers():
        for item in items:
            for beginning, reason in REASONS.items():
                if item.nodeid.startswith(beginning):
                    item.add_marker(pytest.mark.skip(reason=f"not on a Citus cluster: {reason}"))
