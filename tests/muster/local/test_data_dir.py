import os
from pathlib import Path

import pytest

from muster.errors import SetupError
from muster.local.data_dir import exclusive_use, is_in_use


def test_a_data_directory_has_one_run(folder: Path) -> None:
    with exclusive_use(folder):
        assert is_in_use(folder)
        with pytest.raises(SetupError, match=f"in use by another run .process {os.getpid()}."), exclusive_use(folder):
            pass
    assert not is_in_use(folder)
