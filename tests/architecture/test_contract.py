"""The exported schema breaks nothing that was promised of it."""

from pathlib import Path

import pytest
from graphql import BreakingChangeType, build_schema, find_breaking_changes

ROOT = Path(__file__).resolve().parents[2]
PROMISED = ROOT.parent / "shared/contract/schema.graphql"
EXPORTED = ROOT / "schema/schema.graphql"

NOT_THERE_YET = {
    BreakingChangeType.TYPE_REMOVED,
    BreakingChangeType.FIELD_REMOVED,
    BreakingChangeType.TYPE_REMOVED_FROM_UNION,
    BreakingChangeType.VALUE_REMOVED_FROM_ENUM,
    BreakingChangeType.DIRECTIVE_REMOVED,
}
"""What is promised and has not been built yet breaks nobody."""


@pytest.mark.skipif(
    not PROMISED.exists(), reason=f"the contract is kept beside the project, in {PROMISED.relative_to(ROOT.parent)}"
)
def test_what_is_there_is_as_promised() -> None:
    promised = build_schema(PROMISED.read_text(), assume_valid=True)
    changes = find_breaking_changes(promised, build_schema(EXPORTED.read_text()))
    assert not [change.description for change in changes if change.type not in NOT_THERE_YET]
