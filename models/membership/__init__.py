"""The engine: keeps the members of every segment right, and logs who entered and left.

batches    evaluates changed contacts (dirty_contacts) and crossed thresholds (ticks) in one transaction
rebuild    computes a whole segment beside its members (builds, swap)
audit      compares members with rules; quarantine sets failing rules aside
backfill   logs the members of deleted and restored segments
"""
