"""Dynamic segments kept right: changes taken in, time taken in, rules computed anew."""

from workers.tasks import Task

TASKS: list[Task] = []
