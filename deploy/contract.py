"""Whether the exported schema breaks what was promised of it.

    python deploy/contract.py PROMISED.graphql EXPORTED.graphql

Types, fields, arguments and values that are promised and not there yet are counted, and break nothing; whatever is there has to
be as promised.
"""

import sys
from pathlib import Path

from graphql import BreakingChange, BreakingChangeType, build_schema, find_breaking_changes

NOT_THERE_YET = {
    BreakingChangeType.TYPE_REMOVED,
    BreakingChangeType.FIELD_REMOVED,
    BreakingChangeType.TYPE_REMOVED_FROM_UNION,
    BreakingChangeType.VALUE_REMOVED_FROM_ENUM,
    BreakingChangeType.DIRECTIVE_REMOVED,
}


def main(promised: str, exported: str) -> int:
    changes = find_breaking_changes(
        build_schema(Path(promised).read_text(), assume_valid=True), build_schema(Path(exported).read_text())
    )
    broken = [change for change in changes if change.type not in NOT_THERE_YET]
    for change in broken:
        print(f"breaks the contract: {change.description}", file=sys.stderr)
    absent = [change for change in changes if change.type in NOT_THERE_YET]
    print(f"contract: {len(broken)} broken, {len(absent)} parts not there yet{_some(absent)}")
    return 1 if broken else 0


def _some(absent: list[BreakingChange]) -> str:
    return "".join(f"\n  {change.description}" for change in absent[:40])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
