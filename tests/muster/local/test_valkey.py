from pathlib import Path

from muster.local.embedded import running
from muster.local.valkey import Valkey


def test_valkey_keeps_what_it_was_given(folder: Path) -> None:
    import redis

    valkey = Valkey(folder / "valkey")
    for expected in (None, b"kept"):
        with running(valkey), redis.Redis.from_url(valkey.url) as client:
            assert client.get("key") == expected
            client.set("key", "kept")


def test_a_folder_too_long_for_a_socket_gets_a_short_one(folder: Path) -> None:
    deep = folder / ("long" * 20) / ("path" * 10)
    valkey = Valkey(deep / "valkey", throw_away=True)
    with running(valkey):
        assert valkey.is_ready()
