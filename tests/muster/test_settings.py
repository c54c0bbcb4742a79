from pathlib import Path

import pytest
import structlog

from models.accounts import secrets
from muster.errors import SetupError
from muster.installation import Installation, use_secret_keys
from muster.logs import warn_of_renamed
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


def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_ALLOWED_ORIGINS", "https://a.example, https://b.example")
    assert read_settings().allowed_origins == ("https://a.example", "https://b.example")


def test_all_errors_are_shown_at_once_and_without_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_PORT", "eighty")
    monkeypatch.setenv("MUSTER_SECRET", "short-and-secret")
    with pytest.raises(SetupError) as caught:
        read_settings()
    lines = str(caught.value).splitlines()
    assert [line.split(":", 1)[0] for line in lines] == ["MUSTER_PORT", "MUSTER_SECRET"]
    assert "short-and-secret" not in str(caught.value)


OLD_KEY, NEW_KEY = "old" * 11, "new" * 11


def use_keys_of_the_environment() -> None:
    use_secret_keys(Installation(read_settings(), "", "", "s" * 32))


def test_keys_under_the_old_name_of_the_setting_still_decrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_SECRET_KEYS", OLD_KEY)
    use_keys_of_the_environment()
    encrypted = secrets.encrypt("a token", "7:token")
    monkeypatch.delenv("MUSTER_SECRET_KEYS")
    monkeypatch.setenv("MUSTER_SEALING_KEYS", OLD_KEY)
    use_keys_of_the_environment()
    assert secrets.decrypt(encrypted, "7:token") == "a token"


def test_under_both_names_the_new_one_encrypts_and_both_decrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_SEALING_KEYS", OLD_KEY)
    use_keys_of_the_environment()
    encrypted = secrets.encrypt("a token", "7:token")
    monkeypatch.setenv("MUSTER_SECRET_KEYS", NEW_KEY)
    use_keys_of_the_environment()
    assert secrets.decrypt(encrypted, "7:token") == "a token"
    encrypted = secrets.encrypt("a token", "7:token")
    monkeypatch.delenv("MUSTER_SEALING_KEYS")
    use_keys_of_the_environment()
    assert secrets.decrypt(encrypted, "7:token") == "a token"


@pytest.mark.parametrize("from_file", [False, True])
def test_the_old_name_of_a_setting_is_warned_of_at_the_start(
    from_file: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if from_file:
        (tmp_path / ".env").write_text(f"MUSTER_SEALING_KEYS={OLD_KEY}\n")
    else:
        monkeypatch.setenv("MUSTER_SEALING_KEYS", OLD_KEY)
    with structlog.testing.capture_logs() as logs:
        warn_of_renamed(read_settings())
    assert [line["event"] for line in logs] == [
        "MUSTER_SEALING_KEYS is the old name of MUSTER_SECRET_KEYS: set MUSTER_SECRET_KEYS instead, to the same value"
    ]
    assert list(unknown_variables()) == []


def test_the_new_name_is_not_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_SECRET_KEYS", NEW_KEY)
    assert list(read_settings().renamed_in_use()) == []


def test_a_misspelt_variable_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_PROT", "8000")
    monkeypatch.setenv("MUSTER_TEST_REDIS_URL", "redis://of-the-tests")
    assert unknown_variables() == ["MUSTER_PROT"]


def test_links_name_an_address_that_can_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_HOST", "0.0.0.0")
    assert read_settings().served_url == "http://127.0.0.1:8000"
    monkeypatch.setenv("MUSTER_PUBLIC_URL", "https://muster.example/")
    assert read_settings().served_url == "https://muster.example"
