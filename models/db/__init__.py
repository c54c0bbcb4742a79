"""The door to PostgreSQL: only this folder imports asyncpg."""

from asyncpg import PostgresError, Record

from models.db.batched_lookups import BatchedLookups
from models.db.batches import up_to
from models.db.beside import Beside
from models.db.direct.reads import known_node_of, read_at_node, reads_at_node
from models.db.errors import (
    Busy,
    Contended,
    TimedOut,
    UniqueViolation,
    is_data_error,
    is_definition_in_motion,
    is_passing,
    violated_constraint,
)
from models.db.json import dump_json, load_json, same_json
from models.db.locks import advisory_lock, try_advisory_lock
from models.db.outages import is_outage, logged_as_outage
from models.db.pipeline import Pipeline
from models.db.planning import forced_plans
from models.db.pool import connect, disconnect
from models.db.rounds import EVERY, Rounds, Span
from models.db.shares import Share, run_for, run_for_nobody
from models.db.statements import (
    copy_in,
    copy_out,
    each_row,
    execute,
    execute_many,
    fetch,
    fetch_by_key,
    fetch_row,
    fetch_value,
)
from models.db.transactions import after_commit, before_commit, in_a_transaction, savepoint, transaction

__all__ = [
    "EVERY",
    "BatchedLookups",
    "Beside",
    "Busy",
    "Contended",
    "Pipeline",
    "PostgresError",
    "Record",
    "Rounds",
    "Share",
    "Span",
    "TimedOut",
    "UniqueViolation",
    "advisory_lock",
    "after_commit",
    "before_commit",
    "connect",
    "copy_in",
    "copy_out",
    "disconnect",
    "dump_json",
    "each_row",
    "execute",
    "execute_many",
    "fetch",
    "fetch_by_key",
    "fetch_row",
    "fetch_value",
    "forced_plans",
    "in_a_transaction",
    "is_data_error",
    "is_definition_in_motion",
    "is_outage",
    "is_passing",
    "known_node_of",
    "load_json",
    "logged_as_outage",
    "read_at_node",
    "reads_at_node",
    "run_for",
    "run_for_nobody",
    "same_json",
    "savepoint",
    "transaction",
    "try_advisory_lock",
    "up_to",
    "violated_constraint",
]
