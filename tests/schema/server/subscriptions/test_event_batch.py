"""Batches of events and their payloads."""

from collections.abc import Sequence

from schema.server.subscriptions.event_batch import EventBatch, Payloads


def test_payloads_are_formatted_once_for_each_key() -> None:
    payloads, calls = Payloads([b"1", b"2"]), []

    def join(texts: Sequence[bytes]) -> bytes:
        calls.append(len(texts))
        return b",".join(texts)

    assert [payloads.formatted("joined", join) for _ in range(3)] == [b"1,2"] * 3
    assert payloads.formatted("other", len) == 2
    assert (calls, list(payloads)) == ([2], [b"1", b"2"])


def test_a_batch_keeps_its_events_in_order() -> None:
    batch = EventBatch(iter([3, 1, 2]), resume=str)
    assert (batch.events, batch.shared, batch.payloads) == ((3, 1, 2), False, {})
