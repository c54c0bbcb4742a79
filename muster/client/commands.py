"""The commands of operators, which are clients of the public API."""

from collections.abc import Sequence
from typing import Final

import click

from muster.client.broadcasts import broadcast
from muster.client.exports import export
from muster.client.imports import import_file
from muster.client.jobs import job, jobs
from muster.client.recompute import recompute
from muster.client.segments import segment
from muster.client.workflows import workflow

COMMANDS: Final[Sequence[click.Command]] = (import_file, export, recompute, segment, broadcast, workflow, jobs, job)
