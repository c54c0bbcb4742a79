"""What is made from the code and committed says what the code says."""

import pytest

from muster.generated import FILES, ROOT
from muster.settings import HEADINGS, Settings


@pytest.mark.parametrize("path", FILES)
def test_what_is_made_from_the_code_is_current(path: str) -> None:
    assert (ROOT / path).exists(), f"{path} is missing: run `make docs`."
    assert (ROOT / path).read_text() == FILES[path](), f"{path} is no longer what the code says: run `make docs`."


def test_every_setting_says_what_it_is_for() -> None:
    silent = [name for name, field in Settings.model_fields.items() if not field.description]
    assert not silent, f"these settings have no description: {silent}"


def test_every_heading_stands_before_a_setting() -> None:
    assert set(HEADINGS) <= set(Settings.model_fields)
    assert next(iter(HEADINGS)) == next(iter(Settings.model_fields))
