"""README.md, CONTRIBUTING.md and docs/ name files, folders and decisions that exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PAPERS: Final = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
DECISIONS: Final = sorted((ROOT / "docs" / "adr").glob("*.md"))
FOLDERS: Final = ("permissions", "models", "workers", "schema", "muster", "sandbox", "tests", "bench", "docs", "deploy")
MADE_BY_BENCHES: Final = "bench/data"


def missing(paper: Path) -> Iterator[str]:
    """The links and the paths in backquotes that lead nowhere."""
    text = paper.read_text()
    names = {path.name for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}
    yield from (name for name in re.findall(r"`(\w+\.py)`", text) if name not in names)
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        if not (paper.parent / link).exists():
            yield link
    for path in re.findall(r"`((?:[\w-]+/)+[\w.-]*)`", text):
        if path.split("/")[0] in FOLDERS and not path.startswith(MADE_BY_BENCHES) and not (ROOT / path).exists():
            yield path


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_what_a_paper_names_exists(paper: Path) -> None:
    assert not list(missing(paper))


def test_each_decision_has_a_number_of_its_own_and_a_title() -> None:
    numbers = [int(paper.name.split("-")[0]) for paper in DECISIONS]
    assert len(set(numbers)) == len(numbers)
    assert [paper.read_text().split(". ")[0] for paper in DECISIONS] == [f"# {number}" for number in numbers]


def test_every_decision_that_is_referred_to_exists() -> None:
    numbers = {int(paper.name.split("-")[0]) for paper in DECISIONS}
    for paper in PAPERS:
        found = {int(number) for number in re.findall(r"ADR (\d+)", paper.read_text())}
        assert found <= numbers | {19}, paper  # 56 replaced 19


def test_the_floor_plan_has_every_folder_of_models() -> None:
    plan = (ROOT / "docs" / "architecture.md").read_text()
    folders = {path.parent.name for path in (ROOT / "models").glob("*/__init__.py")}
    assert not [folder for folder in folders if f"      {folder}/ " not in plan]
