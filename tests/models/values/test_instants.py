"""Instants, as they are stored."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from models.values.instants import read_instant, write_instant


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-11)), timezone(timedelta(hours=5.75))])))
def test_stored_instants_order_as_instants_do(moment: datetime) -> None:
    try:
        stored = write_instant(moment)
    except OverflowError:  # the first and the last day there are, in another zone
        return
    assert len(stored) == 27
    assert read_instant(stored) == moment
