import urllib.error
import urllib.request

import pytest

from workers.metrics_server import serve_metrics


def get(port: int, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.fixture(scope="module")
def open_port() -> int:
    return serve_metrics("127.0.0.1", 0, None)


def test_this_machine_reads_the_metrics_of_a_worker(open_port: int) -> None:
    status, text = get(open_port)
    assert status == 200
    assert "muster_" in text


def test_a_proxy_does_not(open_port: int) -> None:
    assert get(open_port, **{"X-Forwarded-For": "192.0.2.1"})[0] == 401


def test_with_a_token_only_who_sends_it_does() -> None:
    port = serve_metrics("127.0.0.1", 0, "a token of the tests")
    assert get(port)[0] == 401
    assert get(port, Authorization="Bearer a token of the tests")[0] == 200
