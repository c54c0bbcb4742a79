"""Payloads as JSON."""

from datetime import UTC, date, datetime

import orjson

from schema.server.execution.encoding import encode


def test_instants_are_written_in_utc_and_json_text_unchanged() -> None:
    payload = {"at": datetime(2026, 1, 2, tzinfo=UTC), "on": date(2026, 1, 2), "extra": orjson.Fragment('{"a":  1}')}
    assert encode(payload) == b'{"at":"2026-01-02T00:00:00Z","on":"2026-01-02","extra":{"a":  1}}'
