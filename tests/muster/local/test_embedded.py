import signal
import subprocess
import sys
from pathlib import Path

import psutil


def test_no_server_outlives_the_process_that_started_it(folder: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from muster.local.embedded import running; from muster.local.valkey import Valkey\n"
        "with running(Valkey(Path(sys.argv[1]), throw_away=True)): print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(folder / "valkey")], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"up\n"
        server = psutil.Process(int((folder / "valkey" / "valkey.pid").read_text()))
        owner.send_signal(signal.SIGKILL)
    psutil.wait_procs([server], timeout=5)
    assert not server.is_running()
