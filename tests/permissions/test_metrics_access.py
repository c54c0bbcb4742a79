import pytest

from permissions.metrics_access import may_read_metrics


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_without_a_token_this_machine_may_read(address: str) -> None:
    assert may_read_metrics(None, None, address, forwarded=False)


@pytest.mark.parametrize("address", ["10.0.0.7", "192.0.2.9", "2001:db8::1", "", "testclient", None])
def test_without_a_token_no_other_machine_may(address: str | None) -> None:
    assert not may_read_metrics(None, None, address, forwarded=False)


def test_what_a_proxy_forwards_is_not_of_this_machine() -> None:
    assert not may_read_metrics(None, None, "127.0.0.1", forwarded=True)


def test_with_a_token_who_sends_it_may_from_anywhere() -> None:
    assert may_read_metrics("a secret token", "Bearer a secret token", "10.0.0.7", forwarded=True)


@pytest.mark.parametrize("sent", [None, "", "a secret token", "Bearer ", "Bearer a secret tokem", "Bearer é"])
def test_with_a_token_nobody_else_may(sent: str | None) -> None:
    assert not may_read_metrics("a secret token", sent, "127.0.0.1", forwarded=False)
