"""Installs what a lock file names into `.venv`, with the standard library only."""

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def main() -> int:
    lock_file = ROOT / sys.argv[1]
    if sys.version_info < (3, 11):  # noqa: UP036 - an old Python must get the message
        version = ".".join(map(str, sys.version_info[:3]))
        return fail(
            f"Muster needs Python 3.11 or newer, and {sys.executable} is {version}: make run PYTHON=/path/to/python3"
        )
    try:
        with (ROOT / ".venv.lock").open("w") as lock:  # `make run` and `make test` may run at once
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_current(lock_file):
                install(lock_file)
    except PermissionError as error:
        return fail(
            f"{error.filename} cannot be written: run this as the owner of the folder, or clone it for yourself."
        )
    except subprocess.CalledProcessError as error:
        return fail(
            f"`{' '.join(map(str, error.cmd[:6]))} ...` failed; its message is above. Nothing else was started."
        )
    except Missing as error:
        return fail(str(error))
    return 0


class Missing(Exception):
    """The owner of the machine must install it."""


def is_current(lock_file: Path) -> bool:
    stamp = stamp_of(lock_file)
    return stamp.exists() and stamp.read_text() == digest(lock_file) and works()


def stamp_of(lock_file: Path) -> Path:
    return VENV / f".{lock_file.stem}.installed"


def digest(lock_file: Path) -> str:
    """The hash includes the folder, because an environment cannot be moved."""
    import tomllib  # older Pythons must reach their message

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    parts = (lock_file.read_text(), str(project["project"]), str(project["build-system"]), str(VENV))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def works() -> bool:
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0


def install(lock_file: Path) -> None:
    if not works():
        make()
    print(f"Installing what {lock_file.name} names into .venv (only when it changed) ...", flush=True)
    pip("--require-hashes", "--no-deps", "-r", str(lock_file))
    pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    stamp_of(lock_file).write_text(digest(lock_file))


def make() -> None:
    try:
        import ensurepip
        import venv
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise Missing(
            f"This Python ({sys.executable}) came without its venv module: install it (on Debian and Ubuntu the package"
            f" python{version}-venv), or name another one: make run PYTHON=/path/to/python3"
        ) from None
    assert ensurepip.version()
    venv.create(VENV, clear=VENV.exists(), with_pip=True)


def pip(*arguments: str) -> None:
    quiet = [
        "-qq",
        "--disable-pip-version-check",
        "--no-input",
        "--no-warn-script-location",
        "--root-user-action=ignore",
    ]
    subprocess.run([PYTHON, "-m", "pip", "install", *quiet, *arguments], check=True, cwd=ROOT)


def fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
