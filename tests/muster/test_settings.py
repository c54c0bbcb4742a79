from pathlib import Path

import pytest

from muster.errors import SetupError
from muster.settings import read_settings, unknown_variables


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("MUSTER_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_nothing_has_to_be_set() -> None:
    settings = read_settings()
    assert (settings.port, settings.data_dir.name, settings.database_url, settings.redis_url) == (
        8000,
        ".muster",
        None,
        None,
    )


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MUSTER_PORT=8100\nMUSTER_HOST=0.0.0.0\n")
    monkeypatch.setenv("MUSTER_PORT", "8200")
    settings = read_settings()
    assert (settings.port, settings.host) == (8200, "0.0.0.0")


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_DATABASE_URL", "")
    assert read_settings().database_url is None


def test_origins_are_told_apart_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_ALLOWED_ORIGINS", "https://a.example, https://b.example")
    assert read_settings().allowed_origins == ("https://a.example", "https://b.example")


def test_all_that_is_wrong_is_told_at_once_and_no_value_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_PORT", "eighty")
    monkeypatch.setenv("MUSTER_SECRET", "short-and-secret")
    with pytest.raises(SetupError) as caught:
        read_settings()
    lines = str(caught.value).splitlines()
    assert [line.split(":", 1)[0] for line in lines] == ["MUSTER_PORT", "MUSTER_SECRET"]
    assert "short-and-secret" not in str(caught.value)


def test_a_misspelt_variable_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_PROT", "8000")
    assert unknown_variables() == ["MUSTER_PROT"]


def test_links_name_an_address_that_can_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_HOST", "0.0.0.0")
    assert read_settings().url == "http://127.0.0.1:8000"
    monkeypatch.setenv("MUSTER_PUBLIC_URL", "https://muster.example/")
    assert read_settings().url == "https://muster.example"
