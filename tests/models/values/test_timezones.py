"""Names of time zones."""

import pytest

from models.errors import Invalid
from models.values.timezones import check_timezone


@pytest.mark.parametrize("name", ["UTC", "Europe/Madrid", "America/Argentina/Buenos_Aires"])
def test_a_zone_is_known_in_any_case(name: str) -> None:
    assert check_timezone(name) == check_timezone(f" {name.upper()} ") == name


@pytest.mark.parametrize("name", ["", "Madrid", "Europe", "../etc/passwd", "+02:00", "Europe/Madrid\x00", 5])
def test_other_names_are_refused(name: object) -> None:
    with pytest.raises(Invalid):
        check_timezone(name)
