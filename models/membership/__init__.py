"""The engine: keeps the members of every segment right, and logs who entered and left.

dirty_contacts  contacts that changed          batches    one transaction that processes changes
stored_rules    rules as stored                ticks      crossings of thresholds, as time passes
compiled_rules  active rules, compiled         evaluate   contacts that are not where they belong
levels          order of evaluation            apply      writes members, counts and log
statements, crossers    the SQL of the engine  rebuild, swap, builds   a whole segment, computed beside its members
engine_lock     one engine per workspace       audit, quarantine       what went wrong, corrected
manual_changes  by people directly             backfill   the log of deleted and restored segments
"""
