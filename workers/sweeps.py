"""What the workers look for by themselves: the bells that were lost, and what nobody rings for."""

from workers.tasks import Sweep

SWEEPS: list[Sweep] = []
